// The vertical blend for every vector width (see float_lanes.h).
#pragma once

#include "kernels/blend.h"
#include "kernels/float_lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {

void LIPS_ISA(BlendRows)(const BlendRowsArgs& args) {
  const BlendRowsArgs row = args;  // a copy that no store can change, so that it is read once
  const auto pixels = static_cast<size_t>(row.pixels), channels = static_cast<size_t>(row.channels);
  const F f = SetFloats(row.f);
  // Pixel by pixel, since neighbours in memory come fast; the pixel before is still in the cache.
  for (size_t p = 0; p < pixels; ++p) {
    const float* a = row.a + p * row.in_stride;
    const float* b = row.b + p * row.in_stride;
    float* v = row.v + p * row.out_stride;
    float* dv = row.dv + p * row.out_stride;
    for (size_t c = 0; c < channels; c += kFloats) {
      const F upper = LoadFloats(a + c);
      const F value = MulAdd(f, Sub(LoadFloats(b + c), upper), upper);
      StoreFloats(v + c, value);
      if (p > 0) StoreFloats(dv + c - row.out_stride, Sub(value, LoadFloats(v + c - row.out_stride)));
      if (p + 1 == pixels) StoreFloats(dv + c, ZeroFloats());
    }
  }
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
