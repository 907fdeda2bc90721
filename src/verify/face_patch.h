// A face, brought to one size: what metrics of faces are measured on.
#pragma once

#include <vector>

#include "image/place.h"
#include "image/view.h"

namespace lips {

// [kPx, kPx] samples of a face rectangle and a tenth of its side around it.
struct FacePatch {
  static constexpr int kPx = 128;
  static constexpr double kMargin = 0.1;  // of the rectangle's side

  std::vector<float> bgr;   // [kPx, kPx, 3]
  std::vector<float> luma;  // [kPx, kPx]

  // Patch coordinate of a place in the rectangle, 0 at its left or upper edge, 1 at the other.
  static double At(double in_rect) { return (in_rect + kMargin) / (1 + 2 * kMargin) * kPx - 0.5; }
  // The reverse, for the middle of a patch pixel.
  static double InRect(int px) { return (px + 0.5) / kPx * (1 + 2 * kMargin) - kMargin; }
};

// Linear between pixels; means over several points where the face is larger than the patch. Beyond the frame its edge
// pixels go on.
void SampleFace(ConstImageView frame, const Place& face, FacePatch& out);

// Linear between the values of a [kPx, kPx] map.
double Sample(const std::vector<float>& map, double x, double y);

}  // namespace lips
