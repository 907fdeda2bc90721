// Four 16-byte lanes in an AVX-512 register; lanes.h says what for.
#pragma once

#if defined(LIPS_SIMDE)
#include "kernels/simde_gaps.h"
#else
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

using Vec = __m512i;
constexpr size_t kLanes = 4;

inline __m128i LoadLane(const uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline void StoreLane(uint8_t* p, __m128i lane) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), lane); }

inline Vec Load(const void* p) { return _mm512_loadu_si512(p); }
inline void Store(void* p, Vec v) { _mm512_storeu_si512(p, v); }
inline Vec Zero() { return _mm512_setzero_si512(); }
inline Vec Set16(int16_t x) { return _mm512_set1_epi16(x); }
inline Vec Set32(int32_t x) { return _mm512_set1_epi32(x); }
inline Vec FromLane(__m128i lane) { return _mm512_broadcast_i32x4(lane); }
inline Vec FromLanes(__m128i l0, __m128i l1, __m128i l2, __m128i l3) {
  const Vec v = _mm512_inserti32x4(_mm512_castsi128_si512(l0), l1, 1);
  return _mm512_inserti32x4(_mm512_inserti32x4(v, l2, 2), l3, 3);
}

// Lane k from p + k * stride_bytes.
inline Vec LoadLanes(const void* p, size_t stride_bytes) {
  const auto* q = static_cast<const uint8_t*>(p);
  return FromLanes(LoadLane(q), LoadLane(q + stride_bytes), LoadLane(q + 2 * stride_bytes),
                   LoadLane(q + 3 * stride_bytes));
}
// Lane k from p + offsets[k].
inline Vec LoadLanesAt(const uint8_t* p, const int32_t* offsets) {
  return FromLanes(LoadLane(p + offsets[0]), LoadLane(p + offsets[1]), LoadLane(p + offsets[2]),
                   LoadLane(p + offsets[3]));
}
// Lane k to p + k * stride_bytes, in ascending order, so a later lane wins where they overlap.
inline void StoreLanes(void* p, size_t stride_bytes, Vec v) {
  auto* q = static_cast<uint8_t*>(p);
  StoreLane(q, _mm512_castsi512_si128(v));
  StoreLane(q + stride_bytes, _mm512_extracti32x4_epi32(v, 1));
  StoreLane(q + 2 * stride_bytes, _mm512_extracti32x4_epi32(v, 2));
  StoreLane(q + 3 * stride_bytes, _mm512_extracti32x4_epi32(v, 3));
}

inline Vec Or(Vec a, Vec b) { return _mm512_or_si512(a, b); }
inline Vec And(Vec a, Vec b) { return _mm512_and_si512(a, b); }
inline Vec Add16(Vec a, Vec b) { return _mm512_add_epi16(a, b); }
inline Vec Sub16(Vec a, Vec b) { return _mm512_sub_epi16(a, b); }
inline Vec Add32(Vec a, Vec b) { return _mm512_add_epi32(a, b); }
inline Vec Min16(Vec a, Vec b) { return _mm512_min_epi16(a, b); }
inline Vec Max16(Vec a, Vec b) { return _mm512_max_epi16(a, b); }
inline Vec MulLow16(Vec a, Vec b) { return _mm512_mullo_epi16(a, b); }
inline Vec MulHigh16(Vec a, Vec b) { return _mm512_mulhi_epi16(a, b); }
inline Vec MulRound16(Vec a, Vec b) { return _mm512_mulhrs_epi16(a, b); }  // (a * b + 2^14) / 2^15
inline Vec Mul32(Vec a, Vec b) { return _mm512_mullo_epi32(a, b); }
inline Vec MulAddPairs16(Vec a, Vec b) { return _mm512_madd_epi16(a, b); }
template <int kBits>
inline Vec ShiftLeft16(Vec v) {
  return _mm512_slli_epi16(v, kBits);
}
template <int kBits>
inline Vec ShiftRightUnsigned16(Vec v) {
  return _mm512_srli_epi16(v, kBits);
}
template <int kBits>
inline Vec ShiftRight16(Vec v) {
  return _mm512_srai_epi16(v, kBits);
}
template <int kBits>
inline Vec ShiftRight32(Vec v) {
  return _mm512_srai_epi32(v, kBits);
}

// Within each lane, like the instructions of 128 bits.
inline Vec Shuffle8(Vec v, Vec places) { return _mm512_shuffle_epi8(v, places); }
inline Vec UnpackLow8(Vec a, Vec b) { return _mm512_unpacklo_epi8(a, b); }
inline Vec UnpackHigh8(Vec a, Vec b) { return _mm512_unpackhi_epi8(a, b); }
inline Vec UnpackLow16(Vec a, Vec b) { return _mm512_unpacklo_epi16(a, b); }
inline Vec UnpackHigh16(Vec a, Vec b) { return _mm512_unpackhi_epi16(a, b); }
inline Vec Pack32To16(Vec a, Vec b) { return _mm512_packs_epi32(a, b); }
inline Vec Pack16To8(Vec a, Vec b) { return _mm512_packus_epi16(a, b); }  // clamps to 0..255

// Across lanes: 8 kLanes bytes as words, and words clamped to bytes.
inline Vec LoadWiden8(const uint8_t* p) {
  return _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline void StoreClamped8(uint8_t* p, Vec words) {
  const Vec bytes =
      _mm512_permutexvar_epi64(_mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0), _mm512_packus_epi16(words, words));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_castsi512_si256(bytes));
}
// The i-th 32 bits of lane k go to place i * kLanes + k.
inline Vec Transpose32(Vec v) {
  return _mm512_permutexvar_epi32(_mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0), v);
}

}  // namespace
}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
