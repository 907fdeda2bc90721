// Conversion of rows for every vector width (see float_lanes.h).
#pragma once

#include "kernels/convert.h"
#include "kernels/float_lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

template <NumberType kIn, NumberType kOut>
void ConvertRowAs(const ConvertRowArgs& a) {
  for (size_t p = 0; p < static_cast<size_t>(a.pixels); ++p) {
    for (size_t c = 0; c < static_cast<size_t>(a.channels); c += kFloats) {
      const F v = LoadNumbers<kIn>(a.in, p * a.in_stride + c, a.in_quantisation, c);
      StoreNumbers<kOut>(a.out, p * a.out_stride + c, v, a.out_quantisation, c);
    }
  }
}

}  // namespace

void LIPS_ISA(ConvertRow)(const ConvertRowArgs& a) {
  WithType(a.in_type, [&a](auto in) {
    using In = decltype(in);
    WithType(a.out_type, [&a](auto out) { ConvertRowAs<In::kType, decltype(out)::kType>(a); });
  });
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
