#include "kernels/cubic.h"

namespace lips::kernels {

void CubicAcross_scalar(int32_t* out, const uint8_t* row, const int32_t* offsets, const int16_t* factors, size_t n) {
  for (size_t x = 0; x < n; ++x) {
    const uint8_t* pixels = row + offsets[x];
    const int16_t* f = factors + kCubicTaps * x;
    for (size_t c = 0; c < 3; ++c) {
      out[3 * x + c] = pixels[c] * f[0] + pixels[c + 3] * f[1] + pixels[c + 6] * f[2] + pixels[c + 9] * f[3];
    }
  }
}

void CubicDown_scalar(uint8_t* out, const int32_t* const* rows, const int16_t* factors, size_t n) {
  constexpr int kShift = 2 * kCubicBits;
  for (size_t i = 0; i < n; ++i) {
    const int32_t sum =
        rows[0][i] * factors[0] + rows[1][i] * factors[1] + rows[2][i] * factors[2] + rows[3][i] * factors[3];
    const int32_t value = (sum + (1 << (kShift - 1))) >> kShift;
    out[i] = static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

}  // namespace lips::kernels
