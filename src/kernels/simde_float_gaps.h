// Float intrinsics of AVX-512 that SIMDe 0.7 lacks or rounds in another way, number by number; for tests only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/number_scalar.h"
#include "kernels/simde_gaps.h"

namespace lips::kernels {
namespace {

// The numbers in a register, in order.
template <typename T, typename Register>
struct Numbers {
  explicit Numbers(const Register& v) { std::memcpy(at, &v, sizeof v); }
  T at[sizeof(Register) / sizeof(T)];
};
template <typename T, typename Register>
Numbers<T, Register> NumbersIn(const Register& v) {
  return Numbers<T, Register>(v);
}
// out[i] = number(i), for a register of T.
template <typename Register, typename T, typename Number>
Register MadeOf(const Number& number) {
  T numbers[sizeof(Register) / sizeof(T)];
  for (size_t i = 0; i < sizeof(Register) / sizeof(T); ++i) numbers[i] = number(i);
  Register v;
  std::memcpy(&v, numbers, sizeof v);
  return v;
}

// Sixteen doubles; float_lanes_avx512.h has them in two registers.
struct D {
  double at[16];
};
template <typename Number>
D DoublesOf(const Number& number) {
  D v;
  for (size_t i = 0; i < 16; ++i) v.at[i] = number(i);
  return v;
}
inline D ZeroDoubles() { return {}; }
inline D SetDoubles(float x) {
  return DoublesOf([&](size_t) { return double{x}; });
}
template <typename T>
D LoadDoubles(const T* p) {
  return DoublesOf([&](size_t i) { return double{p[i]}; });
}
inline D Add(const D& a, const D& b) {
  return DoublesOf([&](size_t i) { return a.at[i] + b.at[i]; });
}
inline D MulAdd(const D& a, const D& b, const D& c) {
  return DoublesOf([&](size_t i) { return std::fma(a.at[i], b.at[i], c.at[i]); });
}
inline simde__m512 ToFloats(const D& v) {
  return MadeOf<simde__m512, float>([&](size_t i) { return static_cast<float>(v.at[i]); });
}

inline float ZeroIfSubnormal(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }

inline simde__m512 SimdeMulAdd(simde__m512 a, simde__m512 b, simde__m512 c) {
  const auto x = NumbersIn<float>(a), y = NumbersIn<float>(b), z = NumbersIn<float>(c);
  return MadeOf<simde__m512, float>([&](size_t i) { return std::fma(x.at[i], y.at[i], z.at[i]); });
}
inline simde__m512 SimdeRoundToEven(simde__m512 v) {
  const auto x = NumbersIn<float>(v);
  return MadeOf<simde__m512, float>([&](size_t i) { return std::nearbyint(x.at[i]); });
}
inline simde__m512 SimdeScale(simde__m512 v, simde__m512 n) {
  const auto x = NumbersIn<float>(v), power = NumbersIn<float>(n);
  return MadeOf<simde__m512, float>([&](size_t i) {
    if (std::isnan(power.at[i])) return power.at[i];
    return std::ldexp(x.at[i], static_cast<int>(std::clamp(std::floor(power.at[i]), -1000.0F, 1000.0F)));
  });
}
inline simde__m512 SimdeShuffleLanes(simde__m512 a, simde__m512 b, int lanes) {
  const auto x = NumbersIn<float>(a), y = NumbersIn<float>(b);
  return MadeOf<simde__m512, float>([&](size_t i) {
    const size_t from = static_cast<size_t>(lanes >> (i / 4 * 2) & 3) * 4 + i % 4;
    return i < 8 ? x.at[from] : y.at[from];
  });
}
inline simde__m512i SimdeRound32(simde__m512 v) {
  const auto x = NumbersIn<float>(v);
  return MadeOf<simde__m512i, int32_t>([&](size_t i) {
    const float whole = std::nearbyint(x.at[i]);
    return std::fabs(whole) < 0x1p31f ? static_cast<int32_t>(whole) : INT32_MIN;
  });
}
inline simde__m512i SimdeTruncate32(simde__m512 v) {
  const auto x = NumbersIn<float>(v);
  return MadeOf<simde__m512i, int32_t>(
      [&](size_t i) { return std::fabs(x.at[i]) < 0x1p31f ? static_cast<int32_t>(x.at[i]) : INT32_MIN; });
}
inline simde__m512 SimdeFloats(simde__m512i v) {
  const auto x = NumbersIn<int32_t>(v);
  return MadeOf<simde__m512, float>([&](size_t i) { return static_cast<float>(x.at[i]); });
}
inline simde__m512i SimdeWiden16To32(simde__m256i v) {
  const auto x = NumbersIn<uint16_t>(v);
  return MadeOf<simde__m512i, int32_t>([&](size_t i) { return int32_t{x.at[i]}; });
}
inline simde__m512i SimdeWiden8To32(simde__m128i v) {
  const auto x = NumbersIn<uint8_t>(v);
  return MadeOf<simde__m512i, int32_t>([&](size_t i) { return int32_t{x.at[i]}; });
}
inline simde__m128i SimdeNarrow32To8(simde__m512i v) {
  const auto x = NumbersIn<int32_t>(v);
  return MadeOf<simde__m128i, uint8_t>([&](size_t i) { return static_cast<uint8_t>(x.at[i]); });
}
inline simde__m256i SimdeRoundToBf16(simde__m512 v) {
  const auto x = NumbersIn<float>(v);
  return MadeOf<simde__m256i, uint16_t>([&](size_t i) { return Bf16FromFloat(x.at[i]); });
}
inline simde__m512 SimdeDotBf16(simde__m512 sums, simde__m512i a, simde__m512i b) {
  const auto s = NumbersIn<float>(sums);
  const auto x = NumbersIn<uint16_t>(a), y = NumbersIn<uint16_t>(b);
  return MadeOf<simde__m512, float>([&](size_t i) {
    float sum = ZeroIfSubnormal(s.at[i]);
    for (const size_t place : {2 * i + 1, 2 * i}) {
      sum = ZeroIfSubnormal(
          std::fma(ZeroIfSubnormal(FloatFromBf16(x.at[place])), ZeroIfSubnormal(FloatFromBf16(y.at[place])), sum));
    }
    return sum;
  });
}
inline simde__m512i SimdeDotBytes(simde__m512i sums, simde__m512i a, simde__m512i b) {
  const auto s = NumbersIn<uint32_t>(sums);
  const auto x = NumbersIn<uint8_t>(a);
  const auto y = NumbersIn<int8_t>(b);
  return MadeOf<simde__m512i, uint32_t>([&](size_t i) {
    uint32_t sum = s.at[i];
    for (size_t k = 4 * i; k < 4 * i + 4; ++k) sum += static_cast<uint32_t>(x.at[k] * y.at[k]);
    return sum;
  });
}

}  // namespace
}  // namespace lips::kernels

// NOLINTBEGIN(bugprone-reserved-identifier): completing SIMDe's own aliases
#undef _mm512_fmadd_ps  // SIMDe's rounds the product
#define _mm512_fmadd_ps(a, b, c) ::lips::kernels::SimdeMulAdd(a, b, c)
#undef _mm512_roundscale_ps
#define _mm512_roundscale_ps(v, mode) ::lips::kernels::SimdeRoundToEven(v)
#undef _mm512_scalef_ps
#define _mm512_scalef_ps(v, n) ::lips::kernels::SimdeScale(v, n)
#undef _mm512_dpbusd_epi32
#define _mm512_dpbusd_epi32(sums, a, b) ::lips::kernels::SimdeDotBytes(sums, a, b)
#define _mm512_shuffle_f32x4(a, b, lanes) ::lips::kernels::SimdeShuffleLanes(a, b, lanes)
#define _mm512_cvtps_epi32(v) ::lips::kernels::SimdeRound32(v)
#define _mm512_cvttps_epi32(v) ::lips::kernels::SimdeTruncate32(v)
#define _mm512_cvtepi32_ps(v) ::lips::kernels::SimdeFloats(v)
#define _mm512_cvtepu16_epi32(v) ::lips::kernels::SimdeWiden16To32(v)
#define _mm512_cvtepu8_epi32(v) ::lips::kernels::SimdeWiden8To32(v)
#define _mm512_cvtepi32_epi8(v) ::lips::kernels::SimdeNarrow32To8(v)
#define _mm512_cvtneps_pbh(v) ::lips::kernels::SimdeRoundToBf16(v)
// NOLINTEND(bugprone-reserved-identifier)
