#include "media/audio_stream_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "media/audio_reader.h"
#include "media/live_stream_fixture.h"
#include "media/test_audio_file.h"
#include "media/video_writer_fixture.h"

namespace lips {
namespace {

struct Coded {
  std::vector<std::vector<uint8_t>> packets;
  std::vector<int64_t> pts, durations;
  AudioStreamEncoder::Sink sink() {
    return [this](const AudioPacket& packet) -> Status {
      packets.emplace_back(packet.bytes.begin(), packet.bytes.end());
      pts.push_back(packet.pts_samples);
      durations.push_back(packet.duration_samples);
      return {};
    };
  }
};

// `samples` through the encoder, `chunk` values at a time.
Coded Encode(const AudioStreamOptions& options, std::span<const float> samples, size_t chunk) {
  Coded coded;
  auto encoder = AudioStreamEncoder::Open(options);
  EXPECT_TRUE(encoder.ok()) << MessageOf(encoder);
  if (!encoder.ok()) return coded;
  for (size_t at = 0; at < samples.size(); at += chunk) {
    const Status status = encoder.value().Push(samples.subspan(at, std::min(chunk, samples.size() - at)), coded.sink());
    EXPECT_TRUE(status.ok()) << MessageOf(status);
  }
  EXPECT_TRUE(encoder.value().Finish(coded.sink()).ok());
  return coded;
}

// By how many samples `heard` comes late, looking `reach` either way.
int64_t Lag(std::span<const float> given, std::span<const float> heard, int64_t reach) {
  int64_t best = 0;
  double best_sum = -1;
  for (int64_t lag = -reach; lag <= reach; ++lag) {
    double sum = 0;
    for (int64_t i = reach; i + reach < static_cast<int64_t>(std::min(given.size(), heard.size())); ++i) {
      sum += static_cast<double>(given[static_cast<size_t>(i)]) * heard[static_cast<size_t>(i + lag)];
    }
    if (sum > best_sum) {
      best_sum = sum;
      best = lag;
    }
  }
  return best;
}

TEST(AudioStreamEncoder, PacketsFollowOneAnotherFromTheDelayBeforeZeroToTheEnd) {
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    for (const int rate : {16000, 24000, 44100, 48000}) {
      SCOPED_TRACE(std::string(Name(codec)) + " at " + std::to_string(rate));
      const AudioStreamOptions options = {.codec = codec, .rate_hz = rate};
      auto encoder = AudioStreamEncoder::Open(options);
      ASSERT_TRUE(encoder.ok()) << MessageOf(encoder);
      const AudioStreamFormat format = encoder.value().format();
      EXPECT_EQ(format.rate_hz, codec == AudioCodec::kOpus ? 48000 : rate);
      EXPECT_EQ(format.name, codec == AudioCodec::kOpus ? "opus" : "mp4a.40.2");
      EXPECT_FALSE(format.config.empty());
      EXPECT_GT(format.delay_samples, 0);
      const Coded coded = Encode(options, Glide(rate, 1.03), 640);
      int64_t at = -format.delay_samples;
      for (size_t i = 0; i < coded.pts.size(); ++i) {
        ASSERT_EQ(coded.pts[i], at) << i;
        at += coded.durations[i];
      }
      EXPECT_NEAR(static_cast<double>(at), 1.03 * format.rate_hz, 2) << "the end is where the samples end";
    }
  }
}

TEST(AudioStreamEncoder, AnyChunkingGivesTheSamePackets) {
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    for (const int rate : {16000, 44100}) {
      const AudioStreamOptions options = {.codec = codec, .rate_hz = rate, .channels = 2};
      const std::vector<float> samples = Glide(rate, 1.0);  // as it were a stereo signal of half a second
      const Coded whole = Encode(options, samples, samples.size());
      ASSERT_GT(whole.packets.size(), 5u);
      for (const size_t chunk : {size_t{2}, size_t{314}, size_t{1920}}) {
        const Coded parts = Encode(options, samples, chunk);
        EXPECT_EQ(parts.packets, whole.packets) << Name(codec) << " at " << rate << " by " << chunk;
        EXPECT_EQ(parts.pts, whole.pts);
      }
    }
  }
}

// Through a container that knows the delay, sound is heard at the sample where it was said. FFmpeg's MP4 reader obeys
// the edit list of a fragmented file in its packets' times alone, so AAC's delay is still in front of what it decodes;
// Opus says its own.
TEST(AudioStreamEncoder, SoundIsHeardWhenItWasSaid) {
  auto video = H264Stream::Open(SmallStream());
  ASSERT_TRUE(video.ok());
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    SCOPED_TRACE(Name(codec));
    const int rate = codec == AudioCodec::kOpus ? 48000 : 16000;
    auto encoder = AudioStreamEncoder::Open({.codec = codec, .rate_hz = rate});
    ASSERT_TRUE(encoder.ok());
    auto mp4 =
        FragmentedMp4::Create({.video = video.value().format(), .audio = encoder.value().format(), .metadata = {}});
    ASSERT_TRUE(mp4.ok()) << MessageOf(mp4);
    const std::vector<float> said = Glide(rate, 1.0);
    const auto add = [&](const AudioPacket& packet) { return mp4.value().AddAudio(packet); };
    ASSERT_TRUE(encoder.value().Push(said, add).ok());
    ASSERT_TRUE(encoder.value().Finish(add).ok());
    Pieces pieces;
    ASSERT_TRUE(
        mp4.value().AddVideo(0, video.value().Encode(Picture(96, 64, {}, 0).view(), true).value(), pieces.sink()).ok());
    ASSERT_TRUE(mp4.value().Flush(pieces.sink()).ok());
    auto reader = AudioReader::OpenBytes(pieces.bytes, "stream");
    ASSERT_TRUE(reader.ok()) << MessageOf(reader);
    std::vector<float> heard, part;
    while (reader.value().Read(part).ok()) heard.insert(heard.end(), part.begin(), part.end());
    EXPECT_EQ(Lag(said, heard, 1500), codec == AudioCodec::kAac ? encoder.value().format().delay_samples : 0);
  }
}

TEST(AudioStreamEncoder, AdtsPacketsArePlayableAsTheyAre) {
  const Coded coded = Encode({.rate_hz = 24000, .adts = true}, Glide(24000, 0.5), 480);
  std::vector<uint8_t> bytes;
  for (const std::vector<uint8_t>& packet : coded.packets) bytes.insert(bytes.end(), packet.begin(), packet.end());
  auto reader = AudioReader::OpenBytes(bytes, "adts");
  ASSERT_TRUE(reader.ok()) << MessageOf(reader);
  EXPECT_EQ(reader.value().info().rate_hz, 24000);
  EXPECT_EQ(reader.value().info().channels, 1);
  EXPECT_EQ(reader.value().info().codec, "aac");
  size_t count = 0;
  std::vector<float> part;
  while (reader.value().Read(part).ok()) count += part.size();
  EXPECT_GE(count, 12000u);
}

TEST(AudioStreamEncoder, NoiseBeyondNumbersIsSilence) {
  std::vector<float> samples(16000, std::numeric_limits<float>::quiet_NaN());
  samples[5000] = std::numeric_limits<float>::infinity();
  samples[9000] = -1e30F;
  for (const AudioCodec codec : {AudioCodec::kAac, AudioCodec::kOpus}) {
    EXPECT_GT(Encode({.codec = codec}, samples, 320).packets.size(), 10u);
  }
}

TEST(AudioStreamEncoder, RefusesWhatItCannotEncode) {
  const auto message = [](const AudioStreamOptions& options) { return MessageOf(AudioStreamEncoder::Open(options)); };
  EXPECT_EQ(message({.rate_hz = 7999}), "audio: the rate is 7999; expected 8000..192000 Hz");
  EXPECT_EQ(message({.channels = 3}), "audio: the channel count is 3; expected 1 or 2");
  EXPECT_EQ(message({.bitrate_kbps = 5}), "audio: the bit rate is 5; expected 6..510 kbit/s");
  EXPECT_EQ(message({.codec = AudioCodec::kOpus, .adts = true}), "audio: ADTS headers are for AAC, not for Opus");
  auto encoder = AudioStreamEncoder::Open({.channels = 2});
  ASSERT_TRUE(encoder.ok());
  Coded coded;
  const std::vector<float> three(3);
  EXPECT_EQ(MessageOf(encoder.value().Push(three, coded.sink())), "audio: 3 values for 2 channels");
  EXPECT_TRUE(encoder.value().Finish(coded.sink()).ok()) << "a stream without a sample";
  EXPECT_EQ(encoder.value().Push({}, coded.sink()).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(encoder.value().Finish(coded.sink()).error().code(), ErrorCode::kInvalidInput);
}

TEST(AudioStreamEncoder, TheSinksErrorIsTheEncoders) {
  auto encoder = AudioStreamEncoder::Open({});
  ASSERT_TRUE(encoder.ok());
  const auto full = [](const AudioPacket&) -> Status { return Error(ErrorCode::kIo, "full"); };
  EXPECT_EQ(MessageOf(encoder.value().Push(Glide(16000, 1), full)), "full");
}

}  // namespace
}  // namespace lips
