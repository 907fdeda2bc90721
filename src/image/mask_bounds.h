// Where a mask has any weight.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "image/view.h"

namespace lips {

// The smallest rectangle around the weights above 0 of `mask`, [mask.size() / width, width]; empty without any, or when
// width is 0.
inline Rect MaskBounds(std::span<const uint8_t> mask, int width) {
  const int height = width > 0 ? static_cast<int>(mask.size()) / width : 0;
  int left = width, top = height, right = 0, bottom = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (mask[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] == 0) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = y + 1;
    }
  }
  return right > left ? Rect{left, top, right - left, bottom - top} : Rect{};
}

}  // namespace lips
