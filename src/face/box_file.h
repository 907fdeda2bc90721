// Face boxes that other programs found: one a frame, in whichever file and order they left them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "image/view.h"

namespace lips {

enum class BoxOrder : uint8_t {
  kUnknown,
  kX1Y1X2Y2,
  kY1Y2X1X2,  // Wav2Lip's
};

struct BoxFile {
  std::vector<std::optional<std::array<double, 4>>> boxes;  // nothing: no face was found (no numbers, or all are zero)
  BoxOrder order = BoxOrder::kUnknown;                      // where the form of the file settles it
};

// A pickle or NPY of rows of four numbers (a fifth one, a score, is passed over), or text as ParseHandRects takes it.
// `frames` is what there are boxes for: the text form may say less. Errors: those of the parts, naming the file.
Result<BoxFile> ReadBoxFile(const Path& file, int64_t frames);

// The order in which every box lies in a picture of that size and is no more than three times as long as wide, or the
// other way round; kUnknown when that is true of both. Errors: kInvalidInput naming the first box that fits in neither.
Result<BoxOrder> GuessBoxOrder(const BoxFile& file, int width, int height);

// Errors: kCorrupted when the corners are none (RectFromCorners).
Result<Rect> RectOfBox(const std::array<double, 4>& box, BoxOrder order);

}  // namespace lips
