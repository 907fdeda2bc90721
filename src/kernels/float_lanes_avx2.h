// Eight floats in an AVX2 register; float_lanes.h says what for.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

using F = __m256;
constexpr size_t kFloats = 8;

inline F LoadFloats(const float* p) { return _mm256_loadu_ps(p); }
inline void StoreFloats(float* p, F v) { _mm256_storeu_ps(p, v); }
inline F ZeroFloats() { return _mm256_setzero_ps(); }
inline F SetFloats(float x) { return _mm256_set1_ps(x); }
inline __m256i BitsOf(F v) { return _mm256_castps_si256(v); }
inline F FloatsOf(__m256i bits) { return _mm256_castsi256_ps(bits); }

inline F Add(F a, F b) { return _mm256_add_ps(a, b); }
inline F Sub(F a, F b) { return _mm256_sub_ps(a, b); }
inline F Mul(F a, F b) { return _mm256_mul_ps(a, b); }
inline F Div(F a, F b) { return _mm256_div_ps(a, b); }
inline F MulAdd(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }  // a * b + c, rounded once
inline F Max(F a, F b) { return _mm256_max_ps(a, b); }               // b where either is NaN
inline F Min(F a, F b) { return _mm256_min_ps(a, b); }               // b where either is NaN
inline F RoundToEven(F v) { return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

// As many doubles.
struct D {
  __m256d low, high;
};
inline D ZeroDoubles() { return {_mm256_setzero_pd(), _mm256_setzero_pd()}; }
inline D SetDoubles(float x) { return {_mm256_set1_pd(x), _mm256_set1_pd(x)}; }
inline D LoadDoubles(const float* p) {
  return {_mm256_cvtps_pd(_mm_loadu_ps(p)), _mm256_cvtps_pd(_mm_loadu_ps(p + 4))};
}
inline D LoadDoubles(const double* p) { return {_mm256_loadu_pd(p), _mm256_loadu_pd(p + 4)}; }
inline D Add(D a, D b) { return {_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)}; }
inline D MulAdd(D a, D b, D c) {
  return {_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}
inline F ToFloats(D v) { return _mm256_set_m128(_mm256_cvtpd_ps(v.high), _mm256_cvtpd_ps(v.low)); }

inline F FloatsFrom32(__m256i v) { return _mm256_cvtepi32_ps(v); }
inline __m256i TruncateTo32(F v) { return _mm256_cvttps_epi32(v); }

// v * 2^n for whole n in [-126, 127].
inline F ScaleByPower(F v, F n) {
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_mul_ps(v, FloatsOf(_mm256_slli_epi32(exponent, 23)));
}

// v, loaded once: without this GCC folds the load into every instruction that uses v and loads as often.
inline F InRegister(F v) {
  asm("" : "+x"(v));
  return v;
}

inline F LoadBf16(const uint16_t* p) {
  const __m128i numbers = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return FloatsOf(_mm256_slli_epi32(_mm256_cvtepu16_epi32(numbers), 16));
}
inline void StoreBf16(uint16_t* p, F v) {
  const __m256i bits = BitsOf(v);
  const __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i number = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
  const __m256i subnormal = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x00800000), magnitude);
  number = _mm256_blendv_epi8(number, _mm256_andnot_si256(magnitude, bits), subnormal);
  const __m256i nan = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(0x7f800000));
  number = _mm256_blendv_epi8(number, _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000)), nan);
  number = _mm256_srli_epi32(number, 16);
  number = _mm256_permute4x64_epi64(_mm256_packus_epi32(number, number), 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(number));
}

// The lowest bytes of `bytes` as floats, kFloats of them or eight and zeros.
inline F FloatsFromBytes(uint64_t bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(bytes))));
}
inline F LoadLevels(const uint8_t* p, F scale, F zero) {
  const __m128i levels = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
  return Mul(Sub(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(levels)), zero), scale);
}
inline void StoreLevels(uint8_t* p, F v, F inverse, F zero) {
  const F level = Min(Max(MulAdd(v, inverse, zero), ZeroFloats()), SetFloats(255.0f));
  const __m256i whole = _mm256_cvtps_epi32(level);
  const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(words, words));
}

// Place i of rows[k] and place k of rows[i] change places.
inline void Transpose(F (&rows)[kFloats]) {
  F u[kFloats];  // u[4 g + j]: lane k holds place 4 k + j of the rows 4 g .. 4 g + 3
  for (size_t g = 0; g < kFloats; g += 4) {
    const F low01 = _mm256_unpacklo_ps(rows[g], rows[g + 1]), low23 = _mm256_unpacklo_ps(rows[g + 2], rows[g + 3]);
    const F high01 = _mm256_unpackhi_ps(rows[g], rows[g + 1]), high23 = _mm256_unpackhi_ps(rows[g + 2], rows[g + 3]);
    u[g] = _mm256_shuffle_ps(low01, low23, 0x44);
    u[g + 1] = _mm256_shuffle_ps(low01, low23, 0xee);
    u[g + 2] = _mm256_shuffle_ps(high01, high23, 0x44);
    u[g + 3] = _mm256_shuffle_ps(high01, high23, 0xee);
  }
  for (size_t j = 0; j < 4; ++j) {
    rows[j] = _mm256_permute2f128_ps(u[j], u[4 + j], 0x20);
    rows[4 + j] = _mm256_permute2f128_ps(u[j], u[4 + j], 0x31);
  }
}

}  // namespace
}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
