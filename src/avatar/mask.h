// Measures which rectangle a package blackens in the network's second picture.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "image/view.h"

namespace lips {

// Collects evidence from pairs of pictures, then names the rectangle that explains them best.
//
// For every pixel there are two explanations: "black" costs masked^2, "untouched" costs (masked - roi)^2 (luma, so
// that chroma bleeding over the edge does not count). The rectangle sought is the one with the smallest total cost;
// along one axis that is the run of columns with the largest sum of (untouched - black). Codec noise adds about the
// same to both, and dark columns hardly anything, so edges are found to the pixel. One thread at a time.
class MaskMeter {
 public:
  // `width` x `height`: the size of all pictures.
  MaskMeter(int width, int height);
  void Add(ConstImageView roi, ConstImageView masked);

  // Nothing when no rectangle of at least a quarter of the picture is black, or what is around it is not the ROI.
  std::optional<Rect> Measure() const;

 private:
  bool IsConvincing(Rect found) const;
  double Evidence(int x, int y) const {
    return evidence_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
  }

  int width_;
  int height_;
  int pairs_ = 0;
  std::vector<double> evidence_;    // [height, width]: cost untouched - cost black
  std::vector<double> black_cost_;  // [height, width]
  std::vector<double> roi_energy_;  // [height, width]: roi^2
};

}  // namespace lips
