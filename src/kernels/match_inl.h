// Matching colours and blending for every vector width (see lanes.h).
#pragma once

#include "kernels/lanes.h"
#include "kernels/match.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {

void LIPS_ISA(MatchSums)(const MatchSumsArgs& args) {
  constexpr size_t kStep = 8 * kLanes;
  const MatchSumsArgs a = args;  // a copy that no store can change
  if (a.n < kStep) return MatchSums_scalar(a);
  const Vec other = Set16(kMatchOther);
  for (size_t i = 0; i < a.n; i += kStep) {
    if (i + kStep > a.n) i = a.n - kStep;  // the last step overlaps its neighbour instead of leaving a remainder
    Vec counts = Zero(), sums = Zero();
    const uint8_t* from = a.from + i;
    const uint8_t* to = a.to + i;
    const uint8_t* weights = a.weights + i;
    for (int row = 0; row < a.rows; ++row) {
      const Vec d = Sub16(LoadWiden8(to), LoadWiden8(from));
      const Vec near = Max16(Sub16(other, Max16(d, Sub16(Zero(), d))), Zero());
      const Vec k = MulLow16(LoadWiden8(weights), near);
      counts = Add16(counts, k);
      sums = Add16(sums, MulLow16(k, d));
      from += a.from_stride, to += a.to_stride, weights += a.weights_stride;
    }
    Store(a.counts + i, counts);
    Store(a.sums + i, sums);
  }
}

void LIPS_ISA(BlendMatched)(const BlendMatchedArgs& args) {
  constexpr size_t kStep = 8 * kLanes;
  const BlendMatchedArgs a = args;
  if (a.n < kStep) return BlendMatched_scalar(a);
  const Vec of_above = Set16(static_cast<int16_t>(kMatchSteps - a.part)),
            of_below = Set16(static_cast<int16_t>(a.part));
  const Vec half = Set16(1 << 8), most = Set16(255);
  for (size_t i = 0; i < a.n; i += kStep) {
    if (i + kStep > a.n) i = a.n - kStep;
    const Vec field = Add16(MulLow16(Load(a.above + i), of_above), MulLow16(Load(a.below + i), of_below));
    const Vec level = ShiftRight16<9>(Add16(Add16(field, half), ShiftRight16<15>(field)));
    const Vec roi = LoadWiden8(a.roi + i);
    const Vec matched = Max16(Min16(Add16(LoadWiden8(a.mouth + i), level), most), Zero());
    const Vec w = LoadWiden8(a.weights + i);
    const Vec weight = Add16(ShiftLeft16<7>(w), ShiftRightUnsigned16<1>(w));
    StoreClamped8(a.out + i, Add16(roi, MulRound16(weight, Sub16(matched, roi))));
  }
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
