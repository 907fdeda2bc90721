// A decoded picture and its place in time.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace lips {

// Frames per second as an exact fraction; num, den > 0.
struct FrameRate {
  int num = 25;
  int den = 1;
  double AsDouble() const { return static_cast<double>(num) / den; }
  bool operator==(const FrameRate&) const = default;
};

// "25", "29.97", "30000/1001" -> a fraction in [1, 240]. Errors: kInvalidInput.

struct VideoInfo {
  int width = 0;  // as shown: rotation applied
  int height = 0;
  FrameRate fps;
  int64_t frames = 0;  // exact: counted
  YuvFormat format;
};

}  // namespace lips
