// The depthwise row for every vector width (see float_lanes.h).
#pragma once

#include "kernels/depthwise.h"
#include "kernels/float_lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

constexpr size_t kTaps = 3;

// With 32 registers a vector of channels keeps its nine taps while it walks along the row, in tiles of four pixels:
// four sums hide the latency of a multiply-add, and more are slower where rows are narrow. With 16 registers a tile
// loads its taps anew, so more pixels share them; and since a vector is half a cache line, channels go first, lest a
// row too long for the L1 cache is fetched twice.
constexpr bool kChannelsFirst = kFloats < kChannelBlock;
constexpr size_t kTilePixels = kChannelsFirst ? 8 : 4;

// One vector of channels from c on, output pixels x .. x + kPixels. Each input column is loaded once and goes to every
// output it reaches. `taps` are the vector's, and unused where tiles load their own.
template <size_t kPixels, size_t kStride, NumberType kOut>
inline __attribute__((always_inline)) void DepthwiseTile(const DepthwiseRowArgs& a, const F (&taps)[kTaps * kTaps],
                                                         F bias, size_t x, size_t c) {
  constexpr size_t kColumns = (kPixels - 1) * kStride + kTaps;
  F sums[kPixels];
#pragma GCC unroll 8
  for (size_t p = 0; p < kPixels; ++p) sums[p] = bias;
#pragma GCC unroll 3
  for (size_t r = 0; r < kTaps; ++r) {
    F row_taps[kTaps];
#pragma GCC unroll 3
    for (size_t q = 0; q < kTaps; ++q) {
      const size_t tap = r * kTaps + q;
      row_taps[q] = kChannelsFirst ? InRegister(LoadFloats(a.weights + tap * a.weight_stride + c)) : taps[tap];
    }
    const float* pixel = a.rows[r] + x * kStride * a.pixel_stride + c;
#pragma GCC unroll 17
    for (size_t column = 0; column < kColumns; ++column) {
      const F v = InRegister(LoadFloats(pixel + column * a.pixel_stride));
#pragma GCC unroll 8
      for (size_t p = 0; p < kPixels; ++p) {
        const size_t q = column - p * kStride;  // wraps around for columns before the output's first
        if (q < kTaps) sums[p] = MulAdd(v, row_taps[q], sums[p]);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t p = 0; p < kPixels; ++p) {
    StoreNumbers<kOut>(a.out, (x + p) * a.out_stride + c, Max(ZeroFloats(), sums[p]), a.quantisation, c);
  }
}

// All tiles of the channels begin .. end, which are one vector unless channels go first.
template <size_t kPixels, size_t kStride, NumberType kOut>
inline __attribute__((always_inline)) void DepthwiseTiles(const DepthwiseRowArgs& a, size_t begin, size_t end) {
  const auto width = static_cast<size_t>(a.width);
  F taps[kTaps * kTaps];
#pragma GCC unroll 9
  for (size_t i = 0; i < kTaps * kTaps; ++i) {
    taps[i] = kChannelsFirst ? ZeroFloats() : LoadFloats(a.weights + i * a.weight_stride + begin);
  }
  for (size_t x = 0; x < width; x += kPixels) {
    if (x + kPixels > width) x = width - kPixels;  // the last step overlaps its neighbour
    for (size_t c = begin; c < end; c += kFloats) {
      DepthwiseTile<kPixels, kStride, kOut>(a, taps, LoadFloats(a.bias + c), x, c);
    }
  }
}

template <size_t kStride, NumberType kOut>
void DepthwiseRowAs(const DepthwiseRowArgs& args) {
  const DepthwiseRowArgs a = args;  // a copy that no store can change, so that it is read once
  const auto channels = static_cast<size_t>(a.channels);
  const size_t step = kChannelsFirst ? channels : kFloats;
  for (size_t c = 0; c < channels; c += step) {
    if (static_cast<size_t>(a.width) < kTilePixels) {
      DepthwiseTiles<1, kStride, kOut>(a, c, c + step);
    } else {
      DepthwiseTiles<kTilePixels, kStride, kOut>(a, c, c + step);
    }
  }
}

// One vector of channels from c on, output pixels x .. x + kPixels, in double. Each column is widened once for all the
// outputs it reaches, and a row's taps once for all pixels.
template <size_t kPixels, size_t kStride, NumberType kOut>
inline __attribute__((always_inline)) void DepthwiseTileWide(const DepthwiseRowArgs& a, size_t x, size_t c) {
  constexpr size_t kColumns = (kPixels - 1) * kStride + kTaps;
  D sums[kPixels];
#pragma GCC unroll 4
  for (size_t p = 0; p < kPixels; ++p) sums[p] = LoadDoubles(a.wide_bias + c);
  for (size_t r = 0; r < kTaps; ++r) {
    D taps[kTaps];
#pragma GCC unroll 3
    for (size_t q = 0; q < kTaps; ++q) taps[q] = LoadDoubles(a.wide_weights + (r * kTaps + q) * a.weight_stride + c);
    const float* pixel = a.rows[r] + x * kStride * a.pixel_stride + c;
#pragma GCC unroll 9
    for (size_t column = 0; column < kColumns; ++column) {
      const D v = LoadDoubles(pixel + column * a.pixel_stride);
#pragma GCC unroll 4
      for (size_t p = 0; p < kPixels; ++p) {
        const size_t q = column - p * kStride;  // wraps around for columns before the output's first
        if (q < kTaps) sums[p] = MulAdd(v, taps[q], sums[p]);
      }
    }
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < kPixels; ++p) {
    StoreNumbers<kOut>(a.out, (x + p) * a.out_stride + c, Max(ZeroFloats(), ToFloats(sums[p])), a.quantisation, c);
  }
}

template <size_t kStride, NumberType kOut>
void DepthwiseRowWide(const DepthwiseRowArgs& args) {
  constexpr size_t kPixels = 4;
  const DepthwiseRowArgs a = args;
  const auto width = static_cast<size_t>(a.width);
  for (size_t c = 0; c < static_cast<size_t>(a.channels); c += kFloats) {
    size_t x = 0;
    for (; x + kPixels <= width; x += kPixels) DepthwiseTileWide<kPixels, kStride, kOut>(a, x, c);
    for (; x < width; ++x) DepthwiseTileWide<1, kStride, kOut>(a, x, c);
  }
}

}  // namespace

void LIPS_ISA(DepthwiseRow)(const DepthwiseRowArgs& a) {
  WithType(a.out_type, [&a](auto out) {
    if (a.wide_weights != nullptr) {
      a.stride == 1 ? DepthwiseRowWide<1, decltype(out)::kType>(a) : DepthwiseRowWide<2, decltype(out)::kType>(a);
    } else {
      a.stride == 1 ? DepthwiseRowAs<1, decltype(out)::kType>(a) : DepthwiseRowAs<2, decltype(out)::kType>(a);
    }
  });
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
