#include "composite/natural.h"

#include <algorithm>
#include <cassert>
#include <optional>

#include "composite/border_match.h"
#include "composite/jaw_mask.h"
#include "image/difference.h"
#include "image/image.h"
#include "image/resize.h"

namespace lips {
namespace {

void BlendRow(const uint8_t* roi, const uint8_t* mouth, const int16_t* match, const uint8_t* weights, size_t count,
              uint8_t* out) {
  for (size_t i = 0; i < count; ++i) {
    const int matched = std::clamp(mouth[i] + match[i], 0, 255);
    const auto difference = static_cast<int16_t>(matched - roi[i]);
    // Divided by 255 to the nearest, for any sign; 16-bit factors, so that the compiler multiplies eight at once.
    const int product = int{static_cast<int16_t>(weights[i])} * int{difference} + 128;
    out[i] = static_cast<uint8_t>(roi[i] + ((product + (product >> 8)) >> 8));
  }
}

}  // namespace

struct NaturalComposite::Scratch {
  int size_px = 0;
  std::vector<uint8_t> weights;  // of the mask, for each of B, G, R
  int top = 0, bottom = 0;       // rows with any weight
  std::optional<BorderMatch> match;
  Image canvas;
  Image now;  // of the rectangle's size, with the mouth
  Image was;  // ... and as the template has it
  CubicResizer resizer{1, 1, 1, 1};
  DifferenceAdder adder;

  void UseSize(int size);
  // `now` and `was` for the rectangle.
  void Render(ConstImageView crop, ConstImageView mouth, Rect rect);
};

void NaturalComposite::Scratch::UseSize(int size) {
  if (size == size_px) return;
  size_px = size;
  const std::vector<uint8_t> mask = JawMask(size);
  match.emplace(mask, size);
  weights.clear();
  for (const uint8_t w : mask) weights.insert(weights.end(), 3, w);
  const size_t width = 3 * static_cast<size_t>(size);
  const auto used = [&](int y) {
    const auto row = weights.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(y) * width);
    return std::any_of(row, row + static_cast<ptrdiff_t>(width), [](uint8_t w) { return w != 0; });
  };
  for (top = 0; top < size && !used(top);) ++top;
  for (bottom = size; bottom > top && !used(bottom - 1);) --bottom;
}

void NaturalComposite::Scratch::Render(ConstImageView crop, ConstImageView mouth, Rect rect) {
  const int border = (crop.width - mouth.width) / 2;
  assert(crop.width == crop.height && mouth.width == mouth.height && crop.width == mouth.width + 2 * border);
  UseSize(mouth.width);
  now.Resize(rect.width, rect.height);
  was.Resize(rect.width, rect.height);
  if (rect.width == 0 || rect.height == 0) return;
  const Rect inner = {border, border, mouth.width, mouth.height};
  const ConstImageView roi = crop.Crop(inner);
  canvas.Resize(crop.width, crop.height);
  CopyPixels(crop, canvas.view());
  match->Fit(mouth, roi);
  const size_t width = 3 * static_cast<size_t>(size_px);
  for (int y = top; y < bottom; ++y) {
    BlendRow(roi.Row(y), mouth.Row(y), match->Row(y).data(), weights.data() + static_cast<size_t>(y) * width, width,
             canvas.view().Crop(inner).Row(y));
  }
  resizer.Reset(crop.width, crop.height, rect.width, rect.height);
  resizer.Run(crop, was.view());
  resizer.Run(canvas.view(), now.view());
}

NaturalComposite::NaturalComposite() : scratch_(std::make_unique<Scratch>()) {}
NaturalComposite::~NaturalComposite() = default;

void NaturalComposite::Paste(ConstImageView crop, ConstImageView mouth, Rect rect, ImageView frame) {
  Scratch& s = *scratch_;
  s.Render(crop, mouth, rect);
  const ImageView target = frame.Crop(rect);
  for (int y = 0; y < rect.height; ++y) {
    const uint8_t* now = s.now.view().Row(y);
    const uint8_t* was = s.was.view().Row(y);
    uint8_t* to = target.Row(y);
    for (int i = 0; i < 3 * rect.width; ++i) to[i] = static_cast<uint8_t>(std::clamp(to[i] + now[i] - was[i], 0, 255));
  }
}

void NaturalComposite::Paste(ConstImageView crop, ConstImageView mouth, Rect rect, YuvView frame) {
  Scratch& s = *scratch_;
  s.Render(crop, mouth, rect);
  s.adder.Add(s.now.view(), s.was.view(), rect, frame);
}

}  // namespace lips
