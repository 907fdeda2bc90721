#include "model/window.h"

#include <algorithm>
#include <string>

namespace lips {
namespace {

constexpr int64_t kMostSteps = int64_t{1} << 31;  // keeps every product below in range

Result<std::vector<int64_t>> BoundedInts(const Node& node, std::string_view key, size_t count, int64_t least,
                                         int64_t otherwise) {
  std::vector<int64_t> values = node.Ints(key);
  if (values.empty()) values.assign(count, otherwise);
  if (values.size() != count) {
    return Error(ErrorCode::kCorrupted, "attribute " + std::string(key) + " has " + std::to_string(values.size()) +
                                            " entries, expected " + std::to_string(count));
  }
  for (const int64_t value : values) {
    if (value < least || value > kMostSteps) {
      return Error(ErrorCode::kCorrupted, "attribute " + std::string(key) + " holds " + std::to_string(value) +
                                              ", expected at least " + std::to_string(least));
    }
  }
  return values;
}

enum class AutoPad { kNone, kValid, kSameUpper, kSameLower };

Result<AutoPad> AutoPadOf(const Node& node) {
  const std::string_view mode = node.String("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) return AutoPad::kNone;
  if (mode == "VALID") return AutoPad::kValid;
  if (mode == "SAME_UPPER") return AutoPad::kSameUpper;
  if (mode == "SAME_LOWER") return AutoPad::kSameLower;
  return Error(ErrorCode::kCorrupted, "auto_pad is " + QuoteName(mode));
}

// Everything but `out` and automatic padding.
Result<std::vector<WindowAxis>> ReadAxes(const Node& node, const Dims& input, const Dims& kernel, bool explicit_pads) {
  if (input.size() != kernel.size() + 2 || kernel.empty()) {
    return Error(ErrorCode::kCorrupted,
                 "an input of shape " + ToString(input) + " does not fit a kernel of shape " + ToString(kernel));
  }
  const size_t count = kernel.size();
  ASSIGN_OR_RETURN(const auto strides, BoundedInts(node, "strides", count, 1, 1));
  ASSIGN_OR_RETURN(const auto dilations, BoundedInts(node, "dilations", count, 1, 1));
  ASSIGN_OR_RETURN(const auto pads, BoundedInts(node, "pads", 2 * count, 0, 0));
  std::vector<WindowAxis> axes(count);
  for (size_t i = 0; i < count; ++i) {
    WindowAxis& axis = axes[i];
    axis.in = input[i + 2];
    axis.kernel = kernel[i];
    axis.stride = strides[i];
    axis.dilation = dilations[i];
    if (axis.kernel < 1 || axis.kernel > kMostSteps || axis.in < 0 || axis.in > kMostSteps) {
      return Error(ErrorCode::kCorrupted,
                   "a kernel of shape " + ToString(kernel) + " on an input of shape " + ToString(input));
    }
    if (axis.kernel > 1 && axis.dilation > kMostSteps / axis.kernel) {
      return Error(ErrorCode::kCorrupted, "dilation " + std::to_string(axis.dilation) + " is absurd");
    }
    if (!explicit_pads) continue;
    axis.pad_begin = pads[i];
    axis.pad_end = pads[i + count];
  }
  return axes;
}

int64_t Reach(const WindowAxis& axis) { return axis.dilation * (axis.kernel - 1) + 1; }

// The odd element goes to the end for SAME_UPPER, to the beginning for SAME_LOWER.
void SplitPadding(int64_t total, AutoPad mode, WindowAxis& axis) {
  const int64_t smaller = total / 2;
  axis.pad_begin = mode == AutoPad::kSameUpper ? smaller : total - smaller;
  axis.pad_end = total - axis.pad_begin;
}

}  // namespace

Result<std::vector<WindowAxis>> ResolveWindow(const Node& node, const Dims& input, const Dims& kernel) {
  ASSIGN_OR_RETURN(const AutoPad mode, AutoPadOf(node));
  ASSIGN_OR_RETURN(auto axes, ReadAxes(node, input, kernel, mode == AutoPad::kNone));
  const bool round_up = node.Int("ceil_mode", 0) != 0;
  for (WindowAxis& axis : axes) {
    if (mode == AutoPad::kSameUpper || mode == AutoPad::kSameLower) {
      axis.out = (axis.in + axis.stride - 1) / axis.stride;
      SplitPadding(std::max<int64_t>(0, (axis.out - 1) * axis.stride + Reach(axis) - axis.in), mode, axis);
      continue;
    }
    const int64_t room = axis.in + axis.pad_begin + axis.pad_end - Reach(axis);
    if (room < 0 || axis.in == 0) {
      return Error(ErrorCode::kCorrupted, "a window of " + std::to_string(Reach(axis)) + " does not fit into " +
                                              std::to_string(axis.in) + " elements with padding " +
                                              std::to_string(axis.pad_begin) + "+" + std::to_string(axis.pad_end));
    }
    axis.out = (round_up ? (room + axis.stride - 1) / axis.stride : room / axis.stride) + 1;
    if (round_up && (axis.out - 1) * axis.stride >= axis.in + axis.pad_begin) --axis.out;
  }
  return axes;
}

Result<std::vector<WindowAxis>> ResolveTransposedWindow(const Node& node, const Dims& input, const Dims& kernel) {
  ASSIGN_OR_RETURN(const AutoPad mode, AutoPadOf(node));
  ASSIGN_OR_RETURN(auto axes, ReadAxes(node, input, kernel, mode == AutoPad::kNone));
  ASSIGN_OR_RETURN(const auto extra, BoundedInts(node, "output_padding", axes.size(), 0, 0));
  const bool same = mode == AutoPad::kSameUpper || mode == AutoPad::kSameLower;
  std::vector<int64_t> wanted = node.Ints("output_shape");
  // Some exporters write the batch and the channels too.
  if (wanted.size() == axes.size() + 2) wanted.erase(wanted.begin(), wanted.begin() + 2);
  if (!wanted.empty() && wanted.size() != axes.size()) {
    return Error(ErrorCode::kCorrupted, "attribute output_shape has " + std::to_string(wanted.size()) +
                                            " entries, expected " + std::to_string(axes.size()));
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    WindowAxis& axis = axes[i];
    if (axis.in == 0) return Error(ErrorCode::kCorrupted, "an empty input cannot be transposed-convolved");
    const int64_t full = axis.stride * (axis.in - 1) + extra[i] + Reach(axis);
    axis.out = !wanted.empty() ? wanted[i] : same ? axis.in * axis.stride : full - axis.pad_begin - axis.pad_end;
    if (axis.out < 1 || axis.out > kMostSteps) {
      return Error(ErrorCode::kCorrupted, "an output of " + std::to_string(axis.out) + " elements is asked for");
    }
    if (same || !wanted.empty()) SplitPadding(std::max<int64_t>(0, full - axis.out), mode, axis);
  }
  return axes;
}

}  // namespace lips
