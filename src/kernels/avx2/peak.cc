#include "kernels/peak.h"

#include <immintrin.h>

namespace lips::kernels {
namespace {

// Chain loops are unrolled whatever the optimisation level: only then does every accumulator have a register.
constexpr int kChains = 12;  // of 16 registers; two units with a latency of 4 or 5 need 8 to 10

float Sum(__m256 v) {
  float lanes[8];
  _mm256_storeu_ps(lanes, v);
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  return sum;
}

}  // namespace

float PeakF32_avx2(size_t steps) {
  __m256 x[kChains];
#pragma GCC unroll 12
  for (__m256& chain : x) {
    chain = _mm256_setzero_ps();
    asm volatile("" : "+x"(chain));  // or equal chains would be computed once
  }
  __m256 a = _mm256_set1_ps(1.0F);
  asm volatile("" : "+x"(a));  // a compiler that knows it is 1 need not multiply
  for (size_t n = 0; n < steps; ++n) {
#pragma GCC unroll 12
    for (__m256& chain : x) chain = _mm256_fmadd_ps(a, a, chain);
    asm volatile("" : "+x"(x[0]));  // nor may it take several steps at once
  }
  float sum = 0;
#pragma GCC unroll 12
  for (const __m256& chain : x) sum += Sum(chain);
  return sum;
}

float PeakInt8_avx2(size_t steps) {
  __m256i x[kChains];
#pragma GCC unroll 12
  for (__m256i& chain : x) {
    chain = _mm256_setzero_si256();
    asm volatile("" : "+x"(chain));  // or equal chains would be computed once
  }
  __m256i a = _mm256_set1_epi8(1);
  const __m256i ones = _mm256_set1_epi16(1);
  for (size_t n = 0; n < steps; ++n) {
#pragma GCC unroll 12
    for (__m256i& chain : x) {
      asm volatile("" : "+x"(a));  // or the products would be computed once
      chain = _mm256_add_epi32(chain, _mm256_madd_epi16(_mm256_maddubs_epi16(a, a), ones));
    }
  }
  float sum = 0;
#pragma GCC unroll 12
  for (const __m256i& chain : x) sum += Sum(_mm256_cvtepi32_ps(chain));
  return sum;
}

}  // namespace lips::kernels
