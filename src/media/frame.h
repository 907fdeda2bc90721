// A decoded picture and its place in time.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "image/image.h"

namespace lips {

// Frames per second as an exact fraction; num, den > 0.
struct FrameRate {
  int num = 25;
  int den = 1;
  double AsDouble() const { return static_cast<double>(num) / den; }
  bool operator==(const FrameRate&) const = default;
};

// "25", "29.97", "30000/1001" -> a reduced fraction in [1, 240]; 29.97 and its kin mean 30000/1001. Errors:
// kInvalidInput.
Result<FrameRate> ParseFrameRate(std::string_view text);
// Errors: kInvalidInput outside [1, 240].
Status CheckFrameRate(FrameRate fps);

struct VideoInfo {
  int width = 0;  // as shown: rotation applied
  int height = 0;
  FrameRate fps;
  int64_t frames = 0;  // exact: counted
  YuvFormat format;
  bool alpha = false;  // its pictures say how opaque they are
};

}  // namespace lips
