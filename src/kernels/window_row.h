// One output row of a convolution of every channel with itself, of any window; depthwise.h has the usual one, faster.
#pragma once

#include <cstddef>

#include "kernels/number.h"

namespace lips::kernels {

constexpr int kMostWindowRows = 16;  // of a window, by the agreement of those who call

// out[x][c] = max(least, bias[c] + sum over r < taps_down, q < taps_across of weights[r * taps_across + q][c] *
//                 rows[r][x * stride + q * dilation][c]) for x < width and c < channels.
// Products are added one after the other in the order of r, then q, each product and sum rounded once, together. NaN
// stays NaN.
//
// A row holds (width - 1) * stride + (taps_across - 1) * dilation + 1 pixels: the caller has written the border.
// Strides are in floats, from pixel to pixel and from tap to tap. `channels` is a multiple of kChannelBlock; nothing
// between or behind the channels is written. The output overlaps no input.
struct WindowRowArgs {
  const float* const* rows;
  int taps_down;
  int taps_across;
  size_t pixel_stride;
  const float* weights;
  size_t weight_stride;
  const float* bias;
  int width;
  int stride;
  int dilation;
  int channels;
  float least;  // 0: ReLU; -infinity: none
  float* out;
  size_t out_stride;
};
using WindowRowFn = void(const WindowRowArgs& args);

WindowRowFn WindowRow_scalar;  // the definition; every other one equals it bit for bit
WindowRowFn WindowRow_avx2;
WindowRowFn WindowRow_avx512;

}  // namespace lips::kernels
