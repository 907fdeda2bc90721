// One output row of a 3x3 convolution of every channel with itself, bias and ReLU included.
#pragma once

#include <cstddef>

#include "kernels/number.h"

namespace lips::kernels {

// out[x][c] = max(0, bias[c] + sum over r, q of weights[3 r + q][c] * rows[r][x * stride + q][c]) for x < width and
// c < channels. The nine products are added one after the other in the order of r, then q, each product and sum rounded
// once, together; with wide_weights and wide_bias, which stand for weights and bias, in double, and rounded to f32
// once, after the last (matrix.h says what for). NaN stays NaN (but becomes the level 0), so that a check at the end of
// a network sees it.
//
// A row holds (width - 1) * stride + 3 pixels: the caller has written the border. pixel_stride and weight_stride are in
// numbers, from pixel to pixel and from tap to tap; out_stride is in elements of out_type. `channels` is a multiple of
// kChannelBlock; nothing between or behind the channels is written. The output overlaps no input.
//
// Speed: no alignment is needed, but where rows, pixels and weights begin cache lines, AVX-512 is 1.7 times as fast.
// Where pixel_stride is a multiple of 256 or more, the columns of a tile fall into the same few sets of the L1 cache;
// one kChannelBlock more from pixel to pixel makes such rows up to 3 times as fast.
struct DepthwiseRowArgs {
  const float* rows[3];
  size_t pixel_stride;
  const float* weights;
  size_t weight_stride;
  const float* bias;
  int width;
  int stride;  // 1 or 2
  int channels;
  void* out;
  size_t out_stride;
  NumberType out_type;
  Quantisation quantisation;
  const double* wide_weights = nullptr;
  const double* wide_bias = nullptr;
};
using DepthwiseRowFn = void(const DepthwiseRowArgs& args);

DepthwiseRowFn DepthwiseRow_scalar;  // the definition; every other one equals it bit for bit
DepthwiseRowFn DepthwiseRow_avx2;
DepthwiseRowFn DepthwiseRow_avx512;

}  // namespace lips::kernels
