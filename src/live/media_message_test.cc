#include "live/media_message.h"

#include <gtest/gtest.h>

#include <random>

namespace lips {
namespace {

TEST(MediaMessage, HeadersComeBackAsTheyWere) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    MediaHeader header;
    header.kind = static_cast<MediaKind>(random() % 256);
    header.codec = static_cast<MediaCodec>(random() % 256);
    header.flags = static_cast<uint16_t>(random());
    header.seq = static_cast<uint32_t>(random());
    header.utterance = static_cast<uint32_t>(random());
    header.pts_us = static_cast<int64_t>(random());
    header.x = static_cast<uint16_t>(random());
    header.y = static_cast<uint16_t>(random());
    header.w = static_cast<uint16_t>(random());
    header.h = static_cast<uint16_t>(random());
    header.template_frame = static_cast<uint32_t>(random());
    header.server_latency_us = static_cast<uint32_t>(random());
    const auto bytes = EncodeMediaHeader(header);
    const auto decoded = DecodeMedia(bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded.value().header, header);
    EXPECT_TRUE(decoded.value().payload.empty());
  }
}

TEST(MediaMessage, SkipsWhatALaterVersionAddsToTheHeader) {
  const auto header = EncodeMediaHeader({});
  std::vector<uint8_t> message(header.begin(), header.end());
  message.insert(message.end(), {9, 9, 9, 9, 1, 2, 3});
  message[6] = 44;
  const auto decoded = DecodeMedia(message);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(std::vector<uint8_t>(decoded.value().payload.begin(), decoded.value().payload.end()),
            (std::vector<uint8_t>{1, 2, 3}));
}

TEST(MediaMessage, RefusesWhatIsNoHeader) {
  const auto good = EncodeMediaHeader({});
  for (const auto& [at, value] : {std::pair<size_t, uint8_t>{0, 0x4D}, {1, 2}, {6, 39}, {6, 41}, {7, 1}}) {
    std::vector<uint8_t> bad(good.begin(), good.end());
    bad[at] = value;
    EXPECT_FALSE(DecodeMedia(bad).ok()) << "byte " << at;
  }
  EXPECT_FALSE(DecodeMedia(std::span(good).first(39)).ok());
  EXPECT_FALSE(DecodeMedia({}).ok());
}

}  // namespace
}  // namespace lips
