#include "kernels/depthwise.h"
#include "kernels/number_scalar.h"

namespace lips::kernels {

void DepthwiseRow_scalar(const DepthwiseRowArgs& a) {
  const auto stride = static_cast<size_t>(a.stride);
  for (size_t x = 0; x < static_cast<size_t>(a.width); ++x) {
    for (size_t c = 0; c < static_cast<size_t>(a.channels); ++c) {
      float sum = a.bias[c];
      double wide_sum = sum;
      for (size_t r = 0; r < 3; ++r) {
        for (size_t q = 0; q < 3; ++q) {
          const float weight = a.weights[(3 * r + q) * a.weight_stride + c];
          const float value = a.rows[r][(x * stride + q) * a.pixel_stride + c];
          sum = std::fma(value, weight, sum);
          wide_sum += double{value} * double{weight};  // the product is exact
        }
      }
      if (a.wide) sum = static_cast<float>(wide_sum);
      StoreNumber(a.out, x * a.out_stride + c, MaxOf(0.0f, sum), a.out_type, a.quantisation, c);
    }
  }
}

}  // namespace lips::kernels
