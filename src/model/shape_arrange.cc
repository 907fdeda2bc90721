#include <algorithm>
#include <cmath>
#include <string>

#include "model/resample.h"
#include "model/shape_rules.h"

namespace lips {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 40;

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

// A shape given as data: rank and dimensions within what a tensor can have.
Status CheckShape(const std::vector<int64_t>& shape) {
  if (shape.size() > kMaxRank)
    return Corrupted("a shape of " + std::to_string(shape.size()) + " dimensions is asked for");
  const auto count = ElementCount(shape);
  if (!count.ok()) return count.error();
  return {};
}

// Source: ONNX Reshape-5/13/14: 0 copies the input's dimension (unless allowzero), one -1 takes what is left.
Result<std::vector<Dims>> Reshape(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(Dims shape, operands.Ints(1, "shape"));
  if (shape.size() > kMaxRank)
    return Corrupted("a shape of " + std::to_string(shape.size()) + " dimensions is asked for");
  const std::string asked = ToString(shape);
  const bool allow_zero = operands.node.Int("allowzero", 0) != 0;
  size_t open = shape.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !allow_zero) {
      if (i >= input.size())
        return Corrupted("the shape " + asked + " copies a dimension " + ToString(input) + " lacks");
      shape[i] = input[i];
    } else if (shape[i] == -1) {
      if (open < shape.size()) return Corrupted("the shape " + asked + " leaves two dimensions open");
      open = i;
    }
  }
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(input));
  Dims known = shape;
  if (open < shape.size()) known[open] = 1;
  ASSIGN_OR_RETURN(const int64_t stated, ElementCount(known));
  if (open < shape.size() && stated > 0) shape[open] = count / stated;
  const bool fits = open < shape.size() ? stated > 0 && count % stated == 0 : stated == count;
  if (!fits) return Corrupted(ToString(input) + " cannot be reshaped to " + asked);
  return std::vector<Dims>{std::move(shape)};
}

Result<std::vector<Dims>> Flatten(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  int64_t axis = operands.node.Int("axis", 1);
  const auto rank = static_cast<int64_t>(input.size());
  if (axis < -rank || axis > rank) return Corrupted("axis " + std::to_string(axis) + " of " + ToString(input));
  if (axis < 0) axis += rank;
  ASSIGN_OR_RETURN(const int64_t rows, ElementCount(Dims(input.begin(), input.begin() + axis)));
  ASSIGN_OR_RETURN(const int64_t columns, ElementCount(Dims(input.begin() + axis, input.end())));
  return std::vector<Dims>{{rows, columns}};
}

Result<std::vector<Dims>> Transpose(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  std::vector<int64_t> order = operands.node.Ints("perm");
  if (order.empty()) {
    for (size_t i = input.size(); i > 0; --i) order.push_back(static_cast<int64_t>(i - 1));
  }
  ASSIGN_OR_RETURN(const auto axes, ResolveAxes(order, input.size()));
  if (axes.size() != input.size()) return Corrupted("perm " + ToString(order) + " does not fit " + ToString(input));
  Dims out;
  for (const size_t axis : axes) out.push_back(input[axis]);
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Squeeze(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const auto named, operands.IntsOrAttribute(1, "axes"));
  ASSIGN_OR_RETURN(const auto axes, ResolveAxes(named, input.size()));
  Dims out;
  for (size_t i = 0; i < input.size(); ++i) {
    const bool is_named = std::ranges::find(axes, i) != axes.end();
    if (is_named && input[i] != 1) {
      return Corrupted("axis " + std::to_string(i) + " of " + ToString(input) + " is not 1 and cannot be squeezed");
    }
    const bool removed = is_named || (axes.empty() && input[i] == 1);
    if (!removed) out.push_back(input[i]);
  }
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Unsqueeze(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const auto named, operands.IntsOrAttribute(1, "axes"));
  if (input.size() + named.size() > kMaxRank) return Corrupted("too many dimensions are asked for");
  ASSIGN_OR_RETURN(const auto axes, ResolveAxes(named, input.size() + named.size()));
  Dims out;
  size_t next = 0;
  for (size_t i = 0; i < input.size() + axes.size(); ++i) {
    out.push_back(std::ranges::find(axes, i) != axes.end() ? 1 : input[next++]);
  }
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Slice(const Operands& operands) {
  ASSIGN_OR_RETURN(const auto axes, ResolveSlice(operands));
  Dims out;
  for (const SliceAxis& axis : axes) out.push_back(axis.count);
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Pad(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims out, operands.Input(0));
  ASSIGN_OR_RETURN(const auto axes, ResolvePad(operands));
  for (size_t i = 0; i < out.size(); ++i) out[i] += axes[i].begin + axes[i].end;
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Concat(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims out, operands.InputOfRank(0, 1));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", 0), out.size()));
  for (size_t k = 1; k < operands.node.inputs.size(); ++k) {
    ASSIGN_OR_RETURN(const Dims next, operands.Input(k));
    bool fits = next.size() == out.size();
    for (size_t i = 0; fits && i < out.size(); ++i) fits = i == axis || next[i] == out[i];
    if (!fits) {
      return Corrupted("input " + std::to_string(k) + " of shape " + ToString(next) + " cannot be joined to " +
                       ToString(operands.dims[0]) + " along axis " + std::to_string(axis));
    }
    out[axis] += next[axis];
  }
  return std::vector<Dims>{std::move(out)};
}

// Sizes from input 1 (opset 13) or the attribute (before), or equal parts.
Result<std::vector<Dims>> Split(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 1));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", 0), input.size()));
  ASSIGN_OR_RETURN(auto sizes, operands.IntsOrAttribute(1, "split"));
  const auto parts = static_cast<int64_t>(operands.node.outputs.size());
  if (sizes.empty()) {
    if (input[axis] % parts != 0) {
      return Corrupted(std::to_string(input[axis]) + " elements cannot be split into " + std::to_string(parts));
    }
    sizes.assign(operands.node.outputs.size(), input[axis] / parts);
  }
  int64_t left = input[axis];
  for (const int64_t size : sizes) left = size < 0 || size > left ? -1 : left - size;
  if (left != 0 || sizes.size() != operands.node.outputs.size()) {
    return Corrupted("parts " + ToString(sizes) + " do not make up the " + std::to_string(input[axis]) + " elements");
  }
  std::vector<Dims> outputs;
  for (const int64_t size : sizes) {
    outputs.push_back(input);
    outputs.back()[axis] = size;
  }
  return outputs;
}

Result<std::vector<Dims>> Shape(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  const auto rank = static_cast<int64_t>(input.size());
  int64_t start = operands.node.Int("start", 0);
  int64_t end = operands.node.Int("end", rank);
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, 0, rank);
  return std::vector<Dims>{{std::max<int64_t>(0, end - start)}};
}

Result<std::vector<Dims>> Size(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  return std::vector<Dims>{Dims{}};
}

Result<std::vector<Dims>> Gather(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 1));
  ASSIGN_OR_RETURN(const Dims indices, operands.Input(1));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", 0), input.size()));
  const auto at = input.begin() + static_cast<std::ptrdiff_t>(axis);
  Dims out(input.begin(), at);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), at + 1, input.end());
  if (out.size() > kMaxRank) return Corrupted("the result has " + std::to_string(out.size()) + " dimensions");
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> ConstantOfShape(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims shape, operands.Ints(0, "shape"));
  RETURN_IF_ERROR(CheckShape(shape));
  const Tensor* value = operands.node.TensorAttribute("value");
  if (value != nullptr && value->size() != 1) return Corrupted("its value has the shape " + ToString(value->dims()));
  return std::vector<Dims>{std::move(shape)};
}

Result<std::vector<Dims>> Expand(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const Dims shape, operands.Ints(1, "shape"));
  RETURN_IF_ERROR(CheckShape(shape));
  ASSIGN_OR_RETURN(Dims out, BroadcastDims(input, shape));
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Tile(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims out, operands.Input(0));
  ASSIGN_OR_RETURN(const auto repeats, operands.Ints(1, "repeats"));
  if (repeats.size() != out.size()) return Corrupted("repeats " + ToString(repeats) + " do not fit " + ToString(out));
  for (size_t i = 0; i < out.size(); ++i) {
    if (repeats[i] < 0 || (out[i] > 0 && repeats[i] > kMostElements / out[i])) {
      return Corrupted("cannot repeat " + std::to_string(repeats[i]) + " times");
    }
    out[i] *= repeats[i];
  }
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> Range(const Operands& operands) {
  double bounds[3];
  for (size_t k = 0; k < 3; ++k) {
    const Tensor* known = operands.Has(k) ? operands.known[k] : nullptr;
    if (known != nullptr && known->dtype() == DType::kI64 && known->size() == 1) {
      bounds[k] = static_cast<double>(known->As<int64_t>()[0]);
      continue;
    }
    ASSIGN_OR_RETURN(const auto values, operands.Floats(k, "bound"));
    if (values.size() != 1) return Corrupted("a bound is not one number");
    bounds[k] = static_cast<double>(values[0]);
  }
  const double count = std::ceil((bounds[1] - bounds[0]) / bounds[2]);
  if (std::isnan(count) || count > static_cast<double>(kMostElements)) return Corrupted("its bounds make no range");
  return std::vector<Dims>{{static_cast<int64_t>(std::max(0.0, count))}};
}

}  // namespace

ShapeRule FindArrangeRule(std::string_view op) {
  if (op == "Reshape") return Reshape;
  if (op == "Flatten") return Flatten;
  if (op == "Transpose") return Transpose;
  if (op == "Squeeze") return Squeeze;
  if (op == "Unsqueeze") return Unsqueeze;
  if (op == "Slice") return Slice;
  if (op == "Pad") return Pad;
  if (op == "Concat") return Concat;
  if (op == "Split") return Split;
  if (op == "Shape") return Shape;
  if (op == "Size") return Size;
  if (op == "Gather") return Gather;
  if (op == "ConstantOfShape") return ConstantOfShape;
  if (op == "Expand") return Expand;
  if (op == "Tile") return Tile;
  if (op == "Range") return Range;
  return nullptr;
}

}  // namespace lips
