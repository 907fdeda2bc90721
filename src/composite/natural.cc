#include "composite/natural.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <utility>

#include "composite/border_match.h"
#include "composite/changed_part.h"
#include "composite/jaw_mask.h"
#include "image/cubic_axis.h"
#include "image/difference.h"
#include "image/image.h"
#include "image/mask_bounds.h"
#include "image/resize.h"
#include "kernels/table.h"

namespace lips {

struct NaturalComposite::Scratch {
  double feather = kUsualFeather;
  int size_px = 0;
  std::vector<uint8_t> weights;              // of the mask, for each of B, G, R
  Rect used;                                 // the pixels with any weight
  std::vector<std::pair<int, int>> in_rows;  // ... and from where to where they lie in each row
  std::optional<BorderMatch> match;
  Image canvas;  // of a crop with the mouth
  Rect changed;  // the part of the frame that may change
  Image now;     // of its size, with the mouth
  Image was;     // ... and as the template has it
  CubicResizer resizer{1, 1, 1, 1};
  DifferenceAdder adder;

  void UseSize(int size);
  void Blend(ConstImageView crop, ConstImageView mouth, const Place& part);
  // `changed`, and `now` and `was` for it. `place` may reach beyond the frame.
  void Render(ConstImageView crop, ConstImageView mouth, const Place& place, int frame_width, int frame_height);
};

void NaturalComposite::Scratch::UseSize(int size) {
  if (size == size_px) return;
  size_px = size;
  const std::vector<uint8_t> mask = JawMask(size, feather);
  match.emplace(mask, size);
  weights.clear();
  for (const uint8_t w : mask) weights.insert(weights.end(), 3, w);
  used = MaskBounds(mask, size);
  in_rows.clear();
  for (int y = 0; y < size; ++y) {
    const Rect row = MaskBounds(
        std::span(mask).subspan(static_cast<size_t>(y) * static_cast<size_t>(size), static_cast<size_t>(size)), size);
    in_rows.emplace_back(row.x, row.right());
  }
}

void NaturalComposite::Scratch::Render(ConstImageView crop, ConstImageView mouth, const Place& place, int frame_width,
                                       int frame_height) {
  assert(crop.width == crop.height && mouth.width == mouth.height);
  assert(crop.width >= mouth.width && (crop.width - mouth.width) % 2 == 0);
  UseSize(mouth.width);
  const auto [rect, part] = PartChangedBy(used, mouth.width, crop.width, place, frame_width, frame_height);
  changed = rect;
  if (changed.width == 0) return;
  now.Resize(changed.width, changed.height);
  was.Resize(changed.width, changed.height);
  resizer.Reset(crop.width, crop.height, part, changed.width, changed.height);
  Blend(crop, mouth, part);
  resizer.Run(crop, was.view());
  resizer.Run(canvas.view(), now.view());
}

// The rows of `canvas` that a resize of `part` reads.
void NaturalComposite::Scratch::Blend(ConstImageView crop, ConstImageView mouth, const Place& part) {
  const int border = (crop.width - mouth.width) / 2;
  const Rect inner = {border, border, mouth.width, mouth.height};
  const ConstImageView roi = crop.Crop(inner);
  canvas.Resize(crop.width, crop.height);
  match->Fit(mouth, roi);
  const int first = std::clamp(static_cast<int>(std::floor(part.y)) - kCubicReach, 0, crop.height);
  const int last = std::clamp(static_cast<int>(std::ceil(part.y + part.height)) + kCubicReach, first, crop.height);
  for (int row = first; row < last; ++row) {
    std::copy_n(crop.Row(row), 3 * crop.width, canvas.view().Row(row));
    const int y = row - border;
    if (y < used.y || y >= used.bottom()) continue;
    const auto [left, right] = in_rows[static_cast<size_t>(y)];
    const auto skipped = 3 * static_cast<size_t>(left);
    const BorderMatch::FieldRow field = match->Row(y);
    kernels::Active().blend_matched(
        {.roi = roi.Row(y) + skipped,
         .mouth = mouth.Row(y) + skipped,
         .weights = weights.data() + 3 * static_cast<size_t>(y) * static_cast<size_t>(size_px) + skipped,
         .above = field.above.data() + skipped,
         .below = field.below.data() + skipped,
         .part = field.part,
         .n = 3 * static_cast<size_t>(right - left),
         .out = canvas.view().Crop(inner).Row(y) + skipped});
  }
}

NaturalComposite::NaturalComposite(double feather) : scratch_(std::make_unique<Scratch>()) {
  scratch_->feather = feather;
}
NaturalComposite::~NaturalComposite() = default;

void NaturalComposite::Paste(ConstImageView crop, ConstImageView mouth, const Place& place, ImageView frame) {
  Scratch& s = *scratch_;
  s.Render(crop, mouth, place, frame.width, frame.height);
  if (s.changed.width == 0) return;
  const ImageView target = frame.Crop(s.changed);
  for (int y = 0; y < target.height; ++y) {
    const uint8_t* now = s.now.view().Row(y);
    const uint8_t* was = s.was.view().Row(y);
    uint8_t* to = target.Row(y);
    for (int i = 0; i < 3 * target.width; ++i)
      to[i] = static_cast<uint8_t>(std::clamp(to[i] + now[i] - was[i], 0, 255));
  }
}

void NaturalComposite::Paste(ConstImageView crop, ConstImageView mouth, const Place& place, YuvView frame) {
  Scratch& s = *scratch_;
  s.Render(crop, mouth, place, frame.width(), frame.height());
  if (s.changed.width == 0) return;
  s.adder.Add(s.now.view(), s.was.view(), s.changed, frame);
}

}  // namespace lips
