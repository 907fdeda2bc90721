#include "kernels/peak.h"

#include <gtest/gtest.h>

namespace lips::kernels {
namespace {

// A loop that skipped work, or whose count is wrong, would make every fraction of the peak a lie.
TEST(PeakLoop, DoesAsManyMultiplyAccumulatesAsItSays) {
  for (int isa = 0; isa <= static_cast<int>(ActiveIsa()); ++isa) {
    for (const PeakKind kind : {PeakKind::kF32, PeakKind::kBf16, PeakKind::kInt8}) {
      const PeakLoop loop = FastestPeakLoop(static_cast<Isa>(isa), kind);
      for (const size_t steps : {size_t{0}, size_t{1}, size_t{100}}) {
        EXPECT_EQ(loop.run(steps), static_cast<float>(static_cast<int64_t>(steps) * loop.macs_per_step))
            << "isa " << isa << " kind " << static_cast<int>(kind);
      }
    }
  }
}

TEST(PeakLoop, ABetterInstructionSetNeverDoesLessPerStep) {
  for (const PeakKind kind : {PeakKind::kF32, PeakKind::kBf16, PeakKind::kInt8}) {
    EXPECT_LT(FastestPeakLoop(Isa::kScalar, kind).macs_per_step, FastestPeakLoop(Isa::kAvx2, kind).macs_per_step);
    EXPECT_LT(FastestPeakLoop(Isa::kAvx2, kind).macs_per_step, FastestPeakLoop(Isa::kAvx512, kind).macs_per_step);
  }
}

}  // namespace
}  // namespace lips::kernels
