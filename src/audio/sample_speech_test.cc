#include "audio/sample_speech.h"

#include <gtest/gtest.h>

#include <cmath>

#include "audio/mel.h"

namespace lips {
namespace {

TEST(SampleSpeech, IsTenSecondsThatNeitherClipNorStaySilent) {
  const std::vector<float> samples = SampleSpeech();
  ASSERT_EQ(samples.size(), size_t{10} * kModelRateHz);
  double energy = 0;
  for (const float sample : samples) {
    ASSERT_LT(std::abs(sample), 1.0F);
    energy += double{sample} * double{sample};
  }
  EXPECT_GT(std::sqrt(energy / static_cast<double>(samples.size())), 0.02);
  EXPECT_EQ(samples, SampleSpeech());
}

}  // namespace
}  // namespace lips
