// Changes of a B, G, R picture carried into the Y'CbCr planes that show it.
#pragma once

#include <cstdint>
#include <vector>

#include "image/view.h"

namespace lips {

// Adds `now - was`, transformed to Y'CbCr, to the samples of a frame. Rounding happens to the change alone, so samples
// whose pixels did not change keep every bit, whatever the frame's history. Holds scratch memory only; move-only;
// one thread at a time.
class DifferenceAdder {
 public:
  DifferenceAdder() = default;
  DifferenceAdder(DifferenceAdder&&) noexcept = default;
  DifferenceAdder& operator=(DifferenceAdder&&) noexcept = default;

  // `now` and `was` have the size of `rect`, which lies anywhere inside `frame`, odd edges allowed. Luma moves pixel by
  // pixel; a chroma sample moves by the mean change of its 2x2 block, where pixels outside `rect` changed by zero. (In
  // the half block at the edge of a frame of odd size the mean is over the pixels that exist.)
  void Add(ConstImageView now, ConstImageView was, Rect rect, YuvView frame);

 private:
  std::vector<int16_t> samples_;  // differences of two rows and a row of zeros
};

}  // namespace lips
