#include "media/wav_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "media/audio_reader.h"

namespace lips {
namespace {

TEST(WriteSpeechWav, IsReadBackAsItWas) {
  const Path path = Path(::testing::TempDir()) / "wav_writer_test.wav";
  std::vector<float> samples;
  for (int i = -32768; i < 32768; i += 13) samples.push_back(static_cast<float>(i) / 32768);
  ASSERT_TRUE(WriteSpeechWav(path, samples, 16000).ok());
  auto reader = AudioReader::Open(path);
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  EXPECT_EQ(reader.value().info().rate_hz, 16000);
  EXPECT_EQ(reader.value().info().channels, 1);
  std::vector<float> all, part;
  while (reader.value().Read(part).ok()) all.insert(all.end(), part.begin(), part.end());
  EXPECT_EQ(all, samples);
}

TEST(WriteSpeechWav, ClampsWhatIsTooLoudAndSilencesWhatIsNoNumber) {
  const Path path = Path(::testing::TempDir()) / "wav_writer_loud.wav";
  const std::vector<float> samples = {2, -3, std::numeric_limits<float>::quiet_NaN(),
                                      std::numeric_limits<float>::infinity()};
  ASSERT_TRUE(WriteSpeechWav(path, samples, 8000).ok());
  auto reader = AudioReader::Open(path);
  ASSERT_TRUE(reader.ok());
  std::vector<float> part;
  ASSERT_TRUE(reader.value().Read(part).ok());
  EXPECT_EQ(part, (std::vector<float>{32767.0F / 32768, -1, 0, 0}));
}

TEST(WriteSpeechWav, RefusesRatesThatAreNone) {
  EXPECT_EQ(WriteSpeechWav("x.wav", {}, 0).error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lips
