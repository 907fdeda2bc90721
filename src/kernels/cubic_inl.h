// Both passes of the cubic resize for every vector width (see lanes.h).
#pragma once

#include "kernels/cubic.h"
#include "kernels/lanes.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

// Sums of rows[k][i ..] * f[k] for 4 kLanes samples, rounded and without the fractional bits.
inline Vec DownSums(const int32_t* const* rows, size_t i, const Vec (&f)[kCubicTaps]) {
  const Vec half = Set32(1 << (2 * kCubicBits - 1));
  const Vec upper = Add32(Mul32(Load(rows[0] + i), f[0]), Mul32(Load(rows[1] + i), f[1]));
  const Vec lower = Add32(Mul32(Load(rows[2] + i), f[2]), Mul32(Load(rows[3] + i), f[3]));
  return ShiftRight32<2 * kCubicBits>(Add32(Add32(upper, lower), half));
}

}  // namespace

void LIPS_ISA(CubicAcross)(int32_t* out, const uint8_t* row, const int32_t* offsets, const int16_t* factors, size_t n) {
  // One pixel a lane: its taps 0 and 1, then 2 and 3, as pairs of words per channel, so that one multiply-add does two
  // taps of all channels. The fourth pair of a lane is zero.
  const Vec taps01 = FromLane(_mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1));
  const Vec taps23 = FromLane(_mm_setr_epi8(6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1));
  const Vec factors01 = FromLane(_mm_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3));
  const Vec factors23 = FromLane(_mm_setr_epi8(4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
  size_t x = 0;
  // A lane's store and its load of factors reach into the next pixel's, so a step needs one more pixel behind it.
  for (; x + kLanes < n; x += kLanes) {
    const Vec pixels = LoadLanesAt(row, offsets + x);
    const Vec f = LoadLanes(factors + kCubicTaps * x, kCubicTaps * sizeof(int16_t));
    const Vec sums = Add32(MulAddPairs16(Shuffle8(pixels, taps01), Shuffle8(f, factors01)),
                           MulAddPairs16(Shuffle8(pixels, taps23), Shuffle8(f, factors23)));
    StoreLanes(out + 3 * x, 3 * sizeof(int32_t), sums);
  }
  CubicAcross_scalar(out + 3 * x, row, offsets + x, factors + kCubicTaps * x, n - x);
}

void LIPS_ISA(CubicDown)(uint8_t* out, const int32_t* const* rows, const int16_t* factors, size_t n) {
  if (n < kBytes) return CubicDown_scalar(out, rows, factors, n);
  const Vec f[kCubicTaps] = {Set32(factors[0]), Set32(factors[1]), Set32(factors[2]), Set32(factors[3])};
  constexpr size_t kQuarter = kBytes / 4;
  for (size_t i = 0; i < n; i += kBytes) {
    if (i + kBytes > n) i = n - kBytes;  // the last step overlaps its neighbour instead of leaving a remainder
    const Vec low = Pack32To16(DownSums(rows, i, f), DownSums(rows, i + kQuarter, f));
    const Vec high = Pack32To16(DownSums(rows, i + 2 * kQuarter, f), DownSums(rows, i + 3 * kQuarter, f));
    // Packing works lane by lane: lane k holds its four samples of each quarter.
    Store(out + i, Transpose32(Pack16To8(low, high)));
  }
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
