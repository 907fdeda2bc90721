#include "kernels/peak.h"

#include <immintrin.h>

namespace lips::kernels {
namespace {

// Chain loops are unrolled whatever the optimisation level: only then does every accumulator have a register.
constexpr int kChains = 16;  // two units with a latency of at most 6 need 12

float Sum(const __m512* x) {
  float sum = 0;
#pragma GCC unroll 16
  for (int i = 0; i < kChains; ++i) sum += _mm512_reduce_add_ps(x[i]);
  return sum;
}

}  // namespace

float PeakF32_avx512(size_t steps) {
  __m512 x[kChains];
#pragma GCC unroll 16
  for (__m512& chain : x) {
    chain = _mm512_setzero_ps();
    asm volatile("" : "+v"(chain));  // or equal chains would be computed once
  }
  __m512 a = _mm512_set1_ps(1.0F);
  asm volatile("" : "+v"(a));  // a compiler that knows it is 1 need not multiply
  for (size_t n = 0; n < steps; ++n) {
#pragma GCC unroll 16
    for (__m512& chain : x) chain = _mm512_fmadd_ps(a, a, chain);
    asm volatile("" : "+v"(x[0]));  // nor may it take several steps at once
  }
  return Sum(x);
}

float PeakBf16_avx512(size_t steps) {
  __m512 x[kChains];
#pragma GCC unroll 16
  for (__m512& chain : x) {
    chain = _mm512_setzero_ps();
    asm volatile("" : "+v"(chain));  // or equal chains would be computed once
  }
  const __m512bh a = reinterpret_cast<__m512bh>(_mm512_set1_epi32(0x3f803f80));  // pairs of 1
  for (size_t n = 0; n < steps; ++n) {
#pragma GCC unroll 16
    for (__m512& chain : x) chain = _mm512_dpbf16_ps(chain, a, a);
    asm volatile("" : "+v"(x[0]));
  }
  return Sum(x);
}

float PeakInt8_avx512(size_t steps) {
  __m512i x[kChains];
#pragma GCC unroll 16
  for (__m512i& chain : x) {
    chain = _mm512_setzero_si512();
    asm volatile("" : "+v"(chain));  // or equal chains would be computed once
  }
  const __m512i a = _mm512_set1_epi8(1);
  for (size_t n = 0; n < steps; ++n) {
#pragma GCC unroll 16
    for (__m512i& chain : x) chain = _mm512_dpbusd_epi32(chain, a, a);
    asm volatile("" : "+v"(x[0]));
  }
  __m512 floats[kChains];
#pragma GCC unroll 16
  for (int i = 0; i < kChains; ++i) floats[i] = _mm512_cvtepi32_ps(x[i]);
  return Sum(floats);
}

}  // namespace lips::kernels
