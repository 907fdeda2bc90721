// Bicubic resampling of 8-bit images, equal to OpenCV's INTER_CUBIC to 1 level.
#pragma once

#include <memory>

#include "image/place.h"
#include "image/view.h"

namespace lips {

// A resize of one fixed geometry: coefficients and scratch memory made once, no allocation afterwards.
//
// Keys' cubic with a = -0.75, half-pixel centres, edge pixels repeated, no antialiasing when shrinking; in OpenCV's
// fixed point. docs/numerics.md says where OpenCV itself departs from that by a level.
// Source: spec.md 1.4, 4; OpenCV 4.6 resize.cpp. One thread at a time.
class CubicResizer {
 public:
  // All sizes >= 1.
  CubicResizer(int from_width, int from_height, int to_width, int to_height);
  CubicResizer(CubicResizer&&) noexcept;
  CubicResizer& operator=(CubicResizer&&) noexcept;
  ~CubicResizer();

  // Makes this a resize of another geometry, as if newly made; keeps the memory when it suffices.
  void Reset(int from_width, int from_height, int to_width, int to_height);

  // ... of a part of the source, which may begin between pixels and reach beyond the source, where its edge pixels go
  // on: `part`, in source pixels, fills the target. Both its sides are > 0.
  void Reset(int from_width, int from_height, const Place& part, int to_width, int to_height);

  // `from` and `to` have the sizes given above and do not overlap.
  void Run(ConstImageView from, ImageView to);

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

// One-off convenience. Same result.
void ResizeCubic(ConstImageView from, ImageView to);

}  // namespace lips
