// One picture that shows whether an avatar came out well.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "avatar/geometry.h"
#include "image/image.h"

namespace lips {

// Twenty frames, evenly spaced, small, with rectangle (green; red where no face was found) and landmarks; below five
// faces as the network gets them, beside their masked ones. One thread at a time.
class ContactSheet {
 public:
  // For that many frames of that size, each at least 1.
  ContactSheet(int64_t frames, int width, int height);

  // Whether frame `index` is on the sheet; then Add it, in any order.
  bool Wants(int64_t index) const { return Place(index).has_value(); }
  void Add(int64_t index, ConstImageView frame, Rect rect, bool found, std::span<const Landmark> landmarks,
           const FaceInputs& inputs);
  ConstImageView view() const { return sheet_.view(); }

 private:
  std::optional<int> Place(int64_t index) const;  // its number among the twenty

  int64_t frames_;
  int tile_height_;
  Image sheet_;
};

// `from` shrunk (or grown) to the size of `to`, each pixel the mean of those it covers.
void ShrinkPicture(ConstImageView from, ImageView to);

}  // namespace lips
