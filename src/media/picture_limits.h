// How large a single picture may be, so that a few hostile bytes cannot ask for gigabytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace lips {

inline constexpr int kMaxPictureSide = 16384;
inline constexpr int64_t kMaxPicturePixels = int64_t{1} << 26;  // 8192 x 8192

// Errors: kCorrupted (an empty side), kResourceLimit.
inline Status CheckPictureSize(int64_t width, int64_t height) {
  const std::string size = std::to_string(width) + "x" + std::to_string(height);
  if (width <= 0 || height <= 0) return Error(ErrorCode::kCorrupted, "the picture's size is " + size);
  if (width > kMaxPictureSide || height > kMaxPictureSide || width * height > kMaxPicturePixels) {
    return Error(ErrorCode::kResourceLimit, "the picture's size is " + size + "; at most " +
                                                std::to_string(kMaxPictureSide) + " pixels a side and " +
                                                std::to_string(kMaxPicturePixels) + " in all are read");
  }
  return {};
}

}  // namespace lips
