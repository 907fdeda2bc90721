// The reference's way of putting a mouth into a frame: hard paste through the 328 crop.
#pragma once

#include <memory>

#include "composite/composite.h"

namespace lips {

// Pastes generated mouths as the reference does (spec.md 4): canvas = the crop, its inner square replaced by the mouth,
// resized with cubic interpolation to the rectangle, pasted there. Within 1 level of OpenCV's result; docs/numerics.md
// measures how far the route through planes is from the one through pixels.
class CompatibleComposite : public Composite {
 public:
  CompatibleComposite();
  ~CompatibleComposite() override;

  void Paste(ConstImageView crop, ConstImageView mouth, const Place& place, ImageView frame) override;
  void Paste(ConstImageView crop, ConstImageView mouth, const Place& place, YuvView frame) override;

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace lips
