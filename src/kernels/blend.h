// The vertical half of a bilinear enlargement, and the differences its horizontal half needs.
#pragma once

#include <cstddef>

namespace lips::kernels {

// v[p][c] = a[p][c] + f * (b[p][c] - a[p][c]), product and sum rounded once, together;
// dv[p][c] = v[p + 1][c] - v[p][c], and 0 for the last pixel; for p < pixels and c < channels. The horizontal half is
// then one multiply-add: v[p] + g * dv[p] lies between the columns p and p + 1.
//
// Strides are in floats, from pixel to pixel: a's and b's, v's and dv's. `channels` is a multiple of kChannelBlock;
// nothing between or behind the channels is written. a and b may be the same; the outputs overlap nothing.
struct BlendRowsArgs {
  const float* a;
  const float* b;
  size_t in_stride;
  float f;
  float* v;
  float* dv;
  size_t out_stride;
  int pixels;
  int channels;
};
using BlendRowsFn = void(const BlendRowsArgs& args);

BlendRowsFn BlendRows_scalar;  // the definition; every other one equals it bit for bit
BlendRowsFn BlendRows_avx2;
BlendRowsFn BlendRows_avx512;

}  // namespace lips::kernels
