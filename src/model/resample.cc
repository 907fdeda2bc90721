#include "model/resample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace lips {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 40;  // of one axis

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

Error WrongLength(std::string_view role, size_t found, size_t expected) {
  return Corrupted(std::string(role) + " has " + std::to_string(found) + " entries, expected " +
                   std::to_string(expected));
}

// Whether input `k` is given and holds anything: exporters write empty tensors for operands they leave out.
bool HasElements(const Operands& operands, size_t k) {
  if (!operands.Has(k)) return false;
  const Dims& dims = operands.dims[k];
  return std::ranges::find(dims, 0) == dims.end();
}

Result<std::vector<ResizeAxis>> FromSizes(const Dims& input, const std::vector<int64_t>& sizes) {
  if (sizes.size() != input.size()) return WrongLength("sizes", sizes.size(), input.size());
  std::vector<ResizeAxis> axes(input.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i] < 0 || sizes[i] > kMostElements || (input[i] == 0 && sizes[i] != 0)) {
      return Corrupted("cannot resize " + std::to_string(input[i]) + " elements to " + std::to_string(sizes[i]));
    }
    const float scale = input[i] == 0 ? 1.0f : static_cast<float>(sizes[i]) / static_cast<float>(input[i]);
    axes[i] = {input[i], sizes[i], scale};
  }
  return axes;
}

Result<std::vector<ResizeAxis>> FromScales(const Dims& input, const std::vector<float>& scales) {
  if (scales.size() != input.size()) return WrongLength("scales", scales.size(), input.size());
  std::vector<ResizeAxis> axes(input.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    const double size = std::floor(static_cast<double>(static_cast<float>(input[i]) * scales[i]));
    if (!(scales[i] > 0) || !(size < static_cast<double>(kMostElements))) {
      return Corrupted("cannot resize by the factor " + std::to_string(scales[i]));
    }
    axes[i] = {input[i], static_cast<int64_t>(size), scales[i]};
  }
  return axes;
}

// Source: ONNX Slice; starts and ends are clamped, so INT64_MAX means "to the end".
Result<SliceAxis> SliceOf(int64_t dim, int64_t start, int64_t end, int64_t step) {
  if (step == 0) return Corrupted("a slice has step 0");
  // Far larger than any axis, and safe to negate.
  step = std::clamp<int64_t>(step, -kMostElements, kMostElements);
  if (start < 0) start = start < -dim ? -1 : start + dim;  // -1: before the first
  if (end < 0) end = end < -dim ? -1 : end + dim;
  SliceAxis axis;
  axis.step = step;
  if (step > 0) {
    axis.start = std::clamp<int64_t>(start, 0, dim);
    const int64_t stop = std::clamp<int64_t>(end, 0, dim);
    axis.count = stop > axis.start ? (stop - axis.start + step - 1) / step : 0;
  } else {
    axis.start = std::clamp<int64_t>(start, dim == 0 ? -1 : 0, dim - 1);
    const int64_t stop = std::clamp<int64_t>(end, -1, dim - 1);
    axis.count = axis.start > stop ? (axis.start - stop - step - 1) / -step : 0;
  }
  return axis;
}

}  // namespace

Result<std::vector<ResizeAxis>> ResolveResize(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  if (operands.node.String("coordinate_transformation_mode", "") == "tf_crop_and_resize") {
    return Error(ErrorCode::kUnsupported, "the mode tf_crop_and_resize is not supported");
  }
  const bool is_upsample = operands.node.op == "Upsample";
  const size_t scales_at = is_upsample ? 1 : 2;
  const bool has_sizes = !is_upsample && HasElements(operands, 3);
  if (has_sizes == HasElements(operands, scales_at)) {
    return Corrupted(has_sizes ? "both scales and sizes are given" : "neither scales nor sizes are given");
  }
  if (has_sizes) {
    ASSIGN_OR_RETURN(const auto sizes, operands.Ints(3, "sizes"));
    return FromSizes(input, sizes);
  }
  ASSIGN_OR_RETURN(const auto scales, operands.Floats(scales_at, "scales"));
  return FromScales(input, scales);
}

Result<std::vector<SliceAxis>> ResolveSlice(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const auto starts, operands.Ints(1, "starts"));
  ASSIGN_OR_RETURN(const auto ends, operands.Ints(2, "ends"));
  if (ends.size() != starts.size()) return WrongLength("ends", ends.size(), starts.size());
  std::vector<int64_t> named(starts.size());
  for (size_t i = 0; i < named.size(); ++i) named[i] = static_cast<int64_t>(i);
  std::vector<int64_t> steps(starts.size(), 1);
  if (operands.Has(3)) {
    ASSIGN_OR_RETURN(named, operands.Ints(3, "axes"));
  }
  if (operands.Has(4)) {
    ASSIGN_OR_RETURN(steps, operands.Ints(4, "steps"));
  }
  if (named.size() != starts.size()) return WrongLength("axes", named.size(), starts.size());
  if (steps.size() != starts.size()) return WrongLength("steps", steps.size(), starts.size());
  ASSIGN_OR_RETURN(const auto axes, ResolveAxes(named, input.size()));
  std::vector<SliceAxis> out;
  for (const int64_t dim : input) out.push_back({0, 1, dim});
  for (size_t i = 0; i < axes.size(); ++i) {
    ASSIGN_OR_RETURN(out[axes[i]], SliceOf(input[axes[i]], starts[i], ends[i], steps[i]));
  }
  return out;
}

Result<std::vector<PadAxis>> ResolvePad(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const auto pads, operands.IntsOrAttribute(1, "pads"));
  if (pads.size() != 2 * input.size()) return WrongLength("pads", pads.size(), 2 * input.size());
  const std::string_view mode = operands.node.String("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge") {
    return Error(ErrorCode::kUnsupported, "the padding mode " + QuoteName(mode) + " is not supported");
  }
  std::vector<PadAxis> axes(input.size());
  for (size_t i = 0; i < axes.size(); ++i) {
    axes[i] = {pads[i], pads[i + input.size()]};
    for (const int64_t pad : {axes[i].begin, axes[i].end}) {
      if (pad < -input[i] || pad > kMostElements) return Corrupted("cannot pad by " + std::to_string(pad));
      if (pad > 0 && ((mode == "reflect" && pad >= input[i]) || (mode == "edge" && input[i] == 0))) {
        return Corrupted("mode " + std::string(mode) + " cannot pad " + std::to_string(input[i]) + " elements by " +
                         std::to_string(pad));
      }
    }
    if (input[i] + axes[i].begin + axes[i].end < 0) {
      return Corrupted("padding " + std::to_string(axes[i].begin) + "+" + std::to_string(axes[i].end) +
                       " removes more than the " + std::to_string(input[i]) + " elements there are");
    }
  }
  return axes;
}

}  // namespace lips
