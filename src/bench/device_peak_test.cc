#include "bench/device_peak.h"

#include <gtest/gtest.h>

namespace lips {
namespace {

// On the CPU, in memory of its own, as tests have no device.
TEST(DevicePeak, MeasuresProductsAndMemoryInBothPrecisions) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  std::vector<DevicePeak> peaks;
  for (const Precision precision : {Precision::kF32, Precision::kF16}) {
    const auto peak = MeasureDevicePeak({.backend = Backend::kOnnxRuntime, .threads = 1, .precision = precision},
                                        {.matrix = 96, .vector = 5000, .steps = 3, .rounds = 2});
    ASSERT_TRUE(peak.ok()) << peak.error().message();
    EXPECT_GT(peak.value().matrix_gflops, 0);
    EXPECT_LT(peak.value().matrix_gflops, 1e5);  // no CPU does more: else something was left out
    EXPECT_GT(peak.value().memory_gb_s, 0);
    peaks.push_back(peak.value());
  }
  EXPECT_GT(ToJson(peaks).Find("f16")->Find("matrix_gflops")->as_double(), 0);
}

}  // namespace
}  // namespace lips
