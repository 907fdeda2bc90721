// AVX-512 intrinsics that SIMDe 0.7 lacks or gets wrong, in terms of AVX2; for tests only (see simde_table.h).
#pragma once

#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx2.h>
#include <simde/x86/avx512.h>

namespace lips::kernels {
namespace {

inline simde__m512i FromHalves(__m256i low, __m256i high) {
  return simde_mm512_inserti64x4(simde_mm512_castsi256_si512(low), high, 1);
}
inline __m256i LowHalf(simde__m512i v) { return simde_mm512_castsi512_si256(v); }
inline __m256i HighHalf(simde__m512i v) { return simde_mm512_extracti64x4_epi64(v, 1); }

inline simde__m512i SimdeWiden8(__m256i bytes) {
  return FromHalves(_mm256_cvtepu8_epi16(_mm256_castsi256_si128(bytes)),
                    _mm256_cvtepu8_epi16(_mm256_extracti128_si256(bytes, 1)));
}
inline simde__m512i SimdeShiftRight32(simde__m512i v, int bits) {
  return FromHalves(_mm256_srai_epi32(LowHalf(v), bits), _mm256_srai_epi32(HighHalf(v), bits));
}

}  // namespace
}  // namespace lips::kernels

// NOLINTBEGIN(bugprone-reserved-identifier): completing SIMDe's own aliases
#define _mm512_cvtepu8_epi16(bytes) ::lips::kernels::SimdeWiden8(bytes)
#undef _mm512_madd_epi16  // SIMDe's alias takes four operands
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)
#define _mm512_srai_epi32(v, bits) ::lips::kernels::SimdeShiftRight32(v, bits)
// NOLINTEND(bugprone-reserved-identifier)
