#include "kernels/yuv_to_bgr.h"

namespace lips::kernels {
namespace {

// The upper half of a 16 x 16 bit product: what pmulhw computes.
int HighProduct(int a, int b) { return (a * b) >> 16; }

uint8_t Clamp(int value) { return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }

}  // namespace

void YuvToBgrRow_scalar(uint8_t* bgr, const uint8_t* y, const uint8_t* u, const uint8_t* v, size_t n,
                        const YuvToBgrFactors& f) {
  for (size_t i = 0; i < n; ++i) {
    const int luma = HighProduct((y[i] - f.black) * 8, f.y);
    const int cb = (u[i / 2] - 128) * 8;
    const int cr = (v[i / 2] - 128) * 8;
    bgr[3 * i] = Clamp(luma + HighProduct(cb, f.u_to_b));
    bgr[3 * i + 1] = Clamp(luma + HighProduct(cb, f.u_to_g) + HighProduct(cr, f.v_to_g));
    bgr[3 * i + 2] = Clamp(luma + HighProduct(cr, f.v_to_r));
  }
}

}  // namespace lips::kernels
