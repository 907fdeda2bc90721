// Planes copied into slightly larger ones, for encoders that store even sizes only. Private to this folder.
#pragma once

#include <algorithm>
#include <cstring>

#include "image/view.h"

namespace lips {

// `from` into `to`, which may have one more column and row; those repeat the last ones.
inline void CopyPadded(ConstPlaneView from, PlaneView to) {
  for (int y = 0; y < to.height; ++y) {
    const uint8_t* row = from.Row(std::min(y, from.height - 1));
    uint8_t* out = to.Row(y);
    std::memcpy(out, row, static_cast<size_t>(from.width));
    if (to.width > from.width) out[from.width] = row[from.width - 1];
  }
}

}  // namespace lips
