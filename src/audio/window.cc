#include "audio/window.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <string>

namespace lips {

Status FillWindow(std::span<const float> features, int row_floats, int64_t frame, WindowEdge edge,
                  std::span<float> out) {
  const auto count = row_floats > 0 ? static_cast<int64_t>(features.size()) / row_floats : 0;
  return FillWindow(features, 0, count, row_floats, frame, edge, out);
}

Status FillWindow(std::span<const float> held, int64_t first_row, int64_t count, int row_floats, int64_t frame,
                  WindowEdge edge, std::span<float> out) {
  if (row_floats <= 0) {
    return Error(ErrorCode::kInvalidInput, "feature rows of " + std::to_string(row_floats) + " floats; expected 1 up");
  }
  const auto row_size = static_cast<size_t>(row_floats);
  if (held.size() % row_size != 0) {
    return Error(ErrorCode::kInvalidInput, std::to_string(held.size()) + " feature values are no whole number of " +
                                               std::to_string(row_floats) + "-float rows");
  }
  if (out.size() != kWindowRows * row_size) {
    return Error(ErrorCode::kInvalidInput, "a window of " + std::to_string(out.size()) + " floats; expected " +
                                               std::to_string(kWindowRows * row_size));
  }
  if (frame < 0 || frame >= count) {
    return Error(ErrorCode::kInvalidInput,
                 "frame " + std::to_string(frame) + " is outside the " + std::to_string(count) + " feature rows");
  }
  const int64_t end_row = first_row + static_cast<int64_t>(held.size() / row_size);
  if (std::max<int64_t>(frame - kWindowCentre, 0) < first_row ||
      std::min(frame - kWindowCentre + kWindowRows, count) > end_row) {
    return Error(ErrorCode::kInvalidInput, "the window of frame " + std::to_string(frame) + " needs rows outside " +
                                               std::to_string(first_row) + " to " + std::to_string(end_row));
  }
  for (int64_t i = 0; i < kWindowRows; ++i) {
    const int64_t wanted = frame - kWindowCentre + i;
    const int64_t row = std::clamp<int64_t>(wanted, 0, count - 1);
    const auto target = out.subspan(static_cast<size_t>(i) * row_size, row_size);
    if (row != wanted && edge == WindowEdge::kZeros) {
      std::ranges::fill(target, 0.0f);
    } else {
      std::ranges::copy(held.subspan(static_cast<size_t>(row - first_row) * row_size, row_size), target.begin());
    }
  }
  return {};
}

void MixWindow(std::span<float> window, std::span<const float> next, float part) {
  if (part == 0) return;
  assert(window.size() == next.size());
  for (size_t i = 0; i < window.size(); ++i) window[i] += part * (next[i] - window[i]);
}

}  // namespace lips
