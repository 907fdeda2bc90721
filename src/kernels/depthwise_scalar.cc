#include "kernels/depthwise.h"
#include "kernels/number_scalar.h"

namespace lips::kernels {

namespace {

// `weights` and `bias` of the type in which the sums are made.
template <typename T>
void Row(const DepthwiseRowArgs& a, const T* weights, const T* bias) {
  const auto stride = static_cast<size_t>(a.stride);
  for (size_t x = 0; x < static_cast<size_t>(a.width); ++x) {
    for (size_t c = 0; c < static_cast<size_t>(a.channels); ++c) {
      T sum = bias[c];
      for (size_t r = 0; r < 3; ++r) {
        for (size_t q = 0; q < 3; ++q) {
          const T value = a.rows[r][(x * stride + q) * a.pixel_stride + c];
          sum = std::fma(value, weights[(3 * r + q) * a.weight_stride + c], sum);
        }
      }
      StoreNumber(a.out, x * a.out_stride + c, MaxOf(0.0f, static_cast<float>(sum)), a.out_type, a.quantisation, c);
    }
  }
}

}  // namespace

void DepthwiseRow_scalar(const DepthwiseRowArgs& a) {
  if (a.wide_weights != nullptr) {
    Row(a, a.wide_weights, a.wide_bias);
  } else {
    Row(a, a.weights, a.bias);
  }
}

}  // namespace lips::kernels
