// Sixteen floats in an AVX-512 register; float_lanes.h says what for.
#pragma once

#if defined(LIPS_SIMDE)
#include "kernels/simde_float_gaps.h"
#else
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

using F = __m512;
constexpr size_t kFloats = 16;

inline F LoadFloats(const float* p) { return _mm512_loadu_ps(p); }
inline void StoreFloats(float* p, F v) { _mm512_storeu_ps(p, v); }
inline F ZeroFloats() { return _mm512_setzero_ps(); }
inline F SetFloats(float x) { return _mm512_set1_ps(x); }
inline __m512i BitsOf(F v) { return _mm512_castps_si512(v); }
inline F FloatsOf(__m512i bits) { return _mm512_castsi512_ps(bits); }

inline F Add(F a, F b) { return _mm512_add_ps(a, b); }
inline F Sub(F a, F b) { return _mm512_sub_ps(a, b); }
inline F Mul(F a, F b) { return _mm512_mul_ps(a, b); }
inline F Div(F a, F b) { return _mm512_div_ps(a, b); }
inline F MulAdd(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }  // a * b + c, rounded once
inline F Max(F a, F b) { return _mm512_max_ps(a, b); }               // b where either is NaN
inline F Min(F a, F b) { return _mm512_min_ps(a, b); }               // b where either is NaN
inline F RoundToEven(F v) { return _mm512_roundscale_ps(v, 0x08); }  // 8: no exceptions

// v * 2^n for whole n in [-126, 127].
inline F ScaleByPower(F v, F n) { return _mm512_scalef_ps(v, n); }

// v, loaded once: without this GCC folds the load into every instruction that uses v and loads as often.
inline F InRegister(F v) {
#if !defined(LIPS_SIMDE)
  asm("" : "+v"(v));
#endif
  return v;
}

inline F LoadBf16(const uint16_t* p) {
  const __m256i numbers = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return FloatsOf(_mm512_slli_epi32(_mm512_cvtepu16_epi32(numbers), 16));
}
inline void StoreBf16(uint16_t* p, F v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), __m256i(_mm512_cvtneps_pbh(v)));
}

inline F LoadLevels(const uint8_t* p, F scale, F zero) {
  const __m128i levels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return Mul(Sub(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(levels)), zero), scale);
}
inline void StoreLevels(uint8_t* p, F v, F inverse, F zero) {
  const F level = Min(Max(MulAdd(v, inverse, zero), ZeroFloats()), SetFloats(255.0f));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(level)));
}

// sums[i] + the products of pairs (bf16, as 32-bit pairs) of a and b: the odd places first, then the even ones, each
// sum rounded to float; subnormals count as zero throughout.
inline F DotBf16(F sums, __m512i a, __m512i b) {
#if defined(LIPS_SIMDE)
  return SimdeDotBf16(sums, a, b);  // SIMDe's type for a register of bf16 is another one
#else
  return _mm512_dpbf16_ps(sums, __m512bh(a), __m512bh(b));
#endif
}
// sums[i] + the four products of unsigned bytes of a and signed bytes of b; exact, wraps around.
inline __m512i DotBytes(__m512i sums, __m512i a, __m512i b) { return _mm512_dpbusd_epi32(sums, a, b); }

}  // namespace
}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
