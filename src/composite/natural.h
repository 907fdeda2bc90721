// A mouth that joins its frame without a seam: soft jaw-shaped mask, colours matched at its border.
#pragma once

#include <memory>

#include "composite/composite.h"
#include "composite/jaw_mask.h"

namespace lips {

// With R the template's region of interest, M the mouth and w the weights of JawMask: the frame changes by
// w * (M + match - R), resized with cubic interpolation to the rectangle. `match` is a smooth field that takes M's
// colours to R's where the mask fades (composite/border_match.h). So M = R changes nothing, to the bit, whatever the
// package's pictures went through; and no pixel outside the resized mask changes.
class NaturalComposite : public Composite {
 public:
  // `feather` as of JawMask, which also gives the pixels that are read.
  explicit NaturalComposite(double feather = kUsualFeather);
  ~NaturalComposite() override;

  void Paste(ConstImageView crop, ConstImageView mouth, const Place& place, ImageView frame) override;
  void Paste(ConstImageView crop, ConstImageView mouth, const Place& place, YuvView frame) override;

 private:
  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
};

}  // namespace lips
