// The depthwise row for every vector width (see float_lanes.h).
#pragma once

#include "kernels/depthwise.h"
#include "kernels/float_lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

constexpr size_t kTaps = 3;

// Nine taps, four sums, the bias and a column fit the sixteen registers of AVX2 nearly, and four sums hide the latency
// of a multiply-add. With 32 registers six and eight pixels are no faster, and they are slower where rows are narrow.
constexpr size_t kTilePixels = 4;

// One vector of channels from c on, output pixels x .. x + kPixels. Each input column is loaded once and goes to every
// output it reaches; the taps stay in registers.
template <size_t kPixels, size_t kStride, NumberType kOut>
inline __attribute__((always_inline)) void DepthwiseTile(const DepthwiseRowArgs& a, const F (&taps)[kTaps * kTaps],
                                                         F bias, size_t x, size_t c) {
  constexpr size_t kColumns = (kPixels - 1) * kStride + kTaps;
  F sums[kPixels];
#pragma GCC unroll 4
  for (size_t p = 0; p < kPixels; ++p) sums[p] = bias;
#pragma GCC unroll 3
  for (size_t r = 0; r < kTaps; ++r) {
    const float* pixel = a.rows[r] + x * kStride * a.pixel_stride + c;
#pragma GCC unroll 9
    for (size_t column = 0; column < kColumns; ++column) {
      const F v = InRegister(LoadFloats(pixel + column * a.pixel_stride));
#pragma GCC unroll 4
      for (size_t p = 0; p < kPixels; ++p) {
        const size_t q = column - p * kStride;  // wraps around for columns before the output's first
        if (q < kTaps) sums[p] = MulAdd(v, taps[r * kTaps + q], sums[p]);
      }
    }
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < kPixels; ++p) {
    StoreNumbers<kOut>(a.out, (x + p) * a.out_stride + c, Max(ZeroFloats(), sums[p]), a.quantisation, c);
  }
}

template <size_t kStride, NumberType kOut>
void DepthwiseRowAs(const DepthwiseRowArgs& args) {
  const DepthwiseRowArgs a = args;  // a copy that no store can change, so that it is read once
  const auto width = static_cast<size_t>(a.width), channels = static_cast<size_t>(a.channels);
  for (size_t c = 0; c < channels; c += kFloats) {
    F taps[kTaps * kTaps];
#pragma GCC unroll 9
    for (size_t i = 0; i < kTaps * kTaps; ++i) taps[i] = LoadFloats(a.weights + i * a.weight_stride + c);
    const F bias = LoadFloats(a.bias + c);
    if (width < kTilePixels) {
      for (size_t x = 0; x < width; ++x) DepthwiseTile<1, kStride, kOut>(a, taps, bias, x, c);
      continue;
    }
    for (size_t x = 0; x < width; x += kTilePixels) {
      if (x + kTilePixels > width) x = width - kTilePixels;  // the last step overlaps its neighbour
      DepthwiseTile<kTilePixels, kStride, kOut>(a, taps, bias, x, c);
    }
  }
}

}  // namespace

void LIPS_ISA(DepthwiseRow)(const DepthwiseRowArgs& a) {
  WithType(a.out_type, [&a](auto out) {
    a.stride == 1 ? DepthwiseRowAs<1, decltype(out)::kType>(a) : DepthwiseRowAs<2, decltype(out)::kType>(a);
  });
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
