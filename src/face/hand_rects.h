// Face rectangles that a person wrote down.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "image/view.h"

namespace lips {

// One rectangle for each of `frames` frames at 25 per second, from a text of any of these forms:
//   JSON as packages have it (avatar/crop_rects.h), one rectangle a frame, or a single one for all frames;
//   CSV, a line each: `frame,x1,y1,x2,y2` in rising order, frames between two lines lie between them, those before the
//   first and after the last are like it; or `x1,y1,x2,y2`, one line a frame or a single one.
// Corners x2, y2 are exclusive. Empty lines, lines that start with # and a first line of words are skipped; commas,
// semicolons, blanks and tabs part numbers. Errors: kCorrupted with the line, kInvalidInput when the count does not
// fit.
Result<std::vector<Rect>> ParseHandRects(std::string_view text, int64_t frames);

}  // namespace lips
