// What the scalar kernels of pictures do to a single sample. All of it is constexpr, which CUDA's compiler takes for a
// device too: the kernels there (engine/cuda) give the same bits because they call the same functions.
#pragma once

#include <cstdint>

#include "kernels/bgr_to_yuv.h"
#include "kernels/cubic.h"
#include "kernels/match.h"
#include "kernels/yuv_to_bgr.h"

namespace lips::kernels {

constexpr uint8_t ClampToByte(int value) { return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }

// match.h: what a sample counts whose pictures differ by `d`.
constexpr int MatchCount(int weight, int d) {
  const int away = d < 0 ? -d : d;
  return away < kMatchOther ? weight * (kMatchOther - away) : 0;
}

// match.h: a sample of BlendMatched's `out`.
constexpr uint8_t BlendMatchedSample(int roi, int mouth, int weight, int above, int below, int part) {
  static_assert(kMatchParts * kMatchSteps == 1 << 9);
  const int field = above * (kMatchSteps - part) + below * part;
  const int level = (field + (1 << 8) + (field < 0 ? -1 : 0)) >> 9;
  const int matched = ClampToByte(mouth + level);
  const int of_matched = weight * 128 + weight / 2;  // 255 becomes 2^15 - 1, near enough to 1
  return static_cast<uint8_t>(roi + ((of_matched * (matched - roi) + (1 << 14)) >> 15));
}

// cubic.h: a sample of Down, of the sum over all taps.
constexpr uint8_t CubicSample(int32_t sum) {
  constexpr int kShift = 2 * kCubicBits;
  return ClampToByte((sum + (1 << (kShift - 1))) >> kShift);
}

// bgr_to_yuv.h: a luma sample whose pixel changes by b, g, r.
constexpr uint8_t MovedLuma(int y, int b, int g, int r, const BgrToYuvFactors& f) {
  return ClampToByte(y + ((b * f.b_to_y + g * f.g_to_y + r * f.r_to_y + (1 << 14)) >> 15));
}

// bgr_to_yuv.h: a chroma sample whose 2x2 block changes by b, g, r in total.
constexpr uint8_t MovedU(int u, int b, int g, int r, const BgrToYuvFactors& f) {
  return ClampToByte(u + ((b * f.b_to_u + g * f.g_to_u + r * f.r_to_u + (1 << 16)) >> 17));
}
constexpr uint8_t MovedV(int v, int b, int g, int r, const BgrToYuvFactors& f) {
  return ClampToByte(v + ((b * f.b_to_v + g * f.g_to_v + r * f.r_to_v + (1 << 16)) >> 17));
}

// The upper half of a 16 x 16 bit product: what pmulhw computes.
constexpr int HighProduct(int a, int b) { return (a * b) >> 16; }

// yuv_to_bgr.h: a pixel.
struct BgrSamples {
  uint8_t b, g, r;
};
constexpr BgrSamples BgrOfYuv(int y, int u, int v, const YuvToBgrFactors& f) {
  const int luma = HighProduct((y - f.black) * 8, f.y), cb = (u - 128) * 8, cr = (v - 128) * 8;
  return {ClampToByte(luma + HighProduct(cb, f.u_to_b)),
          ClampToByte(luma + HighProduct(cb, f.u_to_g) + HighProduct(cr, f.v_to_g)),
          ClampToByte(luma + HighProduct(cr, f.v_to_r))};
}

}  // namespace lips::kernels
