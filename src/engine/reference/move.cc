// Operators that only move elements: each makes one table of sources per axis.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/reference/element_map.h"
#include "engine/reference/operator.h"

namespace lips {
namespace {

constexpr int64_t kMaxAxis = int64_t{1} << 29;  // no table may be longer: sizes come from data

Status CheckAxisLength(int64_t length) {
  if (length >= 0 && length <= kMaxAxis) return {};
  return Error(ErrorCode::kResourceLimit, "an axis would have " + std::to_string(length) + " elements");
}

AxisTables WholeTables(const Dims& dims) {
  const std::vector<int64_t> strides = StridesOf(dims);
  AxisTables tables;
  for (size_t axis = 0; axis < dims.size(); ++axis) tables.push_back(WholeAxis(dims[axis], strides[axis]));
  return tables;
}

Status MoveInto(OperatorCall& call, const Tensor& in, const AxisTables& tables, const uint8_t* fill = nullptr) {
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in.dtype(), DimsOf(tables)));
  MoveElements(in, tables, fill, *out);
  return {};
}

Status Transpose(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  const size_t rank = in->dims().size();
  std::vector<int64_t> order = call.node().Ints("perm");
  if (order.empty()) {
    for (size_t i = rank; i-- > 0;) order.push_back(static_cast<int64_t>(i));
  }
  std::vector<int64_t> sorted = order;
  std::ranges::sort(sorted);
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (sorted.size() == rank && sorted[i] == static_cast<int64_t>(i)) continue;
    return Error(ErrorCode::kCorrupted, "perm " + ToString(order) + " of " + ToString(in->dims()));
  }
  const AxisTables whole = WholeTables(in->dims());
  AxisTables tables;
  for (const int64_t axis : order) tables.push_back(whole[static_cast<size_t>(axis)]);
  return MoveInto(call, *in, tables);
}

// Of Slice, one axis: begins and ends are clamped to the axis, backwards as ONNX says.
Result<std::vector<int64_t>> SliceTable(int64_t dim, int64_t stride, int64_t begin, int64_t end, int64_t step) {
  if (step == 0) return Error(ErrorCode::kCorrupted, "a step of 0");
  // Far enough for every axis, near enough that nothing below overflows.
  constexpr int64_t kFar = int64_t{1} << 48;
  begin = std::clamp(begin, -kFar, kFar);
  end = std::clamp(end, -kFar, kFar);
  step = std::clamp(step, -kFar, kFar);
  if (begin < 0) begin += dim;
  if (end < 0) end += dim;
  std::vector<int64_t> table;
  if (step > 0) {
    for (int64_t i = std::clamp<int64_t>(begin, 0, dim); i < std::min(end, dim); i += step) table.push_back(i * stride);
  } else {
    for (int64_t i = std::clamp<int64_t>(begin, -1, dim - 1); i > std::max<int64_t>(end, -1); i += step) {
      table.push_back(i * stride);
    }
  }
  return table;
}

Status Slice(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const std::vector<int64_t> begins, call.Integers(1));
  ASSIGN_OR_RETURN(const std::vector<int64_t> ends, call.Integers(2));
  std::vector<int64_t> axes(begins.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  std::vector<int64_t> steps(begins.size(), 1);
  if (call.Optional(3) != nullptr) {
    ASSIGN_OR_RETURN(axes, call.Integers(3));
  }
  if (call.Optional(4) != nullptr) {
    ASSIGN_OR_RETURN(steps, call.Integers(4));
  }
  if (ends.size() != begins.size() || axes.size() != begins.size() || steps.size() != begins.size()) {
    return Error(ErrorCode::kCorrupted, "starts, ends, axes and steps of different lengths");
  }
  AxisTables tables = WholeTables(in->dims());
  const std::vector<int64_t> strides = StridesOf(in->dims());
  for (size_t i = 0; i < begins.size(); ++i) {
    ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(axes[i], in->dims().size()));
    ASSIGN_OR_RETURN(tables[axis], SliceTable(in->dims()[axis], strides[axis], begins[i], ends[i], steps[i]));
  }
  return MoveInto(call, *in, tables);
}

// Where a padded coordinate comes from, in the axis.
int64_t PadSource(std::string_view mode, int64_t i, int64_t dim) {
  if (i >= 0 && i < dim) return i;
  if (mode == "edge") return std::clamp<int64_t>(i, 0, dim - 1);
  if (mode == "reflect") {
    if (dim == 1) return 0;
    const int64_t period = 2 * (dim - 1);
    const int64_t folded = (i % period + period) % period;
    return folded < dim ? folded : period - folded;
  }
  return kFill;
}

Result<std::vector<int64_t>> PadTable(std::string_view mode, int64_t dim, int64_t stride, int64_t before,
                                      int64_t after) {
  RETURN_IF_ERROR(CheckAxisLength(std::abs(std::clamp(before, -kMaxAxis - 1, kMaxAxis + 1))));
  RETURN_IF_ERROR(CheckAxisLength(std::abs(std::clamp(after, -kMaxAxis - 1, kMaxAxis + 1))));
  if (dim + before + after < 0) return Error(ErrorCode::kCorrupted, "pads cut away more than there is");
  RETURN_IF_ERROR(CheckAxisLength(dim + before + after));
  if (dim == 0 && mode != "constant") return Error(ErrorCode::kCorrupted, "an empty axis has nothing to repeat");
  std::vector<int64_t> table;
  for (int64_t i = -before; i < dim + after; ++i) {
    const int64_t source = PadSource(mode, i, dim);
    table.push_back(source == kFill ? kFill : source * stride);
  }
  return table;
}

Status Pad(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const std::vector<int64_t> pads, call.Integers(1));
  const std::string_view mode = call.node().String("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect") {
    return Error(ErrorCode::kUnsupported, "mode '" + std::string(mode) + "'");
  }
  std::array<uint8_t, 8> zero = {};
  const uint8_t* fill = zero.data();
  if (const Tensor* value = call.Optional(2); value != nullptr && value->size() > 0) {
    if (value->dtype() != in->dtype() || value->size() != 1) {
      return Error(ErrorCode::kCorrupted, "the value to pad with is no scalar of the input's type");
    }
    fill = value->data();
  }
  const Dims& dims = in->dims();
  std::vector<int64_t> axes(dims.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  if (call.Optional(3) != nullptr) {
    ASSIGN_OR_RETURN(axes, call.Integers(3));
  }
  if (pads.size() != 2 * axes.size()) {
    return Error(ErrorCode::kCorrupted,
                 std::to_string(pads.size()) + " pads for " + std::to_string(axes.size()) + " axes");
  }
  AxisTables tables = WholeTables(dims);
  const std::vector<int64_t> strides = StridesOf(dims);
  for (size_t i = 0; i < axes.size(); ++i) {
    ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(axes[i], dims.size()));
    ASSIGN_OR_RETURN(tables[axis], PadTable(mode, dims[axis], strides[axis], pads[i], pads[axes.size() + i]));
  }
  return MoveInto(call, *in, tables, fill);
}

Status Expand(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const Dims wanted, call.Integers(1));
  ASSIGN_OR_RETURN(const Dims dims, BroadcastDims(in->dims(), wanted));
  const std::vector<int64_t> strides = StridesOf(in->dims());
  AxisTables tables;
  for (size_t i = 0; i < dims.size(); ++i) {
    RETURN_IF_ERROR(CheckAxisLength(dims[i]));
    const size_t missing = dims.size() - in->dims().size();
    const bool repeated = i < missing || in->dims()[i - missing] == 1;
    tables.push_back(WholeAxis(dims[i], repeated ? 0 : strides[i - missing]));
  }
  return MoveInto(call, *in, tables);
}

Status Tile(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  ASSIGN_OR_RETURN(const std::vector<int64_t> repeats, call.Integers(1));
  const Dims& dims = in->dims();
  if (repeats.size() != dims.size()) {
    return Error(ErrorCode::kCorrupted, "repeats " + ToString(repeats) + " of " + ToString(dims));
  }
  const std::vector<int64_t> strides = StridesOf(dims);
  AxisTables tables;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    RETURN_IF_ERROR(CheckAxisLength(repeats[axis]));
    RETURN_IF_ERROR(CheckAxisLength(dims[axis]));
    RETURN_IF_ERROR(CheckAxisLength(repeats[axis] * dims[axis]));
    std::vector<int64_t> table;
    for (int64_t i = 0; i < repeats[axis] * dims[axis]; ++i) table.push_back(i % dims[axis] * strides[axis]);
    tables.push_back(std::move(table));
  }
  return MoveInto(call, *in, tables);
}

// Both move blocks of blocksize x blocksize pixels between planes and space: a transposition of six axes.
Status DepthAndSpace(OperatorCall& call, bool to_space) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Input(0));
  const Dims& dims = in->dims();
  const int64_t block = call.node().Int("blocksize", 0);
  if (dims.size() != 4 || block < 1 || block > kMaxAxis) {
    return Error(ErrorCode::kCorrupted, "blocksize " + std::to_string(block) + " of " + ToString(dims));
  }
  const bool fits = to_space ? dims[1] % (block * block) == 0 : dims[2] % block == 0 && dims[3] % block == 0;
  if (!fits) return Error(ErrorCode::kCorrupted, "blocksize " + std::to_string(block) + " of " + ToString(dims));
  Dims split;
  std::array<size_t, 6> order;
  Dims result;
  if (to_space) {
    const bool depth_first = call.node().String("mode", "DCR") == "DCR";
    const int64_t channels = dims[1] / (block * block);
    split = depth_first ? Dims{dims[0], block, block, channels, dims[2], dims[3]}
                        : Dims{dims[0], channels, block, block, dims[2], dims[3]};
    order = depth_first ? std::array<size_t, 6>{0, 3, 4, 1, 5, 2} : std::array<size_t, 6>{0, 1, 4, 2, 5, 3};
    result = {dims[0], channels, dims[2] * block, dims[3] * block};
  } else {
    split = {dims[0], dims[1], dims[2] / block, block, dims[3] / block, block};
    order = {0, 3, 5, 1, 2, 4};
    result = {dims[0], dims[1] * block * block, dims[2] / block, dims[3] / block};
  }
  const AxisTables whole = WholeTables(split);
  AxisTables tables;
  for (const size_t axis : order) tables.push_back(whole[axis]);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, in->dtype(), DimsOf(tables)));
  MoveElements(*in, tables, nullptr, *out);
  out->Reshape(result);
  return {};
}

constexpr std::array kOperators = {
    OperatorEntry{"Transpose", Transpose},
    OperatorEntry{"Slice", Slice},
    OperatorEntry{"Pad", Pad},
    OperatorEntry{"Expand", Expand},
    OperatorEntry{"Tile", Tile},
    OperatorEntry{"DepthToSpace", [](OperatorCall& call) { return DepthAndSpace(call, true); }},
    OperatorEntry{"SpaceToDepth", [](OperatorCall& call) { return DepthAndSpace(call, false); }},
};

}  // namespace

std::span<const OperatorEntry> MoveOperators() { return kOperators; }

}  // namespace lips
