// Rows between planes of floats (NCHW) and pixels of numbers (NHWC).
#pragma once

#include <cstddef>

#include "kernels/number.h"

namespace lips::kernels {

// out[p][c] = planes[c][p] as a number of the type for c < channels, 0 as such a number for the padding up to
// PaddedChannels(channels); p < pixels. plane_stride is in floats, from channel to channel, out_stride in elements,
// from pixel to pixel. The quantisation, if any, has the padding's channels, too. Nothing behind them is written.
struct RowFromPlanesArgs {
  const float* planes;
  size_t plane_stride;
  void* out;
  size_t out_stride;
  NumberType out_type;
  Quantisation quantisation;
  int pixels;
  int channels;
};
using RowFromPlanesFn = void(const RowFromPlanesArgs& args);

// planes[c][p] = in[p][c] as a float for p < pixels and c < channels; the padding is dropped, but may be read.
struct PlanesFromRowArgs {
  const void* in;
  size_t in_stride;
  NumberType in_type;
  Quantisation quantisation;
  float* planes;
  size_t plane_stride;
  int pixels;
  int channels;
};
using PlanesFromRowFn = void(const PlanesFromRowArgs& args);

RowFromPlanesFn RowFromPlanes_scalar;  // the definitions; every other one equals them bit for bit
RowFromPlanesFn RowFromPlanes_avx2;
RowFromPlanesFn RowFromPlanes_avx512;

PlanesFromRowFn PlanesFromRow_scalar;
PlanesFromRowFn PlanesFromRow_avx2;
PlanesFromRowFn PlanesFromRow_avx512;

}  // namespace lips::kernels
