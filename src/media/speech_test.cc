#include "media/speech.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "base/sha256.h"
#include "media/test_audio_file.h"

namespace lips {
namespace {

Path WriteGlide(const AudioFolder& folder, int rate_hz, double seconds) {
  const Path path = folder / (std::to_string(rate_hz) + ".wav");
  const Wav wav{.rate_hz = static_cast<uint32_t>(rate_hz), .data = Int16Data(Glide(rate_hz, seconds))};
  EXPECT_TRUE(WriteFileAtomically(path, wav.Bytes()).ok());
  return path;
}

TEST(ReadSpeech, SixteenKilohertzWavIsItsSamplesOver32768) {
  const AudioFolder folder;
  const std::vector<uint8_t> data = Int16Data(Glide(16000, 1));
  ASSERT_TRUE(WriteFileAtomically(folder / "a.wav", Wav{.data = data}.Bytes()).ok());
  const auto speech = ReadSpeech(folder / "a.wav");
  ASSERT_TRUE(speech.ok()) << speech.error().message();
  ASSERT_EQ(speech.value().samples_16k.size(), 16000u);
  for (size_t n = 0; n < 16000; ++n) {
    const auto value = static_cast<int16_t>(data[2 * n] | data[2 * n + 1] << 8);
    ASSERT_EQ(speech.value().samples_16k[n], static_cast<float>(value) / 32768.0f);
  }
  EXPECT_EQ(speech.value().source_frames, 16000);
}

// The mistakes of spec.md 5: whatever the rate and channels, a second is a second and the sound the same.
TEST(ReadSpeech, StereoAndOtherRatesGiveTheSameSpeech) {
  const AudioFolder folder;
  const std::vector<float> expected = Glide(16000, 1);
  for (const int rate_hz : {24000, 44100, 48000}) {
    std::vector<float> stereo;
    for (const float sample : Glide(rate_hz, 1)) stereo.insert(stereo.end(), {1.5f * sample, 0.5f * sample});
    const Path path = folder / (std::to_string(rate_hz) + ".wav");
    const Wav wav{.channels = 2, .rate_hz = static_cast<uint32_t>(rate_hz), .data = Int16Data(stereo)};
    ASSERT_TRUE(WriteFileAtomically(path, wav.Bytes()).ok());
    const auto speech = ReadSpeech(path);
    ASSERT_TRUE(speech.ok()) << speech.error().message();
    ASSERT_EQ(speech.value().samples_16k.size(), 16000u) << rate_hz;
    EXPECT_EQ(speech.value().source.channels, 2);
    EXPECT_EQ(speech.value().source_frames, rate_hz);
    for (size_t n = 500; n < 15500; ++n) {
      ASSERT_NEAR(speech.value().samples_16k[n], expected[n], 1e-4) << rate_hz << " " << n;
    }
  }
}

TEST(SpeechStream, GivesTheWholeInBoundedChunksAndItsHash) {
  const AudioFolder folder;
  const Path path = WriteGlide(folder, 48000, 3);
  const auto whole = ReadSpeech(path);
  ASSERT_TRUE(whole.ok());
  auto stream = SpeechStream::Open(path);
  ASSERT_TRUE(stream.ok());
  std::vector<float> all;
  std::vector<float> chunk;
  Status status;
  while ((status = stream.value().Read(chunk)).ok()) {
    EXPECT_FALSE(chunk.empty());
    EXPECT_LE(chunk.size(), 48000u);
    all.insert(all.end(), chunk.begin(), chunk.end());
  }
  EXPECT_EQ(status.error().code(), ErrorCode::kEndOfStream);
  EXPECT_EQ(stream.value().Read(chunk).error().code(), ErrorCode::kEndOfStream);
  EXPECT_EQ(all, whole.value().samples_16k);
  EXPECT_EQ(stream.value().samples(), 48000);
  const std::string hash = Sha256Hex({reinterpret_cast<const uint8_t*>(all.data()), all.size() * sizeof(float)});
  EXPECT_EQ(stream.value().sha256(), hash);
  EXPECT_EQ(whole.value().sha256, hash);
}

TEST(ReadSpeech, HasEverySampleOfARealRecording) {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  if (data == nullptr || !std::filesystem::exists(Path(data) / "audio/talk_44s.wav")) {
    GTEST_SKIP() << "LIPSTREAM_TEST_DATA names no folder with audio/talk_44s.wav";
  }
  const auto speech = ReadSpeech(Path(data) / "audio/talk_44s.wav");
  ASSERT_TRUE(speech.ok()) << speech.error().message();
  EXPECT_EQ(speech.value().samples_16k.size(), 718147u);
  EXPECT_EQ(FeatureRows(MelColumns(718147)), 1121);
}

TEST(ReadSpeech, NamesTheFileInItsErrors) {
  const AudioFolder folder;
  EXPECT_THAT(ReadSpeech(folder / "none.wav").error().message(), testing::HasSubstr("none.wav'"));
  ASSERT_TRUE(
      WriteFileAtomically(folder / "slow.wav", Wav{.rate_hz = 500, .data = std::vector<uint8_t>(4000)}.Bytes()).ok());
  EXPECT_THAT(ReadSpeech(folder / "slow.wav").error().message(),
              testing::HasSubstr("slow.wav': a sampling rate of 500 Hz"));
}

}  // namespace
}  // namespace lips
