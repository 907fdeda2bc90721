// The windows of convolutions and pools as rows and columns.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/window.h"

namespace lips {

using Window = std::array<WindowAxis, 2>;  // a one-dimensional operator has a single row

// Errors: those of `axes`; kUnsupported for more than two.
inline Result<Window> RowsAndColumns(Result<std::vector<WindowAxis>> axes) {
  if (!axes.ok()) return std::move(axes).TakeError();
  const std::vector<WindowAxis>& found = axes.value();
  if (found.empty() || found.size() > 2) {
    return Error(ErrorCode::kUnsupported, std::to_string(found.size()) + " spatial axes, expected one or two");
  }
  const WindowAxis one_row = {.in = 1, .out = 1};
  return Window{found.size() == 2 ? found[0] : one_row, found.back()};
}

// Where tap `k` of window `o` lies; may be outside the image.
inline int64_t At(const WindowAxis& axis, int64_t o, int64_t k) {
  return o * axis.stride - axis.pad_begin + k * axis.dilation;
}

}  // namespace lips
