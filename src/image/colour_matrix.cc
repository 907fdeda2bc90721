#include "image/colour_matrix.h"

#include <cmath>

namespace lips {
namespace {

struct Inverse {
  int64_t v_to_r, u_to_b, u_to_g, v_to_g;  // 16 fractional bits, limited range
};
constexpr Inverse kInverse601 = {104597, 132201, -25675, -53279};
constexpr Inverse kInverse709 = {117489, 138438, -13975, -34925};

// 16 fractional bits to 13, to nearest.
int16_t Narrow(int64_t factor) { return static_cast<int16_t>((factor * (1 << 13) + (1 << 15)) >> 16); }

int16_t Fixed15(double factor) { return static_cast<int16_t>(std::lround(factor * (1 << 15))); }

}  // namespace

kernels::YuvToBgrFactors YuvToBgrFactorsOf(YuvFormat format) {
  const Inverse& m = format.matrix == YuvMatrix::kBt709 ? kInverse709 : kInverse601;
  const bool full = format.range == YuvRange::kFull;
  // The tables hold limited-range factors; full range scales chroma back by 224 / 255, rounding towards zero.
  const auto chroma = [full](int64_t factor) { return Narrow(full ? factor * 224 / 255 : factor); };
  return {.black = BlackLuma(format.range),
          .y = Narrow(full ? 65536 : int64_t{65536} * 255 / 219),
          .u_to_b = chroma(m.u_to_b),
          .u_to_g = chroma(m.u_to_g),
          .v_to_g = chroma(m.v_to_g),
          .v_to_r = chroma(m.v_to_r)};
}

kernels::BgrToYuvFactors BgrToYuvFactorsOf(YuvFormat format) {
  const bool is_709 = format.matrix == YuvMatrix::kBt709;
  const double kr = is_709 ? 0.2126 : 0.299;
  const double kb = is_709 ? 0.0722 : 0.114;
  const bool full = format.range == YuvRange::kFull;
  const double luma = full ? 1.0 : 219.0 / 255.0;
  const double chroma = full ? 1.0 : 224.0 / 255.0;

  kernels::BgrToYuvFactors f;
  f.b_to_y = Fixed15(kb * luma);
  f.r_to_y = Fixed15(kr * luma);
  f.g_to_y = static_cast<int16_t>(std::lround(luma * (1 << 15)) - f.b_to_y - f.r_to_y);
  f.b_to_u = Fixed15(0.5 * chroma);
  f.r_to_u = Fixed15(-0.5 * kr / (1.0 - kb) * chroma);
  f.g_to_u = static_cast<int16_t>(-f.b_to_u - f.r_to_u);
  f.r_to_v = Fixed15(0.5 * chroma);
  f.b_to_v = Fixed15(-0.5 * kb / (1.0 - kr) * chroma);
  f.g_to_v = static_cast<int16_t>(-f.b_to_v - f.r_to_v);
  return f;
}

uint8_t BlackLuma(YuvRange range) { return range == YuvRange::kLimited ? 16 : 0; }

}  // namespace lips
