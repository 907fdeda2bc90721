#include "bench/material.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "audio/mel.h"

namespace lips {
namespace {

TEST(TestSpeech, IsTenSecondsThatNeitherClipNorStaySilent) {
  const std::vector<float> samples = TestSpeech();
  ASSERT_EQ(samples.size(), size_t{10} * kModelRateHz);
  double energy = 0;
  for (const float sample : samples) {
    ASSERT_LT(std::abs(sample), 1.0F);
    energy += double{sample} * double{sample};
  }
  EXPECT_GT(std::sqrt(energy / static_cast<double>(samples.size())), 0.02);
  EXPECT_EQ(samples, TestSpeech());
}

TEST(WriteWav, IsReadBackWithinHalfAStep) {
  std::string name = (std::filesystem::temp_directory_path() / "lipstream_bench_XXXXXX").string();
  const Path folder = ::mkdtemp(name.data());
  std::vector<float> samples = TestSpeech();
  samples[1000] = 2;  // clipped
  ASSERT_TRUE(WriteWav(folder / "test.wav", samples).ok());
  const auto read = ReadBenchSpeech(folder / "test.wav", 2);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(read.ok()) << read.error().message();
  ASSERT_EQ(read.value().size(), size_t{2} * kModelRateHz);
  for (size_t i = 0; i < read.value().size(); ++i) {
    ASSERT_NEAR(read.value()[i], std::min(samples[i], 1.0F), 1.0 / 16384) << i;
  }
}

TEST(WriteWav, NamesTheFolderThatIsMissing) { EXPECT_FALSE(WriteWav("/nonexistent/folder/test.wav", {0.0F}).ok()); }

}  // namespace
}  // namespace lips
