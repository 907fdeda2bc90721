#include "media/audio_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "media/test_audio_file.h"

namespace lips {
namespace {

using testing::HasSubstr;

struct Decoded {
  AudioInfo info;
  std::vector<float> samples;
};

Result<Decoded> ReadAll(Result<AudioReader> opened) {
  ASSIGN_OR_RETURN(AudioReader reader, std::move(opened));
  Decoded decoded = {reader.info(), {}};
  std::vector<float> chunk;
  while (true) {
    const Status status = reader.Read(chunk);
    if (!status.ok() && status.error().code() == ErrorCode::kEndOfStream) return decoded;
    RETURN_IF_ERROR(Status(status));
    EXPECT_FALSE(chunk.empty());
    decoded.samples.insert(decoded.samples.end(), chunk.begin(), chunk.end());
  }
}

Result<Decoded> ReadBytes(const std::vector<uint8_t>& bytes) { return ReadAll(AudioReader::OpenBytes(bytes, "a.wav")); }

template <typename T>
std::vector<uint8_t> RawBytes(const std::vector<T>& values) {
  const auto* begin = reinterpret_cast<const uint8_t*>(values.data());
  return {begin, begin + values.size() * sizeof(T)};
}

// Too few bytes make FFmpeg's probing hesitate; real files are longer than two samples.
template <typename T>
std::vector<T> Repeated(std::vector<T> values, int times) {
  std::vector<T> all;
  for (int i = 0; i < times; ++i) all.insert(all.end(), values.begin(), values.end());
  return all;
}

TEST(AudioReader, ReadsEveryWavSampleWidthExactly) {
  const std::vector<float> expected = Repeated<float>({0, 0.5f, -1}, 500);
  const auto check = [&](const char* codec, uint16_t format, uint16_t bits, std::vector<uint8_t> data) {
    const auto decoded = ReadBytes(Wav{.format = format, .bits = bits, .data = std::move(data)}.Bytes());
    ASSERT_TRUE(decoded.ok()) << codec << ": " << decoded.error().message();
    EXPECT_EQ(decoded.value().info.codec, codec);
    EXPECT_EQ(decoded.value().samples, expected) << codec;
  };
  check("pcm_u8", 1, 8, Repeated<uint8_t>({128, 192, 0}, 500));
  check("pcm_s16le", 1, 16, RawBytes(Repeated<int16_t>({0, 16384, -32768}, 500)));
  check("pcm_s24le", 1, 24, Repeated<uint8_t>({0, 0, 0, 0, 0, 0x40, 0, 0, 0x80}, 500));
  check("pcm_s32le", 1, 32, RawBytes(Repeated<int32_t>({0, 1 << 30, INT32_MIN}, 500)));
  check("pcm_f32le", 3, 32, RawBytes(Repeated<float>({0, 0.5f, -1}, 500)));
  check("pcm_f64le", 3, 64, RawBytes(Repeated<double>({0, 0.5, -1}, 500)));
}

TEST(AudioReader, TellsRateAndChannelsAndKeepsThemInterleaved) {
  const auto decoded = ReadBytes(
      Wav{.channels = 2, .rate_hz = 44100, .data = RawBytes(Repeated<int16_t>({16384, -16384}, 4410))}.Bytes());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded.value().info.rate_hz, 44100);
  EXPECT_EQ(decoded.value().info.channels, 2);
  EXPECT_NEAR(decoded.value().info.duration_s, 0.1, 1e-3);
  EXPECT_EQ(decoded.value().samples, Repeated<float>({0.5f, -0.5f}, 4410));
}

TEST(AudioReader, ReadsWhatIsThereWhateverTheSizesClaim) {
  const std::vector<float> expected(2000, 0.5f);
  for (const int64_t claimed : {int64_t{0}, int64_t{100000}, int64_t{UINT32_MAX}}) {
    Wav wav{.data = RawBytes(std::vector<int16_t>(2000, 16384))};
    wav.claimed_data_bytes = claimed;
    const auto decoded = ReadBytes(wav.Bytes());
    ASSERT_TRUE(decoded.ok()) << claimed << ": " << decoded.error().message();
    EXPECT_EQ(decoded.value().samples, expected) << claimed;
  }
  Wav odd{.channels = 2, .data = RawBytes(std::vector<int16_t>(2000, 16384))};
  odd.data.insert(odd.data.end(), {1, 2, 3});  // three bytes are no stereo frame
  const auto decoded = ReadBytes(odd.Bytes());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded.value().samples, expected);
}

TEST(AudioReader, ReadsRf64) {
  std::vector<uint8_t> bytes = Wav{.data = RawBytes(std::vector<int16_t>(2000, 16384))}.Bytes();
  const auto set32 = [&](size_t at, uint32_t value) { std::memcpy(&bytes[at], &value, 4); };
  std::memcpy(bytes.data(), "RF64", 4);
  set32(4, UINT32_MAX);
  set32(40, UINT32_MAX);
  std::vector<uint8_t> ds64(8 + 28);
  std::memcpy(ds64.data(), "ds64", 4);
  ds64[4] = 28;
  const uint64_t sizes[] = {bytes.size() + ds64.size() - 8, 4000, 2000};
  std::memcpy(&ds64[8], sizes, sizeof sizes);
  bytes.insert(bytes.begin() + 12, ds64.begin(), ds64.end());
  const auto decoded = ReadBytes(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message();
  EXPECT_EQ(decoded.value().samples, std::vector<float>(2000, 0.5f));
}

TEST(AudioReader, RefusesBadFilesWithOneSentence) {
  const std::vector<uint8_t> sound = RawBytes(std::vector<int16_t>(2000, 16384));
  const std::vector<uint8_t> good = Wav{.data = sound}.Bytes();
  const auto message = [](const std::vector<uint8_t>& bytes, ErrorCode code) {
    const auto decoded = ReadBytes(bytes);
    if (decoded.ok()) return std::string("it opened");
    EXPECT_EQ(decoded.error().code(), code) << decoded.error().message();
    EXPECT_THAT(decoded.error().message(), HasSubstr("'a.wav'"));
    return decoded.error().message();
  };
  EXPECT_THAT(message({}, ErrorCode::kCorrupted), HasSubstr("empty"));
  EXPECT_THAT(message(std::vector<uint8_t>(5000, 'x'), ErrorCode::kCorrupted), HasSubstr("not a media file"));
  EXPECT_THAT(message({good.begin(), good.begin() + 20}, ErrorCode::kCorrupted), HasSubstr("'a.wav'"));
  EXPECT_THAT(message({good.begin(), good.begin() + 44}, ErrorCode::kCorrupted), HasSubstr("no audio samples"));
  EXPECT_THAT(message(Wav{.channels = 0, .data = sound}.Bytes(), ErrorCode::kCorrupted), HasSubstr("'a.wav'"));
  EXPECT_THAT(message(Wav{.rate_hz = 0, .data = sound}.Bytes(), ErrorCode::kCorrupted), HasSubstr("'a.wav'"));
  EXPECT_THAT(message(Wav{.channels = 65, .data = sound}.Bytes(), ErrorCode::kUnsupported), HasSubstr("65 channels"));
  EXPECT_THAT(message(Wav{.rate_hz = 2000000, .data = sound}.Bytes(), ErrorCode::kUnsupported), HasSubstr("2000000"));
  EXPECT_THAT(message(Wav{.format = 0x1234, .data = sound}.Bytes(), ErrorCode::kUnsupported), HasSubstr("'a.wav'"));
}

TEST(AudioReader, NamesTheFileThatIsNotThere) {
  const AudioFolder folder;
  const auto missing = AudioReader::Open(folder / "none.wav");
  EXPECT_EQ(missing.error().code(), ErrorCode::kIo);
  EXPECT_THAT(missing.error().message(), HasSubstr("none.wav'"));
  EXPECT_EQ(AudioReader::Open(folder / ".").error().code(), ErrorCode::kIo);
}

// Formats made by the ffmpeg program from a known glide.
class EncodedAudio : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    SKIP_WITHOUT_FFMPEG_PROGRAM();
    glide_ = Glide(GetParam(), 1.5);
    const Wav wav{.rate_hz = static_cast<uint32_t>(GetParam()), .data = Int16Data(glide_)};
    ASSERT_TRUE(WriteFileAtomically(folder_ / "in.wav", wav.Bytes()).ok());
  }

  Decoded Convert(const std::string& options, const std::string& name) {
    auto decoded = ReadAll(AudioReader::Open(folder_.Make(name, From("in.wav") + options)));
    EXPECT_TRUE(decoded.ok()) << decoded.error().message();
    return decoded.ok() ? std::move(decoded).value() : Decoded();
  }

  std::string From(const char* name) const { return "-i '" + (folder_ / name).string() + "' "; }

  // By how many samples the decoded sound is late against the glide, by cross-correlation.
  int LateBy(const Decoded& decoded) const {
    constexpr int kFarthest = 3000;
    const auto channels = static_cast<size_t>(decoded.info.channels);
    double best = 0;
    int best_lag = -kFarthest - 1;
    for (int lag = -kFarthest; lag <= kFarthest; ++lag) {
      double sum = 0;
      for (size_t n = 8000; n < 20000; n += 3) {
        const size_t at = (n + static_cast<size_t>(lag + kFarthest) - kFarthest) * channels;
        if (at < decoded.samples.size()) sum += double{glide_[n]} * double{decoded.samples[at]};
      }
      if (sum > best) {
        best = sum;
        best_lag = lag;
      }
    }
    return best_lag;
  }

  AudioFolder folder_;
  std::vector<float> glide_;
};

TEST_P(EncodedAudio, LossyFormatsStartAtTheFirstSampleAPlayerPlays) {
  struct Case {
    const char* options;
    const char* name;
    const char* codec;
  };
  for (const Case& c :
       {Case{"-c:a libmp3lame -b:a 128k", "a.mp3", "mp3"}, Case{"-c:a aac", "a.m4a", "aac"},
        Case{"-c:a libvorbis", "a.ogg", "vorbis"}, Case{"-c:a aac", "a.mov", "aac"},
        Case{"-c:a libopus -ar 48000", "a.opus", "opus"}, Case{"-c:a libopus -ar 48000", "a.webm", "opus"}}) {
    if (GetParam() != 48000 && std::string(c.codec) == "opus") continue;  // Opus knows 48 kHz only
    const Decoded decoded = Convert(c.options, c.name);
    EXPECT_EQ(decoded.info.codec, c.codec);
    EXPECT_EQ(decoded.info.rate_hz, GetParam()) << c.name;
    EXPECT_LE(std::abs(LateBy(decoded)), 1) << c.name;
    const auto surplus = static_cast<int64_t>(decoded.samples.size()) - static_cast<int64_t>(glide_.size());
    RecordProperty(std::string("surplus_") + c.name, static_cast<int>(surplus));
    EXPECT_GE(surplus, 0) << c.name;
    EXPECT_LE(surplus, 2048) << c.name << ": at most the padding of the last packets";
  }
}

TEST_P(EncodedAudio, LosslessFormatsGiveTheSameSamples) {
  const Decoded wav = Convert("-c:a copy", "a.wav");
  EXPECT_EQ(wav.samples.size(), glide_.size());
  EXPECT_EQ(Convert("-c:a flac", "a.flac").samples, wav.samples);
  EXPECT_EQ(Convert("-c:a alac", "a.m4a").samples, wav.samples);
  EXPECT_EQ(Convert("-c:a pcm_s24be", "a.aiff").samples, wav.samples);
  EXPECT_EQ(Convert("-c:a pcm_s32le", "a.mkv").samples, wav.samples);
}

INSTANTIATE_TEST_SUITE_P(Rates, EncodedAudio, testing::Values(44100, 48000));

class VideoFile : public testing::Test {
 protected:
  void SetUp() override { SKIP_WITHOUT_FFMPEG_PROGRAM(); }
  AudioFolder folder_;
};

TEST_F(VideoFile, WithoutSoundIsNamedAsSuch) {
  folder_.Make("mute.mp4", "-f lavfi -i color=size=64x64:duration=1");
  const auto opened = AudioReader::Open(folder_ / "mute.mp4");
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorrupted);
  EXPECT_THAT(opened.error().message(), HasSubstr("mute.mp4': it has no audio stream"));
}

TEST_F(VideoFile, GivesItsSound) {
  const std::vector<float> glide = Glide(44100, 1);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "in.wav", Wav{.rate_hz = 44100, .data = Int16Data(glide)}.Bytes()).ok());
  folder_.Make("v.mkv", "-f lavfi -i color=size=64x64:duration=1 -i '" + (folder_ / "in.wav").string() + "' -c:a flac");
  const auto decoded = ReadAll(AudioReader::Open(folder_ / "v.mkv"));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message();
  EXPECT_EQ(decoded.value().samples.size(), glide.size());
}

TEST_F(VideoFile, CutOrDamagedStreamsGiveWhatCanBeHeard) {
  const std::vector<float> glide = Glide(44100, 2);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "in.wav", Wav{.rate_hz = 44100, .data = Int16Data(glide)}.Bytes()).ok());
  const Path mp3 = folder_.Make("a.mp3", "-i '" + (folder_ / "in.wav").string() + "' -c:a libmp3lame");
  std::vector<uint8_t> bytes = ReadFile(mp3).value();
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 2),
            bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 2 + 900), uint8_t{0});
  bytes.resize(bytes.size() * 3 / 4);
  const auto decoded = ReadAll(AudioReader::OpenBytes(bytes, "a.mp3"));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message();
  EXPECT_GT(decoded.value().samples.size(), glide.size() / 2);
  EXPECT_LT(decoded.value().samples.size(), glide.size());
}

}  // namespace
}  // namespace lips
