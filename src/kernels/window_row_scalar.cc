#include "kernels/number_scalar.h"
#include "kernels/window_row.h"

namespace lips::kernels {

void WindowRow_scalar(const WindowRowArgs& a) {
  const auto taps_across = static_cast<size_t>(a.taps_across);
  for (size_t x = 0; x < static_cast<size_t>(a.width); ++x) {
    for (size_t c = 0; c < static_cast<size_t>(a.channels); ++c) {
      float sum = a.bias[c];
      for (size_t r = 0; r < static_cast<size_t>(a.taps_down); ++r) {
        for (size_t q = 0; q < taps_across; ++q) {
          const size_t pixel = x * static_cast<size_t>(a.stride) + q * static_cast<size_t>(a.dilation);
          const float weight = a.weights[(r * taps_across + q) * a.weight_stride + c];
          sum = std::fma(a.rows[r][pixel * a.pixel_stride + c], weight, sum);
        }
      }
      a.out[x * a.out_stride + c] = MaxOf(a.least, sum);
    }
  }
}

}  // namespace lips::kernels
