// Resize and Upsample: nearest, linear and cubic, one axis after the other. Coordinates are computed in double.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reference/element_map.h"
#include "engine/reference/operator.h"

namespace lips {
namespace {

constexpr int64_t kMaxAxis = int64_t{1} << 29;

struct ResizeMode {
  std::string_view interpolation;  // nearest, linear, cubic
  std::string_view coordinates;
  std::string_view nearest;
  double cubic_a = -0.75;
  bool exclude_outside = false;
};

struct ResizeAxis {
  int64_t in = 0;
  int64_t out = 0;
  double scale = 1;
};

// One output coordinate: a weighted sum of input coordinates.
struct Tap {
  int64_t index = 0;
  double weight = 1;
};
using Taps = std::vector<Tap>;

Result<double> SourceCoordinate(const ResizeMode& mode, const ResizeAxis& axis, int64_t i) {
  const auto x = static_cast<double>(i);
  if (mode.coordinates == "half_pixel") return (x + 0.5) / axis.scale - 0.5;
  if (mode.coordinates == "pytorch_half_pixel") return axis.out > 1 ? (x + 0.5) / axis.scale - 0.5 : 0.0;
  if (mode.coordinates == "asymmetric") return x / axis.scale;
  if (mode.coordinates == "tf_half_pixel_for_nn") return (x + 0.5) / axis.scale;
  if (mode.coordinates == "align_corners") {
    return axis.out > 1 ? x * static_cast<double>(axis.in - 1) / static_cast<double>(axis.out - 1) : 0.0;
  }
  return Error(ErrorCode::kUnsupported, "coordinate_transformation_mode '" + std::string(mode.coordinates) + "'");
}

Result<double> RoundNearest(std::string_view how, double x) {
  if (how == "round_prefer_floor") return std::ceil(x - 0.5);
  if (how == "round_prefer_ceil") return std::floor(x + 0.5);
  if (how == "floor") return std::floor(x);
  if (how == "ceil") return std::ceil(x);
  return Error(ErrorCode::kUnsupported, "nearest_mode '" + std::string(how) + "'");
}

// Keys' kernel at distance `t` >= 0.
double CubicWeight(double t, double a) {
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

int64_t ClampIndex(double index, int64_t size) {
  return static_cast<int64_t>(std::clamp(index, 0.0, static_cast<double>(size - 1)));
}

Result<Taps> TapsAt(const ResizeMode& mode, const ResizeAxis& axis, int64_t i) {
  ASSIGN_OR_RETURN(const double x, SourceCoordinate(mode, axis, i));
  if (mode.interpolation == "nearest") {
    // In f32, where everybody else computes it: what is half way between two pixels there may not be in double.
    ASSIGN_OR_RETURN(const double nearest, RoundNearest(mode.nearest, double{static_cast<float>(x)}));
    return Taps{{ClampIndex(nearest, axis.in), 1}};
  }
  const double floor = std::floor(x);
  const double fraction = x - floor;
  if (mode.interpolation == "linear") {
    return Taps{{ClampIndex(floor, axis.in), 1 - fraction}, {ClampIndex(floor + 1, axis.in), fraction}};
  }
  Taps taps;
  double total = 0;
  for (int offset = -1; offset <= 2; ++offset) {
    const double at = floor + offset;
    const bool outside = at < 0 || at > static_cast<double>(axis.in - 1);
    const double weight = mode.exclude_outside && outside ? 0 : CubicWeight(std::abs(offset - fraction), mode.cubic_a);
    taps.push_back({ClampIndex(at, axis.in), weight});
    total += weight;
  }
  for (Tap& tap : taps) tap.weight /= total;
  return taps;
}

// Resamples one axis of values seen as [outer, in, inner].
std::vector<double> ResampleAxis(const std::vector<double>& from, const std::vector<Taps>& taps, int64_t in,
                                 int64_t inner) {
  const int64_t outer = static_cast<int64_t>(from.size()) / (in * inner);
  std::vector<double> to(static_cast<size_t>(outer) * taps.size() * static_cast<size_t>(inner));
  double* row = to.data();
  for (int64_t o = 0; o < outer; ++o) {
    for (const Taps& of_row : taps) {
      for (const Tap& tap : of_row) {
        const double* source = from.data() + (o * in + tap.index) * inner;
        for (int64_t i = 0; i < inner; ++i) row[i] += tap.weight * source[i];
      }
      row += inner;
    }
  }
  return to;
}

Status Interpolate(OperatorCall& call, const Tensor& in, const ResizeMode& mode, const std::vector<ResizeAxis>& axes) {
  if (in.dtype() != DType::kF64) return Error(ErrorCode::kUnsupported, "element type " + std::string(Name(in.dtype())));
  Dims dims;
  for (const ResizeAxis& axis : axes) dims.push_back(axis.out);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  std::vector<double> values(in.As<double>().begin(), in.As<double>().end());
  // The last axis first: intermediate results are then at most as large as the input or the output.
  Dims now = in.dims();
  for (size_t axis = axes.size(); axis-- > 0;) {
    if (axes[axis].in == axes[axis].out && axes[axis].scale == 1) continue;
    std::vector<Taps> taps;
    for (int64_t i = 0; i < axes[axis].out; ++i) {
      ASSIGN_OR_RETURN(Taps of_row, TapsAt(mode, axes[axis], i));
      taps.push_back(std::move(of_row));
    }
    const int64_t in_size = now[axis];
    now[axis] = axes[axis].out;
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(now));
    RETURN_IF_ERROR(call.Spend(count));
    values = ResampleAxis(values, taps, in_size, Product(now, axis + 1, now.size()));
  }
  std::ranges::copy(values, out->As<double>().begin());
  return {};
}

Status PickNearest(OperatorCall& call, const Tensor& in, const ResizeMode& mode, const std::vector<ResizeAxis>& axes) {
  const std::vector<int64_t> strides = StridesOf(in.dims());
  AxisTables tables;
  for (size_t axis = 0; axis < axes.size(); ++axis) {
    if (axes[axis].in == axes[axis].out && axes[axis].scale == 1) {
      tables.push_back(WholeAxis(axes[axis].in, strides[axis]));
      continue;
    }
    std::vector<int64_t> table;
    for (int64_t i = 0; i < axes[axis].out; ++i) {
      ASSIGN_OR_RETURN(const Taps taps, TapsAt(mode, axes[axis], i));
      table.push_back(taps[0].index * strides[axis]);
    }
    tables.push_back(std::move(table));
  }
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in.dtype(), DimsOf(tables)));
  MoveElements(in, tables, nullptr, *out);
  return {};
}

Result<std::vector<ResizeAxis>> AxesByScales(const Dims& dims, const Tensor& scales) {
  std::vector<ResizeAxis> axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    const double scale = scales.As<double>()[i];
    const double out = std::floor(static_cast<double>(dims[i]) * scale);
    if (!(scale > 0) || !(out <= static_cast<double>(kMaxAxis)) || out < 1) {
      return Error(ErrorCode::kCorrupted, "axis of " + std::to_string(dims[i]) + " scaled by " + std::to_string(scale));
    }
    axes.push_back({dims[i], static_cast<int64_t>(out), scale});
  }
  return axes;
}

Result<std::vector<ResizeAxis>> AxesBySizes(const Dims& dims, const std::vector<int64_t>& sizes) {
  std::vector<ResizeAxis> axes;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > kMaxAxis || dims[i] < 1) {
      return Error(ErrorCode::kCorrupted, ToString(dims) + " resized to " + ToString(sizes));
    }
    axes.push_back({dims[i], sizes[i], static_cast<double>(sizes[i]) / static_cast<double>(dims[i])});
  }
  return axes;
}

// Upsample (opset 9, kept by old exporters) has its scales second, Resize has roi, scales, sizes.
Status Resample(OperatorCall& call, const ResizeMode& mode, size_t scales_input) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  const Dims& dims = in->dims();
  std::vector<ResizeAxis> axes;
  const Tensor* scales = call.Optional(scales_input);
  if (scales != nullptr && scales->dtype() == DType::kF64 && scales->size() == static_cast<int64_t>(dims.size())) {
    ASSIGN_OR_RETURN(axes, AxesByScales(dims, *scales));
  } else {
    ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, call.Integers(3));
    if (sizes.size() != dims.size()) {
      return Error(ErrorCode::kCorrupted, ToString(dims) + " resized to " + ToString(sizes));
    }
    ASSIGN_OR_RETURN(axes, AxesBySizes(dims, sizes));
  }
  if (mode.interpolation == "nearest") return PickNearest(call, *in, mode, axes);
  if (mode.interpolation == "linear" || mode.interpolation == "cubic") return Interpolate(call, *in, mode, axes);
  return Error(ErrorCode::kUnsupported, "mode '" + std::string(mode.interpolation) + "'");
}

Status Resize(OperatorCall& call) {
  const Node& node = call.node();
  if (node.Int("antialias", 0) != 0) return Error(ErrorCode::kUnsupported, "antialias");
  return Resample(call,
                  {.interpolation = node.String("mode", "nearest"),
                   .coordinates = node.String("coordinate_transformation_mode", "half_pixel"),
                   .nearest = node.String("nearest_mode", "round_prefer_floor"),
                   .cubic_a = node.Float("cubic_coeff_a", -0.75f),
                   .exclude_outside = node.Int("exclude_outside", 0) != 0},
                  2);
}

Status Upsample(OperatorCall& call) {
  return Resample(
      call, {.interpolation = call.node().String("mode", "nearest"), .coordinates = "asymmetric", .nearest = "floor"},
      1);
}

constexpr std::array kOperators = {OperatorEntry{"Resize", Resize}, OperatorEntry{"Upsample", Upsample}};

}  // namespace

std::span<const OperatorEntry> ResizeOperators() { return kOperators; }

}  // namespace lips
