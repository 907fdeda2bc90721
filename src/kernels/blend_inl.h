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
  for (size_t c = 0; c < channels; c += kFloats) {
    F before = ZeroFloats();
    for (size_t p = 0; p < pixels; ++p) {
      const F a = LoadFloats(row.a + p * row.in_stride + c);
      const F v = MulAdd(f, Sub(LoadFloats(row.b + p * row.in_stride + c), a), a);
      StoreFloats(row.v + p * row.out_stride + c, v);
      if (p > 0) StoreFloats(row.dv + (p - 1) * row.out_stride + c, Sub(v, before));
      before = v;
    }
    if (pixels > 0) StoreFloats(row.dv + (pixels - 1) * row.out_stride + c, ZeroFloats());
  }
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
