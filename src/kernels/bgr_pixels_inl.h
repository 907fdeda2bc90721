// Face input rows for every vector width (see float_lanes.h).
#pragma once

#include "kernels/bgr_pixels.h"
#include "kernels/float_lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

// levels / 255, correctly rounded, for whole levels up to 255: the quotient by the rounded reciprocal and one step of
// correction. Three cheap instructions instead of a division; the tests compare all levels.
inline F UnitOf(F levels) {
  const F reciprocal = SetFloats(1.0f / 255.0f);
  const F quotient = Mul(levels, reciprocal);
  const F rest = MulAdd(quotient, SetFloats(-255.0f), levels);
  return MulAdd(rest, reciprocal, quotient);
}

inline uint64_t Bytes3(const uint8_t* p) { return uint64_t{p[0]} | uint64_t{p[1]} << 8 | uint64_t{p[2]} << 16; }

template <NumberType kOut>
void BgrPixelsRowAs(const BgrPixelsRowArgs& args) {
  const BgrPixelsRowArgs a = args;  // a copy that no store can change, so that it is read once
  for (size_t i = 0; i < static_cast<size_t>(a.pixels); ++i) {
    const F first = UnitOf(FloatsFromBytes(Bytes3(a.roi + 3 * i) | Bytes3(a.masked + 3 * i) << 24));
    StoreNumbers<kOut>(a.out, i * a.out_stride, first, a.quantisation, 0);
    for (size_t c = kFloats; c < kChannelBlock; c += kFloats) {
      StoreNumbers<kOut>(a.out, i * a.out_stride + c, ZeroFloats(), a.quantisation, c);
    }
  }
}

}  // namespace

void LIPS_ISA(BgrPixelsRow)(const BgrPixelsRowArgs& a) {
  WithType(a.out_type, [&a](auto out) { BgrPixelsRowAs<decltype(out)::kType>(a); });
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
