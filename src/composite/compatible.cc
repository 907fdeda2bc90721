#include "composite/compatible.h"

#include <cassert>

#include "image/colour.h"
#include "image/difference.h"
#include "image/image.h"
#include "image/resize.h"

namespace lips {

struct CompatibleComposite::Scratch {
  Image canvas;
  Image now;  // of the rectangle's size
  Image was;
  CubicResizer resizer{1, 1, 1, 1};
  DifferenceAdder adder;

  // The rectangle's new pixels.
  void Render(ConstImageView crop, ConstImageView mouth, ImageView to);
};

void CompatibleComposite::Scratch::Render(ConstImageView crop, ConstImageView mouth, ImageView to) {
  const int border = (crop.width - mouth.width) / 2;
  assert(crop.width == crop.height && mouth.width == mouth.height && crop.width == mouth.width + 2 * border);
  if (to.width == 0 || to.height == 0) return;
  canvas.Resize(crop.width, crop.height);
  CopyPixels(crop, canvas.view());
  CopyPixels(mouth, canvas.view().Crop({border, border, mouth.width, mouth.height}));
  resizer.Reset(crop.width, crop.height, to.width, to.height);
  resizer.Run(canvas.view(), to);
}

CompatibleComposite::CompatibleComposite() : scratch_(std::make_unique<Scratch>()) {}
CompatibleComposite::~CompatibleComposite() = default;

void CompatibleComposite::Paste(ConstImageView crop, ConstImageView mouth, const Place& place, ImageView frame) {
  const Rect rect = NearestRect(place);
  scratch_->Render(crop, mouth, frame.Crop(rect));
}

void CompatibleComposite::Paste(ConstImageView crop, ConstImageView mouth, const Place& place, YuvView frame) {
  const Rect rect = NearestRect(place);
  if (rect.width == 0 || rect.height == 0) return;
  Scratch& s = *scratch_;
  s.now.Resize(rect.width, rect.height);
  s.was.Resize(rect.width, rect.height);
  s.Render(crop, mouth, s.now.view());
  YuvToBgr(frame, rect, s.was.view());
  s.adder.Add(s.now.view(), s.was.view(), rect, frame);
}

}  // namespace lips
