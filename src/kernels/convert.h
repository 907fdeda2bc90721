// Rows of pixels from one number type to another.
#pragma once

#include <cstddef>

#include "kernels/number.h"

namespace lips::kernels {

// out[p][c] = in[p][c] as a float, as a number of the other type, for p < pixels and c < channels. Between equal types
// f32 and bf16 are copied, but for NaN and subnormals of bf16 (number.h). Strides are in elements, from pixel to pixel;
// `channels` is a multiple of kChannelBlock. Nothing between or behind the channels is written. The rows do not
// overlap.
struct ConvertRowArgs {
  const void* in;
  size_t in_stride;
  NumberType in_type;
  Quantisation in_quantisation;
  void* out;
  size_t out_stride;
  NumberType out_type;
  Quantisation out_quantisation;
  int pixels;
  int channels;
};
using ConvertRowFn = void(const ConvertRowArgs& args);

ConvertRowFn ConvertRow_scalar;  // the definition; every other one equals it bit for bit
ConvertRowFn ConvertRow_avx2;
ConvertRowFn ConvertRow_avx512;

}  // namespace lips::kernels
