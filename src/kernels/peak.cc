#include "kernels/peak.h"

namespace lips::kernels {
namespace {
constexpr int kChains = 32;  // eight SSE registers
}

// What the compiler makes of plain multiplications and additions with the instructions every CPU has.
float PeakF32_scalar(size_t steps) {
  float x[kChains] = {};
  asm volatile("" : "+m"(x));  // or equal chains would be computed once
  float a = 1.0F;
  float b = 1.0F;
  asm volatile("" : "+x"(a), "+x"(b));  // or it would see that x * 1 is x
  for (size_t n = 0; n < steps; ++n) {
    for (float& chain : x) chain = chain * a + b;
  }
  float sum = 0;
  for (const float chain : x) sum += chain;
  return sum;
}

PeakLoop FastestPeakLoop(Isa isa, PeakKind kind) {
  if (isa >= Isa::kAvx512) {
    switch (kind) {
      case PeakKind::kF32: return {PeakF32_avx512, int64_t{16} * 16};
      case PeakKind::kBf16: return {PeakBf16_avx512, int64_t{16} * 32};
      case PeakKind::kInt8: return {PeakInt8_avx512, int64_t{16} * 64};
    }
  }
  if (isa == Isa::kAvx2) {
    if (kind == PeakKind::kInt8) return {PeakInt8_avx2, int64_t{12} * 32};
    return {PeakF32_avx2, int64_t{12} * 8};
  }
  return {PeakF32_scalar, kChains};
}

}  // namespace lips::kernels
