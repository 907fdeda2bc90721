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

// As many doubles.
#if !defined(LIPS_SIMDE)
struct D {
  __m512d low, high;
};
inline D ZeroDoubles() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
inline D SetDoubles(float x) { return {_mm512_set1_pd(x), _mm512_set1_pd(x)}; }
inline D LoadDoubles(const float* p) {
  return {_mm512_cvtps_pd(_mm256_loadu_ps(p)), _mm512_cvtps_pd(_mm256_loadu_ps(p + 8))};
}
inline D LoadDoubles(const double* p) { return {_mm512_loadu_pd(p), _mm512_loadu_pd(p + 8)}; }
inline D Add(D a, D b) { return {_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
inline D MulAdd(D a, D b, D c) {
  return {_mm512_fmadd_pd(a.low, b.low, c.low), _mm512_fmadd_pd(a.high, b.high, c.high)};
}
inline F ToFloats(D v) {
  const __m512d low = _mm512_castpd256_pd512(_mm256_castps_pd(_mm512_cvtpd_ps(v.low)));
  return _mm512_castpd_ps(_mm512_insertf64x4(low, _mm256_castps_pd(_mm512_cvtpd_ps(v.high)), 1));
}
#endif

inline F FloatsFrom32(__m512i v) { return _mm512_cvtepi32_ps(v); }
inline __m512i TruncateTo32(F v) { return _mm512_cvttps_epi32(v); }

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

// The lowest bytes of `bytes` as floats, kFloats of them or eight and zeros.
inline F FloatsFromBytes(uint64_t bytes) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(bytes))));
}
inline F LoadLevels(const uint8_t* p, F scale, F zero) {
  const __m128i levels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return Mul(Sub(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(levels)), zero), scale);
}
inline void StoreLevels(uint8_t* p, F v, F inverse, F zero) {
  const F level = Min(Max(MulAdd(v, inverse, zero), ZeroFloats()), SetFloats(255.0f));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(level)));
}

// Place i of rows[k] and place k of rows[i] change places.
inline void Transpose(F (&rows)[kFloats]) {
  F u[kFloats];  // u[4 g + j]: lane k holds place 4 k + j of the rows 4 g .. 4 g + 3
  for (size_t g = 0; g < kFloats; g += 4) {
    const F low01 = _mm512_unpacklo_ps(rows[g], rows[g + 1]), low23 = _mm512_unpacklo_ps(rows[g + 2], rows[g + 3]);
    const F high01 = _mm512_unpackhi_ps(rows[g], rows[g + 1]), high23 = _mm512_unpackhi_ps(rows[g + 2], rows[g + 3]);
    u[g] = _mm512_shuffle_ps(low01, low23, 0x44);
    u[g + 1] = _mm512_shuffle_ps(low01, low23, 0xee);
    u[g + 2] = _mm512_shuffle_ps(high01, high23, 0x44);
    u[g + 3] = _mm512_shuffle_ps(high01, high23, 0xee);
  }
  for (size_t j = 0; j < 4; ++j) {
    const F first01 = _mm512_shuffle_f32x4(u[j], u[4 + j], 0x44), last01 = _mm512_shuffle_f32x4(u[j], u[4 + j], 0xee);
    const F first23 = _mm512_shuffle_f32x4(u[8 + j], u[12 + j], 0x44);
    const F last23 = _mm512_shuffle_f32x4(u[8 + j], u[12 + j], 0xee);
    rows[j] = _mm512_shuffle_f32x4(first01, first23, 0x88);
    rows[4 + j] = _mm512_shuffle_f32x4(first01, first23, 0xdd);
    rows[8 + j] = _mm512_shuffle_f32x4(last01, last23, 0x88);
    rows[12 + j] = _mm512_shuffle_f32x4(last01, last23, 0xdd);
  }
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
