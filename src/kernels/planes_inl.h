// Planes to pixels and back for every vector width (see float_lanes.h), a square of channels and pixels at a time.
#pragma once

#include "kernels/float_lanes.h"
#include "kernels/planes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

template <NumberType kOut>
void RowFromPlanesAs(const RowFromPlanesArgs& args) {
  const RowFromPlanesArgs a = args;  // a copy that no store can change, so that it is read once
  const auto pixels = static_cast<size_t>(a.pixels), channels = static_cast<size_t>(a.channels);
  const size_t padded = (channels + kChannelBlock - 1) / kChannelBlock * kChannelBlock;
  for (size_t p = 0; p < pixels; p += kFloats) {
    if (p + kFloats > pixels) p = pixels - kFloats;  // the last step overlaps its neighbour
    for (size_t c = 0; c < padded; c += kFloats) {
      F square[kFloats];
      for (size_t i = 0; i < kFloats; ++i) {
        square[i] = c + i < channels ? LoadFloats(a.planes + (c + i) * a.plane_stride + p) : ZeroFloats();
      }
      Transpose(square);
      for (size_t i = 0; i < kFloats; ++i) {
        StoreNumbers<kOut>(a.out, (p + i) * a.out_stride + c, square[i], a.quantisation, c);
      }
    }
  }
}

template <NumberType kIn>
void PlanesFromRowAs(const PlanesFromRowArgs& args) {
  const PlanesFromRowArgs a = args;  // a copy that no store can change, so that it is read once
  const auto pixels = static_cast<size_t>(a.pixels), channels = static_cast<size_t>(a.channels);
  for (size_t p = 0; p < pixels; p += kFloats) {
    if (p + kFloats > pixels) p = pixels - kFloats;
    for (size_t c = 0; c < channels; c += kFloats) {
      F square[kFloats];
      for (size_t i = 0; i < kFloats; ++i) {
        square[i] = LoadNumbers<kIn>(a.in, (p + i) * a.in_stride + c, a.quantisation, c);
      }
      Transpose(square);
      for (size_t i = 0; i < kFloats && c + i < channels; ++i) {
        StoreFloats(a.planes + (c + i) * a.plane_stride + p, square[i]);
      }
    }
  }
}

}  // namespace

void LIPS_ISA(RowFromPlanes)(const RowFromPlanesArgs& a) {
  if (static_cast<size_t>(a.pixels) < kFloats) return RowFromPlanes_scalar(a);
  WithType(a.out_type, [&a](auto out) { RowFromPlanesAs<decltype(out)::kType>(a); });
}

void LIPS_ISA(PlanesFromRow)(const PlanesFromRowArgs& a) {
  if (static_cast<size_t>(a.pixels) < kFloats) return PlanesFromRow_scalar(a);
  WithType(a.in_type, [&a](auto in) { PlanesFromRowAs<decltype(in)::kType>(a); });
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
