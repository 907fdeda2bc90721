#include "bench/material.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "audio/mel.h"
#include "audio/sample_speech.h"
#include "media/speech.h"

namespace lips {
namespace {

TEST(WriteWav, IsReadBackWithinHalfAStep) {
  std::string name = (std::filesystem::temp_directory_path() / "lipstream_bench_XXXXXX").string();
  const Path folder = ::mkdtemp(name.data());
  std::vector<float> samples = SampleSpeech();
  samples[1000] = 2;  // clipped
  ASSERT_TRUE(WriteWav(folder / "test.wav", samples).ok());
  const auto read = ReadSpeech(folder / "test.wav", int64_t{2} * kModelRateHz);
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(read.ok()) << read.error().message();
  ASSERT_EQ(read.value().samples_16k.size(), size_t{2} * kModelRateHz);
  for (size_t i = 0; i < read.value().samples_16k.size(); ++i) {
    ASSERT_NEAR(read.value().samples_16k[i], std::min(samples[i], 1.0F), 1.0 / 16384) << i;
  }
}

TEST(WriteWav, NamesTheFolderThatIsMissing) { EXPECT_FALSE(WriteWav("/nonexistent/folder/test.wav", {0.0F}).ok()); }

}  // namespace
}  // namespace lips
