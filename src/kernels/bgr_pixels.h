// Two 8-bit pictures to the rows a face network takes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/number.h"

namespace lips::kernels {

// Pixel i becomes kChannelBlock channels at out + i * out_stride (in elements): B, G, R of roi, B, G, R of masked, ten
// zeros, each level as level / 255.0f (the correctly rounded quotient, as in unit.h) and that as a number of the type.
// roi and masked hold `pixels` interleaved pixels; nothing past them is read. Nothing behind the channels is written.
struct BgrPixelsRowArgs {
  const uint8_t* roi;
  const uint8_t* masked;
  void* out;
  size_t out_stride;
  NumberType out_type;
  Quantisation quantisation;
  int pixels;
};
using BgrPixelsRowFn = void(const BgrPixelsRowArgs& args);

BgrPixelsRowFn BgrPixelsRow_scalar;  // the definition; every other one equals it bit for bit
BgrPixelsRowFn BgrPixelsRow_avx2;
BgrPixelsRowFn BgrPixelsRow_avx512;

}  // namespace lips::kernels
