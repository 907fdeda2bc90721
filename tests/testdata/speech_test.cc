#include "tests/testdata/speech.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace lips::testdata {
namespace {

double Rms(std::span<const float> samples) {
  double sum = 0;
  for (const float v : samples) sum += static_cast<double>(v) * v;
  return std::sqrt(sum / static_cast<double>(std::max<size_t>(1, samples.size())));
}

TEST(Speech, HasItsLengthAndStaysInRange) {
  for (const double seconds : {0.0, 0.3, 1.0, 8.0}) {
    const Speech speech = SynthesizeSpeech(seconds, 3);
    EXPECT_EQ(speech.samples.size(), static_cast<size_t>(seconds * kSpeechRateHz));
    for (const float v : speech.samples) ASSERT_LE(std::fabs(v), 0.7001F);
  }
}

TEST(Speech, IsLoudInVowelsAndSilentInPauses) {
  const Speech speech = SynthesizeSpeech(8, 3);
  const std::span<const float> all = speech.samples;
  int64_t expected_first = 0;
  int64_t silent = 0;
  for (const SpeechPart& part : speech.parts) {
    ASSERT_EQ(part.first_sample, expected_first);
    expected_first += part.samples;
    const std::span<const float> samples =
        all.subspan(static_cast<size_t>(part.first_sample), static_cast<size_t>(part.samples));
    if (!part.silent && part.samples > 1600) {
      EXPECT_GT(Rms(samples), 0.03);
    } else if (part.silent && part.samples > 3200) {
      EXPECT_EQ(Rms(samples.subspan(1600)), 0.0);  // 100 ms after the last vowel
      silent += part.samples;
    }
  }
  EXPECT_EQ(expected_first, static_cast<int64_t>(all.size()));
  EXPECT_GT(silent, 2 * kSpeechRateHz);
}

TEST(Speech, WritesAWavFileOfTheseSamples) {
  const Path path = Path(testing::TempDir()) / "speech_test.wav";
  ASSERT_TRUE(WriteWav(path, std::vector<float>{0.0F, 1.0F, -1.0F, 0.5F}, 16000, 2).ok());
  Result<std::vector<uint8_t>> bytes = ReadFile(path);
  ASSERT_TRUE(bytes.ok());
  ASSERT_EQ(bytes.value().size(), 44U + 8U);
  EXPECT_EQ(bytes.value()[22], 2);    // channels
  EXPECT_EQ(bytes.value()[32], 4);    // bytes a frame
  EXPECT_EQ(bytes.value()[40], 8);    // bytes of samples
  EXPECT_EQ(bytes.value()[46], 255);  // 1.0 is 32767: ff 7f
  EXPECT_EQ(bytes.value()[47], 127);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace lips::testdata
