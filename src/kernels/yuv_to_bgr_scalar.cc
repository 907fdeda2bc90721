#include "kernels/sample.h"
#include "kernels/yuv_to_bgr.h"

namespace lips::kernels {

void YuvToBgrRow_scalar(uint8_t* bgr, const uint8_t* y, const uint8_t* u, const uint8_t* v, size_t n,
                        const YuvToBgrFactors& f) {
  for (size_t i = 0; i < n; ++i) {
    const BgrSamples pixel = BgrOfYuv(y[i], u[i / 2], v[i / 2], f);
    bgr[3 * i] = pixel.b;
    bgr[3 * i + 1] = pixel.g;
    bgr[3 * i + 2] = pixel.r;
  }
}

}  // namespace lips::kernels
