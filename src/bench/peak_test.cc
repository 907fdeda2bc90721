#include "bench/peak.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

// Any CPU this runs on does more than a tenth of a GFLOP/s, and none does a petaflop: units, not speed.
TEST(MeasurePeak, GivesPlausibleNumbersForOneAndMoreThreads) {
  for (const int threads : {1, 3}) {
    const Peak peak = MeasurePeak(threads);
    EXPECT_EQ(peak.threads, threads);
    for (const Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8}) {
      EXPECT_GT(peak.For(precision), 0.1) << Name(precision);
      EXPECT_LT(peak.For(precision), 1e6) << Name(precision);
    }
    EXPECT_EQ(peak.ToJson().members().size(), 4u);
  }
}

TEST(Peak, AnswersForThePrecisionAsked) {
  const Peak peak = {.threads = 1, .f32_gflops = 1, .bf16_gflops = 2, .int8_gflops = 3};
  EXPECT_EQ(peak.For(Precision::kF32), 1);
  EXPECT_EQ(peak.For(Precision::kBf16), 2);
  EXPECT_EQ(peak.For(Precision::kInt8), 3);
}

}  // namespace
}  // namespace lips
