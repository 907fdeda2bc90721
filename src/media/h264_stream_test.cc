#include "media/h264_stream.h"

#include <gtest/gtest.h>

#include <random>

#include "image/random_picture.h"
#include "media/live_stream_fixture.h"
#include "media/video_writer_fixture.h"

namespace lips {
namespace {

// NAL unit types of an Annex B access unit, in order.
std::vector<int> NalTypes(std::span<const uint8_t> bytes) {
  std::vector<int> types;
  for (size_t i = 0; i + 3 < bytes.size(); ++i) {
    if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1) types.push_back(bytes[i + 3] & 0x1F);
  }
  return types;
}

bool Has(const std::vector<int>& types, int type) { return std::count(types.begin(), types.end(), type) > 0; }

constexpr int kNalIdr = 5;
constexpr int kNalSps = 7;
constexpr int kNalPps = 8;

TEST(H264Stream, EveryPictureIsAPacketAtOnceAndDecodesToItself) {
  for (const YuvFormat format :
       {YuvFormat{YuvMatrix::kBt601, YuvRange::kLimited}, YuvFormat{YuvMatrix::kBt709, YuvRange::kLimited}}) {
    H264StreamOptions options = SmallStream();
    options.format = format;
    auto stream = H264Stream::Open(options);
    ASSERT_TRUE(stream.ok()) << MessageOf(stream);
    auto mp4 = FragmentedMp4::Create({.video = stream.value().format(), .audio = {}, .metadata = {}});
    ASSERT_TRUE(mp4.ok()) << MessageOf(mp4);
    Pieces pieces;
    std::vector<YuvImage> pictures;
    for (int64_t k = 0; k < 30; ++k) {
      pictures.push_back(Picture(options.width, options.height, format, k));
      auto packet = stream.value().Encode(pictures.back().view());
      ASSERT_TRUE(packet.ok()) << MessageOf(packet);
      ASSERT_FALSE(packet.value().bytes.empty()) << "frame " << k << " has no packet of its own";
      EXPECT_EQ(packet.value().key, k == 0);
      ASSERT_TRUE(mp4.value().AddVideo(k, packet.value(), pieces.sink()).ok());
    }
    const std::vector<YuvImage> decoded = DecodeAll(pieces.bytes);
    ASSERT_EQ(decoded.size(), pictures.size());
    for (size_t k = 0; k < decoded.size(); ++k) {
      EXPECT_EQ(decoded[k].format(), format);
      EXPECT_GT(LumaPsnr(decoded[k].view().y, pictures[k].view().y), 34) << k;
    }
  }
}

TEST(H264Stream, KeyPicturesComeEveryTwoSecondsAndOnRequestWithTheirParameterSets) {
  auto stream = H264Stream::Open(SmallStream());
  ASSERT_TRUE(stream.ok());
  std::vector<int64_t> keys;
  for (int64_t k = 0; k < 170; ++k) {
    const YuvImage picture = Picture(96, 64, {}, k);
    auto packet = stream.value().Encode(picture.view(), k == 30);
    ASSERT_TRUE(packet.ok());
    const std::vector<int> types = NalTypes(packet.value().bytes);
    EXPECT_EQ(Has(types, kNalIdr), packet.value().key) << k;
    EXPECT_EQ(Has(types, kNalSps) && Has(types, kNalPps), packet.value().key) << k;
    EXPECT_FALSE(Has(NalTypes(packet.value().bytes.subspan(packet.value().parameter_set_bytes)), kNalSps)) << k;
    if (packet.value().key) keys.push_back(k);
  }
  EXPECT_EQ(keys, (std::vector<int64_t>{0, 30, 80, 130}));
}

TEST(H264Stream, SaysItsProfileAsBrowsersAskForIt) {
  auto stream = H264Stream::Open(SmallStream());
  ASSERT_TRUE(stream.ok());
  const H264Format& format = stream.value().format();
  EXPECT_EQ(format.codec.substr(0, 9), "avc1.42C0") << format.codec << ": baseline that is main, too";
  ASSERT_GT(format.parameter_sets.size(), 8u);
  std::array<char, 16> expected = {};
  std::snprintf(expected.data(), expected.size(), "avc1.%02X%02X%02X", format.parameter_sets[5],
                format.parameter_sets[6], format.parameter_sets[7]);
  EXPECT_EQ(format.codec, expected.data());
  H264StreamOptions large = SmallStream();
  large.width = 1280;
  large.height = 720;
  EXPECT_EQ(H264Stream::Open(large).value().format().codec, "avc1.42C01F");
}

// As ffprobe sees the bytes that WebCodecs would get.
TEST(H264Stream, IsConstrainedBaselineWithoutBFramesToOthers) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const MediaFolder folder;
  auto stream = H264Stream::Open(SmallStream());
  ASSERT_TRUE(stream.ok());
  std::vector<uint8_t> bytes;
  for (int64_t k = 0; k < 10; ++k) {
    auto packet = stream.value().Encode(Picture(96, 64, {}, k).view());
    ASSERT_TRUE(packet.ok());
    bytes.insert(bytes.end(), packet.value().bytes.begin(), packet.value().bytes.end());
  }
  const Path path = folder.folder() / "a.h264";
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  EXPECT_EQ(
      MediaFolder::Probe(path, "-count_frames -show_entries stream=profile,width,height,has_b_frames,nb_read_frames"),
      "profile=Constrained Baseline\nwidth=96\nheight=64\nhas_b_frames=0\nnb_read_frames=10\n");
}

TEST(H264Stream, WhereOnlyARectangleChangesTheRestCostsNextToNothing) {
  std::mt19937 rng(5);
  H264StreamOptions options = SmallStream();
  options.width = 320;
  options.height = 240;
  auto stream = H264Stream::Open(options);
  ASSERT_TRUE(stream.ok());
  YuvImage picture = RandomYuv(rng, 320, 240, {});
  const size_t whole = stream.value().Encode(picture.view()).value().bytes.size();
  ASSERT_TRUE(stream.value().Encode(picture.view()).ok());  // the second look may still refine the first
  const size_t same = stream.value().Encode(picture.view()).value().bytes.size();
  const PlaneView part = picture.view().y.Crop({128, 128, 64, 64});  // 1/19 of the picture
  for (int y = 0; y < part.height; ++y) FillRandom(rng, part.Row(y), static_cast<size_t>(part.width));
  const size_t changed = stream.value().Encode(picture.view()).value().bytes.size();
  EXPECT_LT(same, 200u);
  EXPECT_LT(changed, whole / 8);
  EXPECT_GT(changed, 20 * same);
}

TEST(H264Stream, KeepsItsBitRateAndChangesItOnTheWay) {
  H264StreamOptions options = SmallStream();
  options.width = 160;
  options.height = 120;
  options.bitrate_kbps = 400;
  auto stream = H264Stream::Open(options);
  ASSERT_TRUE(stream.ok()) << MessageOf(stream);
  std::mt19937 rng(7);
  std::vector<YuvImage> pictures;
  for (int k = 0; k < 25; ++k) pictures.push_back(RandomYuv(rng, 160, 120, {}));
  const auto kbps = [&](int frames) {
    size_t bytes = 0;
    for (int k = 0; k < frames; ++k) {
      auto packet = stream.value().Encode(pictures[static_cast<size_t>(k) % pictures.size()].view());
      EXPECT_TRUE(packet.ok()) << MessageOf(packet);
      if (packet.ok()) bytes += packet.value().bytes.size();
    }
    return static_cast<double>(bytes) * 8 * 25 / frames / 1000;
  };
  EXPECT_NEAR(kbps(100), 400, 120);
  ASSERT_TRUE(stream.value().SetBitrate(1200).ok());
  kbps(25);
  EXPECT_NEAR(kbps(100), 1200, 360);
  EXPECT_EQ(stream.value().SetCrf(20).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(stream.value().SetBitrate(0).error().code(), ErrorCode::kInvalidInput);
}

TEST(H264Stream, ChangesItsQualityOnTheWay) {
  auto stream = H264Stream::Open(SmallStream());
  ASSERT_TRUE(stream.ok());
  std::mt19937 rng(9);
  const YuvImage picture = RandomYuv(rng, 96, 64, {});
  const size_t fine = stream.value().Encode(picture.view(), true).value().bytes.size();
  ASSERT_TRUE(stream.value().SetCrf(45).ok());
  const size_t coarse = stream.value().Encode(picture.view(), true).value().bytes.size();
  EXPECT_LT(coarse, fine / 3);
  EXPECT_EQ(MessageOf(stream.value().SetCrf(52)), "H.264: crf is 52; expected 0..51");
  EXPECT_EQ(MessageOf(stream.value().SetBitrate(500)), "H.264: a stream of constant quality has no bit rate to change");
}

TEST(H264Stream, AnOddSizeGetsOneMoreColumnAndRow) {
  H264StreamOptions options = SmallStream();
  options.width = 95;
  options.height = 63;
  auto stream = H264Stream::Open(options);
  ASSERT_TRUE(stream.ok()) << MessageOf(stream);
  EXPECT_EQ(stream.value().format().width, 96);
  EXPECT_EQ(stream.value().format().height, 64);
  auto mp4 = FragmentedMp4::Create({.video = stream.value().format(), .audio = {}, .metadata = {}});
  Pieces pieces;
  const YuvImage picture = Picture(95, 63, {}, 4);
  auto packet = stream.value().Encode(picture.view());
  ASSERT_TRUE(packet.ok());
  ASSERT_TRUE(mp4.value().AddVideo(0, packet.value(), pieces.sink()).ok());
  ASSERT_TRUE(mp4.value().Flush(pieces.sink()).ok());
  const std::vector<YuvImage> decoded = DecodeAll(pieces.bytes);
  ASSERT_EQ(decoded.size(), 1u);
  EXPECT_EQ(decoded[0].width(), 96);
  EXPECT_GT(LumaPsnr(decoded[0].view().y.Crop({0, 0, 95, 63}), picture.view().y), 34);
  EXPECT_NEAR(decoded[0].view().y.Row(20)[95], picture.view().y.Row(20)[94], 8);
}

TEST(H264Stream, RefusesWhatItCannotEncodeAndSaysWhatItCan) {
  const auto message = [](auto change) {
    H264StreamOptions options = SmallStream();
    change(options);
    auto stream = H264Stream::Open(options);
    if (stream.ok()) return std::string("opened");
    EXPECT_EQ(stream.error().code(), ErrorCode::kInvalidInput);
    return stream.error().message();
  };
  EXPECT_EQ(message([](H264StreamOptions& o) { o.width = 0; }),
            "H.264: the picture's size is 0x64; expected 16..8192 a side");
  EXPECT_EQ(message([](H264StreamOptions& o) { o.height = 9000; }),
            "H.264: the picture's size is 96x9000; expected 16..8192 a side");
  EXPECT_EQ(message([](H264StreamOptions& o) {
              o.fps = {0, 1};
            }),
            "the frame rate is 0/1; expected 1 to 240 frames per second");
  EXPECT_EQ(message([](H264StreamOptions& o) { o.bitrate_kbps = -1; }),
            "H.264: the bit rate is -1 kbit/s; expected 1..1000000");
  EXPECT_EQ(message([](H264StreamOptions& o) { o.preset = "quick"; }),
            "H.264: the preset is 'quick'; expected ultrafast, superfast, veryfast, faster, fast or medium");
  EXPECT_EQ(message([](H264StreamOptions& o) { o.threads = 0; }), "H.264: the number of threads is 0; expected 1..64");
  EXPECT_NE(message([](H264StreamOptions& o) { o.keyframe_s = 0; }), "opened");

  auto stream = H264Stream::Open(SmallStream());
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(stream.value().Encode(Picture(96, 62, {}, 0).view()).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(stream.value().Encode(ConstYuvView{}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(stream.value().Encode(Picture(96, 64, {}, 0).view()).ok()) << "usable after errors";
}

}  // namespace
}  // namespace lips
