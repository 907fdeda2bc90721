#include "media/live_encoders.h"

#include <gtest/gtest.h>

#include "media/audio_reader.h"
#include "media/live_stream_fixture.h"
#include "media/picture.h"
#include "media/test_audio_file.h"
#include "media/video_writer_fixture.h"

namespace lips {
namespace {

constexpr Rect kMouth = {30, 20, 33, 25};

int64_t FrameUs(int64_t frame, FrameRate fps = {25, 1}) { return frame * 1'000'000 * fps.den / fps.num; }

std::vector<uint8_t> Joined(const std::vector<LivePacket>& packets) {
  std::vector<uint8_t> bytes;
  for (const LivePacket& packet : packets) bytes.insert(bytes.end(), packet.bytes.begin(), packet.bytes.end());
  return bytes;
}

TEST(LiveJpeg, ShowsTheChangedRectangleOrTheWholePicture) {
  const YuvImage picture = Picture(96, 64, {}, 3);
  for (const bool whole : {false, true}) {
    auto encoder = OpenLiveJpeg(90, whole);
    ASSERT_TRUE(encoder.ok());
    std::vector<LivePacket> out;
    ASSERT_TRUE(encoder.value()->Picture(picture.view(), kMouth, 120'000, false, out).ok());
    encoder.value()->SetRate(20, 0);
    ASSERT_TRUE(encoder.value()->Picture(picture.view(), kMouth, 160'000, false, out).ok());
    ASSERT_EQ(out.size(), 2u);
    EXPECT_EQ(out[0].pts_us, 120'000);
    EXPECT_TRUE(out[0].key);
    const Image shown = ParsePicture(out[0].bytes).value();
    EXPECT_EQ(shown.width(), whole ? 96 : kMouth.width);
    EXPECT_EQ(shown.height(), whole ? 64 : kMouth.height);
    EXPECT_LT(out[1].bytes.size(), out[0].bytes.size());
  }
  EXPECT_EQ(OpenLiveJpeg(0, true).error().code(), ErrorCode::kInvalidInput);
}

TEST(LiveH264, EveryPictureIsOnePacketAndTheRateMayChangeItsKind) {
  auto encoder = OpenLiveH264(SmallStream());
  ASSERT_TRUE(encoder.ok());
  std::vector<LivePacket> out;
  for (int64_t k = 0; k < 12; ++k) {
    if (k == 6) encoder.value()->SetRate(50, 300);
    const bool key = k == 3;
    ASSERT_TRUE(encoder.value()->Picture(Picture(96, 64, {}, k).view(), kMouth, FrameUs(k), key, out).ok());
    ASSERT_EQ(out.size(), static_cast<size_t>(k) + 1);
    EXPECT_EQ(out.back().pts_us, FrameUs(k));
    EXPECT_EQ(out.back().key, k == 0 || k == 3 || k == 6) << k;
  }
}

TEST(LiveMp4, TakesSoundAndPicturesByTheSessionsClock) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const MediaFolder folder;
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    LiveMp4Options options;
    options.video = SmallStream();
    options.video.fps = {30000, 1001};
    options.audio = AudioStreamOptions{.codec = codec, .rate_hz = 16000};
    auto encoder = OpenLiveMp4(options);
    ASSERT_TRUE(encoder.ok()) << MessageOf(encoder);
    std::vector<LivePacket> out;
    for (int64_t k = 0; k < 90; ++k) {
      const int64_t pts = FrameUs(k, options.video.fps);
      const int64_t from = k * 16000 * 1001 / 30000;
      const std::vector<float> sound(static_cast<size_t>((k + 1) * 16000 * 1001 / 30000 - from), 0.1F);
      ASSERT_TRUE(encoder.value()->Sound(sound, from * 1'000'000 / 16000, out).ok());
      ASSERT_TRUE(encoder.value()->Picture(Picture(96, 64, {}, k).view(), kMouth, pts, false, out).ok());
    }
    ASSERT_TRUE(encoder.value()->Flush(out).ok());
    ASSERT_GT(out.size(), 10u);
    EXPECT_EQ(out[0].kind, LivePacket::Kind::kInit);
    EXPECT_EQ(out[1].kind, LivePacket::Kind::kFragment);
    EXPECT_TRUE(out[1].key);
    EXPECT_EQ(out[2].pts_us, FrameUs(6, options.video.fps)) << "200 ms are six pictures";
    const Path path = folder.folder() / "a.mp4";
    ASSERT_TRUE(WriteFileAtomically(path, Joined(out)).ok());
    EXPECT_EQ(VideoReader::Open(path).value().info().frames, 90);
    EXPECT_EQ(VideoReader::Open(path).value().info().fps, options.video.fps);
    EXPECT_EQ(MediaFolder::Probe(path, "-select_streams v -show_entries stream=start_time"), "start_time=0.000000\n");
  }
}

// Sound pauses for 400 ms, then for 3 s; pictures go on. What is heard stays where it belongs.
TEST(LiveMp4, MissingSoundIsSilenceOfTheSameLength) {
  LiveMp4Options options;
  options.video = SmallStream();
  options.audio = AudioStreamOptions{.rate_hz = 16000};
  auto encoder = OpenLiveMp4(options);
  ASSERT_TRUE(encoder.ok());
  std::vector<LivePacket> out;
  const std::vector<float> loud = Glide(16000, 0.04);
  const auto speaks = [](int64_t k) { return k < 20 || (k >= 30 && k < 50) || k >= 125; };
  for (int64_t k = 0; k < 150; ++k) {
    if (speaks(k)) {
      ASSERT_TRUE(encoder.value()->Sound(loud, FrameUs(k), out).ok());
    }
    ASSERT_TRUE(encoder.value()->Picture(Picture(96, 64, {}, k).view(), kMouth, FrameUs(k), false, out).ok());
  }
  ASSERT_TRUE(encoder.value()->Flush(out).ok());
  auto reader = AudioReader::OpenBytes(Joined(out), "stream");
  ASSERT_TRUE(reader.ok()) << MessageOf(reader);
  std::vector<float> heard, part;
  while (reader.value().Read(part).ok()) heard.insert(heard.end(), part.begin(), part.end());
  ASSERT_GT(heard.size(), 146u * 640);
  for (const int64_t k : {5, 15, 25, 35, 45, 60, 100, 120, 130, 140}) {
    double energy = 0;
    for (int64_t i = 0; i < 640; ++i) energy += std::pow(heard[static_cast<size_t>(k * 640 + i)], 2);
    EXPECT_EQ(energy > 1, speaks(k)) << k << ": " << energy;
  }
}

TEST(LiveSound, PacketsCarryTheTimeOfTheirFirstSampleAlsoAfterAPause) {
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    const AudioStreamOptions options = {.codec = codec, .rate_hz = 48000};
    const AudioStreamFormat format = AudioStreamEncoder::Open(options).value().format();
    auto encoder = OpenLiveSound(options);
    ASSERT_TRUE(encoder.ok());
    std::vector<LivePacket> out;
    ASSERT_TRUE(encoder.value()->Sound(Glide(48000, 0.5), 2'000'000, out).ok());
    ASSERT_FALSE(out.empty());
    EXPECT_EQ(out[0].kind, LivePacket::Kind::kAudio);
    EXPECT_EQ(out[0].pts_us, (96000 - format.delay_samples) * int64_t{1'000'000} / 48000);
    EXPECT_EQ(out[1].pts_us, (96000 - format.delay_samples + format.frame_samples) * int64_t{1'000'000} / 48000);
    out.clear();
    ASSERT_TRUE(encoder.value()->Sound(Glide(48000, 0.5), 9'000'000, out).ok());
    const auto later = std::find_if(out.begin(), out.end(), [](const LivePacket& p) { return p.pts_us > 5'000'000; });
    ASSERT_NE(later, out.end());
    EXPECT_EQ(later->pts_us, (432000 - format.delay_samples) * int64_t{1'000'000} / 48000);
  }
  EXPECT_EQ(OpenLiveSound({.channels = 2}).error().code(), ErrorCode::kInvalidInput);
}

TEST(CrfOfQuality, FallsAsQualityRises) {
  EXPECT_EQ(CrfOfQuality(85), 23);
  for (int quality = 2; quality <= 100; ++quality) EXPECT_LE(CrfOfQuality(quality), CrfOfQuality(quality - 1));
  EXPECT_EQ(CrfOfQuality(-5), CrfOfQuality(1));
}

}  // namespace
}  // namespace lips
