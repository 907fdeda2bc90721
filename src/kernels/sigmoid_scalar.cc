#include <cmath>
#include <iterator>

#include "kernels/number_scalar.h"
#include "kernels/sigmoid.h"

namespace lips::kernels {
namespace {

float Sigmoid(float x) {
  const float t = MinOf(kSigmoidLimit, MaxOf(-kSigmoidLimit, x)) * kMinusLog2E;
  const float n = std::nearbyint(t);
  float power = kExp2Factors[0];
  for (size_t k = 1; k < std::size(kExp2Factors); ++k) power = std::fma(power, t - n, kExp2Factors[k]);
  if (x != x) return x;
  return 1.0f / (1.0f + std::ldexp(power, static_cast<int>(n)));
}

}  // namespace

bool SigmoidRow_scalar(float* out, const float* in, size_t n) {
  bool finite = true;
  for (size_t i = 0; i < n; ++i) {
    finite &= std::isfinite(in[i]);
    out[i] = Sigmoid(in[i]);
  }
  return finite;
}

bool SigmoidBgrRow_scalar(uint8_t* bgr, const float* pixels, size_t pixel_stride, size_t n) {
  bool finite = true;
  for (size_t i = 0; i < n; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      const float x = pixels[i * pixel_stride + c];
      finite &= std::isfinite(x);
      bgr[3 * i + c] = x == x ? static_cast<uint8_t>(Sigmoid(x) * 255.0f) : uint8_t{0};
    }
  }
  return finite;
}

}  // namespace lips::kernels
