#include "kernels/bgr_pixels.h"
#include "kernels/number_scalar.h"

namespace lips::kernels {

void BgrPixelsRow_scalar(const BgrPixelsRowArgs& a) {
  for (size_t i = 0; i < static_cast<size_t>(a.pixels); ++i) {
    for (size_t c = 0; c < kChannelBlock; ++c) {
      const int level = c < 3 ? a.roi[3 * i + c] : c < 6 ? a.masked[3 * i + c - 3] : 0;
      StoreNumber(a.out, i * a.out_stride + c, static_cast<float>(level) / 255.0f, a.out_type, a.quantisation, c);
    }
  }
}

}  // namespace lips::kernels
