// The row of any window for every vector width (see float_lanes.h).
#pragma once

#include "kernels/float_lanes.h"
#include "kernels/window_row.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

// One vector of channels from c on, output pixels x .. x + kPixels: as many sums hide the latency of a multiply-add.
template <size_t kPixels>
inline __attribute__((always_inline)) void WindowTile(const WindowRowArgs& a, size_t x, size_t c) {
  F sums[kPixels];
  const F bias = LoadFloats(a.bias + c);
  for (size_t p = 0; p < kPixels; ++p) sums[p] = bias;
  const size_t step = static_cast<size_t>(a.stride) * a.pixel_stride;
  const float* weights = a.weights + c;
  for (size_t r = 0; r < static_cast<size_t>(a.taps_down); ++r) {
    const float* pixel = a.rows[r] + x * step + c;
    for (size_t q = 0; q < static_cast<size_t>(a.taps_across); ++q) {
      const F weight = LoadFloats(weights);
#pragma GCC unroll 8
      for (size_t p = 0; p < kPixels; ++p) sums[p] = MulAdd(LoadFloats(pixel + p * step), weight, sums[p]);
      weights += a.weight_stride;
      pixel += static_cast<size_t>(a.dilation) * a.pixel_stride;
    }
  }
  for (size_t p = 0; p < kPixels; ++p) {
    StoreFloats(a.out + (x + p) * a.out_stride + c, Max(SetFloats(a.least), sums[p]));
  }
}

}  // namespace

void LIPS_ISA(WindowRow)(const WindowRowArgs& args) {
  const WindowRowArgs a = args;  // a copy that no store can change, so that it is read once
  const auto width = static_cast<size_t>(a.width), channels = static_cast<size_t>(a.channels);
  constexpr size_t kTile = 8;
  size_t x = 0;
  for (; x + kTile <= width; x += kTile) {
    for (size_t c = 0; c < channels; c += kFloats) WindowTile<kTile>(a, x, c);
  }
  for (; x < width; ++x) {
    for (size_t c = 0; c < channels; c += kFloats) WindowTile<1>(a, x, c);
  }
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
