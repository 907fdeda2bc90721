// A line of text burnt into frames where it hides no mouth.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "image/plane.h"
#include "image/view.h"

namespace lips {

enum class LabelPlace : uint8_t { kAuto, kBottomLeft, kBottomRight, kBottom, kTopLeft, kTopRight, kTop };
// "auto", "bottom-left", ... Errors: kInvalidInput lists them.
Result<LabelPlace> ParseLabelPlace(std::string_view name);

struct LabelOptions {
  std::string text;                      // one line of UTF-8
  LabelPlace place = LabelPlace::kAuto;  // the first of the others, in their order, where no mouth ever is
  std::optional<Path> font = {};         // a font file; nothing: one of this machine's
};

// White letters on a dark box, a twentieth of the frame's shorter side high (14 px at least), smaller where the text is
// too long for that. Immutable; any number of threads.
class Label {
 public:
  // For frames of that size. `faces` are the face rectangles of all frames; empty ones do not count. Errors:
  // kInvalidInput (the text does not fit at 10 px; it would hide a mouth wherever it is allowed to stand); those of
  // DrawText.
  static Result<Label> Create(const LabelOptions& options, int width, int height, std::span<const Rect> faces);

  Rect area() const { return area_; }  // its corners have even coordinates
  // Only samples of area() change.
  void Burn(YuvView frame) const;
  // The same in a frame with straight alpha, where the label also is as opaque as it is.
  void Burn(YuvView frame, PlaneView alpha) const;

 private:
  Rect area_;
  Plane opacity_;  // of the label, [area]
  Plane light_;    // its grey, 0..255
};

}  // namespace lips
