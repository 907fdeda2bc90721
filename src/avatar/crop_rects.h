// Face rectangles as packages store them, and what makes a list of them sound.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/view.h"

namespace lips {

// Parses either form, told by content:
//   cache/crop_rectangles.json  {"0": {"rect": [x1, y1, x2, y2], ...}, "1": ...}  keyed by decimal frame number
//   crop_rects.json             [[x1, y1, x2, y2], ...]
// x2 and y2 are exclusive; numbers are truncated to int; everything else in the first form is stale and ignored. A
// rectangle that is null or all zeros says that the frame has no face: an empty Rect.
// Errors: kCorrupted naming the frame (not four numbers, x2 <= x1, a missing or repeated frame number, no frame at
// all); kResourceLimit above 10^6 frames. Source: spec.md 1.2.
Result<std::vector<Rect>> ParseCropRects(std::string_view json);

// One rectangle from its corners. Errors: kCorrupted when a corner is NaN or beyond 10^6, or x2 <= x1, y2 <= y1.
Result<Rect> RectFromCorners(double x1, double y1, double x2, double y2);

// "[702,210,890,398]"
std::string ToString(Rect rect);

// Empties the rectangles that leave a picture of that size, where a face is partly outside, and returns how many are
// empty then. When half of them and more do, the rectangles belong to another picture: all stay, and 0.
int64_t DropOutside(std::span<Rect> rects, int width, int height);

// Errors: kCorrupted naming the first frame whose rectangle leaves a picture of that size.
Status CheckInside(std::span<const Rect> rects, int width, int height);

}  // namespace lips
