#include <cmath>

#include "kernels/blend.h"

namespace lips::kernels {

void BlendRows_scalar(const BlendRowsArgs& args) {
  const auto pixels = static_cast<size_t>(args.pixels), channels = static_cast<size_t>(args.channels);
  const auto blend = [&args](size_t p, size_t c) {
    const size_t i = p * args.in_stride + c;
    return std::fma(args.f, args.b[i] - args.a[i], args.a[i]);
  };
  for (size_t p = 0; p < pixels; ++p) {
    for (size_t c = 0; c < channels; ++c) {
      args.v[p * args.out_stride + c] = blend(p, c);
      args.dv[p * args.out_stride + c] = p + 1 < pixels ? blend(p + 1, c) - blend(p, c) : 0.0f;
    }
  }
}

}  // namespace lips::kernels
