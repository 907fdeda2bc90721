// The functions drawing needs, written out so that every machine draws the same bits: a C library's may differ.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace lips::demo {

inline constexpr float kPi = 3.14159265F;

inline float Clamp01(float x) { return std::clamp(x, 0.F, 1.F); }
inline float Lerp(float a, float b, float t) { return a + (b - a) * t; }
inline float Square(float x) { return x * x; }
inline int FloorInt(float x) {
  const int whole = static_cast<int>(x);
  return whole - (x < static_cast<float>(whole) ? 1 : 0);
}

// 0 below a, 1 above b, smooth between; a may be above b.
inline float Smooth(float a, float b, float x) {
  const float t = Clamp01((x - a) / (b - a));
  return t * t * (3 - 2 * t);
}

// e^x for x <= 0, relative error below 1e-5; 0 below -80.
inline float ExpNegative(float x) {
  if (x < -80) return 0;
  const float scaled = x * 1.44269504F;
  const int whole = FloorInt(scaled);
  const float r = (scaled - static_cast<float>(whole)) * 0.693147181F;
  const float power = 1 + r * (1 + r * (0.5F + r * (0.166666667F + r * (0.0416666667F + r * 0.00888F))));
  return power * std::bit_cast<float>(static_cast<uint32_t>(whole + 127) << 23);
}

// A bump of height 1 around (cx, cy).
inline float Bump(float x, float y, float cx, float cy, float sx, float sy) {
  return ExpNegative(-Square((x - cx) / sx) - Square((y - cy) / sy));
}
inline float Bump(float x, float cx, float sx) { return ExpNegative(-Square((x - cx) / sx)); }

// sin x, error below 1e-5 for |x| < 1000.
inline float Sin(float x) {
  const double turns = static_cast<double>(x) * 0.15915494309189535;
  const double nearest = static_cast<double>(FloorInt(static_cast<float>(turns) + 0.5F));
  double r = (turns - nearest) * 6.283185307179586;
  if (r > 1.5707963267948966) r = 3.141592653589793 - r;
  if (r < -1.5707963267948966) r = -3.141592653589793 - r;
  const double q = r * r;
  return static_cast<float>(
      r * (1 + q * (-1.0 / 6 + q * (1.0 / 120 + q * (-1.0 / 5040 + q * (1.0 / 362880 - q / 39916800))))));
}
inline float Cos(float x) { return Sin(x + 0.5F * kPi); }

inline uint32_t Hash(uint32_t a) {
  a = (a ^ (a >> 16)) * 0x7feb352dU;
  a = (a ^ (a >> 15)) * 0x846ca68bU;
  return a ^ (a >> 16);
}
inline uint32_t Hash(int x, int y, uint32_t seed) {
  return Hash(Hash(static_cast<uint32_t>(x) + seed * 0x9e3779b9U) + static_cast<uint32_t>(y));
}
inline float HashUnit(int x, int y, uint32_t seed) {  // [0, 1)
  return static_cast<float>(Hash(x, y, seed) >> 8) * (1.F / (1 << 24));
}

// Smooth noise in [-1, 1] with features about 1 wide.
inline float Noise(float x, float y, uint32_t seed) {
  const int ix = FloorInt(x);
  const int iy = FloorInt(y);
  const float u = Smooth(0, 1, x - static_cast<float>(ix));
  const float v = Smooth(0, 1, y - static_cast<float>(iy));
  const float top = Lerp(HashUnit(ix, iy, seed), HashUnit(ix + 1, iy, seed), u);
  const float bottom = Lerp(HashUnit(ix, iy + 1, seed), HashUnit(ix + 1, iy + 1, seed), u);
  return 2 * Lerp(top, bottom, v) - 1;
}

// Equal seeds give equal numbers everywhere (std's distributions do not).
class Random {
 public:
  explicit Random(uint32_t seed) : state_((uint64_t{Hash(seed)} << 32) | Hash(seed ^ 0x5bd1e995U)) {}
  uint32_t Bits() {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<uint32_t>(state_ >> 32);
  }
  float Unit() { return static_cast<float>(Bits() >> 8) * (1.F / (1 << 24)); }  // [0, 1)
  float Between(float low, float high) { return low + (high - low) * Unit(); }
  float Normal() {  // nearly; within 3.5
    float sum = Unit();
    for (int i = 0; i < 3; ++i) sum += Unit();  // one after the other: compilers may choose the order of operands
    return (sum - 2) * 1.7320508F;
  }

 private:
  uint64_t state_;
};

}  // namespace lips::demo
