#include "kernels/cubic.h"
#include "kernels/sample.h"

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
  for (size_t i = 0; i < n; ++i) {
    out[i] = CubicSample(rows[0][i] * factors[0] + rows[1][i] * factors[1] + rows[2][i] * factors[2] +
                         rows[3][i] * factors[3]);
  }
}

}  // namespace lips::kernels
