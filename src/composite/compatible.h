// The reference's way of putting a mouth into a frame: hard paste through the 328 crop.
#pragma once

#include <memory>

#include "base/result.h"
#include "image/view.h"

namespace lips {

// Pastes generated mouths as the reference does (spec.md 4): canvas = the crop, its inner square replaced by the mouth,
// resized with cubic interpolation to the rectangle, pasted there. Scratch memory only; one thread at a time;
// move-only.
class CompatibleComposite {
 public:
  CompatibleComposite();
  CompatibleComposite(CompatibleComposite&&) noexcept;
  CompatibleComposite& operator=(CompatibleComposite&&) noexcept;
  ~CompatibleComposite();

  // `crop` is [C, C] (328 or 168), `mouth` [S, S] (320 or 160; C - S is twice the border), `rect` lies inside `frame`.
  // Only pixels of `rect` change. Within 1 level of OpenCV's result.
  void Paste(ConstImageView crop, ConstImageView mouth, Rect rect, ImageView frame);

  // The same in the frame's own planes: each sample moves by the difference between the pasted and the previous
  // picture, transformed to Y'CbCr, so that where nothing changes not one bit does, and chroma shared with pixels
  // outside the rectangle moves only by the inside pixels' share. docs/numerics.md measures the distance from the BGR
  // route.
  void Paste(ConstImageView crop, ConstImageView mouth, Rect rect, YuvView frame);

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace lips
