#include "model/fold.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <variant>

#include "model/fold_arithmetic.h"
#include "model/resample.h"

namespace lips {
namespace {

using Ints = std::vector<int64_t>;
using Reals = std::vector<double>;  // holds f32 exactly, and rounding its + - * / to f32 is what f32 itself gives
using Elements = std::variant<Ints, Reals>;
using Folded = Result<std::optional<Elements>>;

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

template <typename To, typename From>
std::vector<To> Converted(std::span<const From> values) {
  std::vector<To> out;
  out.reserve(values.size());
  for (const From value : values) out.push_back(static_cast<To>(value));
  return out;
}

std::optional<Elements> ElementsOf(const Tensor& tensor) {
  if (tensor.size() > kMostFoldedElements) return std::nullopt;
  switch (tensor.dtype()) {
    case DType::kI64: return Converted<int64_t>(tensor.As<int64_t>());
    case DType::kI32: return Converted<int64_t>(tensor.As<int32_t>());
    case DType::kBool: return Converted<int64_t>(std::span<const uint8_t>(tensor.data(), tensor.bytes()));
    case DType::kF32: return Converted<double>(tensor.As<float>());
    case DType::kF64: return Converted<double>(tensor.As<double>());
    default: return std::nullopt;
  }
}

template <typename To, typename From>
void Store(const std::vector<From>& values, Tensor& tensor) {
  To* out = reinterpret_cast<To*>(tensor.data());
  for (size_t i = 0; i < values.size(); ++i) out[i] = static_cast<To>(values[i]);
}

// `elements` as a tensor; the lane (integers or reals) must be that of `dtype`.
std::optional<Tensor> TensorOf(const Elements& elements, const Dims& dims, DType dtype) {
  Tensor tensor(dtype, dims);
  const auto* ints = std::get_if<Ints>(&elements);
  const auto* reals = std::get_if<Reals>(&elements);
  const size_t count = ints != nullptr ? ints->size() : reals->size();
  if (count != static_cast<size_t>(tensor.size())) return std::nullopt;
  if (ints != nullptr && dtype == DType::kI64)
    Store<int64_t>(*ints, tensor);
  else if (ints != nullptr && dtype == DType::kI32)
    Store<int32_t>(*ints, tensor);
  else if (ints != nullptr && dtype == DType::kBool)
    Store<uint8_t>(*ints, tensor);
  else if (reals != nullptr && dtype == DType::kF32)
    Store<float>(*reals, tensor);
  else if (reals != nullptr && dtype == DType::kF64)
    Store<double>(*reals, tensor);
  else
    return std::nullopt;
  return tensor;
}

// How an output walks over a source: element [i, j, ...] is source[offset + i * step[0] + j * step[1] + ...].
struct Walk {
  int64_t offset = 0;
  std::vector<int64_t> steps;  // one per output axis
};

std::vector<int64_t> PackedSteps(const Dims& dims) {
  std::vector<int64_t> steps(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) steps[i - 1] = steps[i] * std::max<int64_t>(1, dims[i]);
  return steps;
}

// The source index of every output element, in row-major order.
std::vector<int64_t> IndicesOf(const Walk& walk, const Dims& out) {
  std::vector<int64_t> indices = {walk.offset};
  for (size_t axis = 0; axis < out.size(); ++axis) {
    std::vector<int64_t> next;
    for (const int64_t base : indices) {
      for (int64_t i = 0; i < out[axis]; ++i) next.push_back(base + i * walk.steps[axis]);
    }
    indices = std::move(next);
  }
  return indices;
}

// A source of shape `in` repeated to `out` by the broadcasting rule.
Walk BroadcastWalk(const Dims& in, const Dims& out) {
  const auto packed = PackedSteps(in);
  Walk walk = {0, std::vector<int64_t>(out.size(), 0)};
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] != 1) walk.steps[out.size() - in.size() + i] = packed[i];
  }
  return walk;
}

Elements Picked(const Elements& source, const std::vector<int64_t>& indices) {
  return std::visit(
      [&](const auto& values) -> Elements {
        std::decay_t<decltype(values)> out;
        for (const int64_t index : indices) out.push_back(values[static_cast<size_t>(index)]);
        return out;
      },
      source);
}

// The inputs as elements; empty unless all given ones are known and small.
std::optional<std::vector<Elements>> KnownInputs(const Operands& operands) {
  std::vector<Elements> inputs;
  for (size_t k = 0; k < operands.node.inputs.size(); ++k) {
    if (!operands.Has(k)) {
      inputs.emplace_back();
      continue;
    }
    if (operands.known[k] == nullptr) return std::nullopt;
    auto elements = ElementsOf(*operands.known[k]);
    if (!elements) return std::nullopt;
    inputs.push_back(std::move(*elements));
  }
  return inputs;
}

Folded FoldShape(const Operands& operands) {
  const Dims& dims = operands.dims[0];
  const auto rank = static_cast<int64_t>(dims.size());
  int64_t start = operands.node.Int("start", 0);
  int64_t end = operands.node.Int("end", rank);
  start = std::clamp<int64_t>(start < 0 ? start + rank : start, 0, rank);
  end = std::clamp<int64_t>(end < 0 ? end + rank : end, start, rank);
  return std::optional<Elements>(Ints(dims.begin() + start, dims.begin() + end));
}

Folded FoldSize(const Operands& operands) {
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(operands.dims[0]));
  return std::optional<Elements>(Ints{count});
}

Folded FoldTranspose(const Operands& operands, const Elements& input, const Dims& out) {
  const Dims& dims = operands.dims[0];
  std::vector<int64_t> order = operands.node.Ints("perm");
  if (order.empty()) {
    for (size_t i = dims.size(); i > 0; --i) order.push_back(static_cast<int64_t>(i - 1));
  }
  ASSIGN_OR_RETURN(const auto axes, ResolveAxes(order, dims.size()));
  const auto packed = PackedSteps(dims);
  Walk walk;
  for (const size_t axis : axes) walk.steps.push_back(packed[axis]);
  return std::optional<Elements>(Picked(input, IndicesOf(walk, out)));
}

Folded FoldSlice(const Operands& operands, const Elements& input, const Dims& out) {
  ASSIGN_OR_RETURN(const auto axes, ResolveSlice(operands));
  const auto packed = PackedSteps(operands.dims[0]);
  Walk walk;
  for (size_t i = 0; i < axes.size(); ++i) {
    walk.offset += axes[i].start * packed[i];
    walk.steps.push_back(axes[i].step * packed[i]);
  }
  return std::optional<Elements>(Picked(input, IndicesOf(walk, out)));
}

Folded FoldGather(const Operands& operands, const Elements& input, const Elements& indices) {
  const Dims& dims = operands.dims[0];
  const auto* positions = std::get_if<Ints>(&indices);
  if (positions == nullptr) return Corrupted("its indices are no integers");
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", 0), dims.size()));
  const int64_t inner = PackedSteps(dims)[axis];
  int64_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= dims[i];
  std::vector<int64_t> sources;
  for (int64_t o = 0; o < outer; ++o) {
    for (const int64_t position : *positions) {
      if (position < -dims[axis] || position >= dims[axis]) {
        return Corrupted("index " + std::to_string(position) + " is outside of " + std::to_string(dims[axis]) +
                         " elements");
      }
      const int64_t start = (o * dims[axis] + (position < 0 ? position + dims[axis] : position)) * inner;
      for (int64_t i = 0; i < inner; ++i) sources.push_back(start + i);
    }
  }
  return std::optional<Elements>(Picked(input, sources));
}

template <typename T>
Elements Joined(const Operands& operands, const std::vector<Elements>& inputs, size_t axis) {
  int64_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= operands.dims[0][i];
  std::vector<T> out;
  for (int64_t o = 0; o < outer; ++o) {
    for (const Elements& input : inputs) {
      const auto& values = std::get<std::vector<T>>(input);
      const auto run = static_cast<int64_t>(values.size()) / outer;
      out.insert(out.end(), values.begin() + o * run, values.begin() + (o + 1) * run);
    }
  }
  return out;
}

Folded FoldConcat(const Operands& operands, const std::vector<Elements>& inputs) {
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", 0), operands.dims[0].size()));
  for (const Elements& input : inputs) {
    if (input.index() != inputs[0].index()) return Corrupted("it joins integers and floats");
  }
  for (size_t i = 0; i < axis; ++i) {
    if (operands.dims[0][i] == 0) return std::optional<Elements>();
  }
  return std::optional<Elements>(std::holds_alternative<Ints>(inputs[0]) ? Joined<int64_t>(operands, inputs, axis)
                                                                         : Joined<double>(operands, inputs, axis));
}

Folded FoldCast(const Elements& input, DType to) {
  const bool to_real = to == DType::kF32 || to == DType::kF64;
  if (const auto* ints = std::get_if<Ints>(&input)) {
    if (to_real) return std::optional<Elements>(Converted<double>(std::span(*ints)));
    if (to != DType::kBool) return std::optional<Elements>(*ints);
    Ints flags;
    for (const int64_t value : *ints) flags.push_back(value != 0 ? 1 : 0);
    return std::optional<Elements>(std::move(flags));
  }
  const Reals& reals = std::get<Reals>(input);
  if (to_real) return std::optional<Elements>(reals);
  Ints out;
  for (const double value : reals) {
    if (to == DType::kBool) {
      out.push_back(value != 0.0 ? 1 : 0);
      continue;
    }
    if (!(std::fabs(value) < 0x1p62)) return Corrupted("no integer holds " + std::to_string(value));
    out.push_back(static_cast<int64_t>(value));
  }
  return std::optional<Elements>(std::move(out));
}

template <typename T>
Folded FoldBinary(const Operands& operands, const std::vector<T>& a, const std::vector<T>& b, const Dims& out) {
  const auto from_a = IndicesOf(BroadcastWalk(operands.dims[0], out), out);
  const auto from_b = IndicesOf(BroadcastWalk(operands.dims[1], out), out);
  std::vector<T> values;
  for (size_t i = 0; i < from_a.size(); ++i) {
    ASSIGN_OR_RETURN(const auto value, ComputeTwo(operands.node.op, a[static_cast<size_t>(from_a[i])],
                                                  b[static_cast<size_t>(from_b[i])]));
    if (!value) return std::optional<Elements>();
    values.push_back(*value);
  }
  return std::optional<Elements>(std::move(values));
}

Folded FoldUnary(std::string_view op, const Elements& input) {
  return std::visit(
      [&](const auto& values) -> Folded {
        std::decay_t<decltype(values)> out;
        for (const auto value : values) {
          const auto computed = ComputeOne(op, value);
          if (!computed) return std::optional<Elements>();
          out.push_back(*computed);
        }
        return std::optional<Elements>(std::move(out));
      },
      input);
}

Folded FoldWhere(const Operands& operands, const std::vector<Elements>& inputs, const Dims& out) {
  const auto* condition = std::get_if<Ints>(&inputs[0]);
  if (condition == nullptr || inputs[1].index() != inputs[2].index()) return Corrupted("its inputs have other types");
  const auto from_condition = IndicesOf(BroadcastWalk(operands.dims[0], out), out);
  const Elements yes = Picked(inputs[1], IndicesOf(BroadcastWalk(operands.dims[1], out), out));
  const Elements no = Picked(inputs[2], IndicesOf(BroadcastWalk(operands.dims[2], out), out));
  return std::visit(
      [&](auto chosen) -> Folded {
        const auto& other = std::get<decltype(chosen)>(no);
        for (size_t i = 0; i < chosen.size(); ++i) {
          if ((*condition)[static_cast<size_t>(from_condition[i])] == 0) chosen[i] = other[i];
        }
        return std::optional<Elements>(std::move(chosen));
      },
      yes);
}

Folded FoldRange(const std::vector<Elements>& inputs, const Dims& out) {
  return std::visit(
      [&](const auto& start) -> Folded {
        using List = std::decay_t<decltype(start)>;
        const auto* step = std::get_if<List>(&inputs[2]);
        if (step == nullptr) return Corrupted("its bounds have different types");
        List values;
        for (int64_t i = 0; i < out[0]; ++i) {
          if constexpr (std::is_same_v<List, Ints>) {
            values.push_back(WrapToInt64(static_cast<uint64_t>(start[0]) +
                                         static_cast<uint64_t>(i) * static_cast<uint64_t>((*step)[0])));
          } else {
            values.push_back(start[0] + static_cast<double>(i) * (*step)[0]);
          }
        }
        return std::optional<Elements>(std::move(values));
      },
      inputs[0]);
}

// ReduceProd, ReduceSum, ReduceMax and ReduceMin over everything, which is how sizes are computed.
Folded FoldReduce(const Operands& operands, const Elements& input, const Dims& out) {
  const std::string_view op = operands.node.op;
  const auto* values = std::get_if<Ints>(&input);
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(out));
  if (values == nullptr || values->empty() || count != 1) return std::optional<Elements>();
  const std::string_view step = op == "ReduceProd"  ? "Mul"
                                : op == "ReduceSum" ? "Add"
                                : op == "ReduceMax" ? "Max"
                                                    : "Min";
  int64_t total = (*values)[0];
  for (size_t i = 1; i < values->size(); ++i) {
    ASSIGN_OR_RETURN(const auto next, ComputeTwo(step, total, (*values)[i]));
    total = next.value_or(0);
  }
  return std::optional<Elements>(Ints{total});
}

Folded FoldConstantOfShape(const Operands& operands, const Dims& out, DType type) {
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(out));
  const Tensor* value = operands.node.TensorAttribute("value");
  const auto one = value != nullptr      ? ElementsOf(*value)
                   : type == DType::kF32 ? std::optional<Elements>(Reals{0.0})
                                         : std::nullopt;
  if (!one) return std::optional<Elements>();
  return std::optional<Elements>(Picked(*one, std::vector<int64_t>(static_cast<size_t>(count), 0)));
}

bool IsOneOf(std::string_view op, std::initializer_list<std::string_view> list) {
  return std::ranges::find(list, op) != list.end();
}

Folded Evaluate(const Operands& operands, const Dims& out, DType type) {
  const std::string_view op = operands.node.op;
  if (op == "Shape") return FoldShape(operands);
  if (op == "Size") return FoldSize(operands);
  const auto inputs = KnownInputs(operands);
  if (!inputs || inputs->empty()) return std::optional<Elements>();
  const Elements& first = (*inputs)[0];
  if (IsOneOf(op, {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"})) return std::optional<Elements>(first);
  if (op == "Transpose") return FoldTranspose(operands, first, out);
  if (op == "Slice") return FoldSlice(operands, first, out);
  if (op == "Gather") return FoldGather(operands, first, (*inputs)[1]);
  if (op == "Concat") return FoldConcat(operands, *inputs);
  if (op == "Expand")
    return std::optional<Elements>(Picked(first, IndicesOf(BroadcastWalk(operands.dims[0], out), out)));
  if (op == "Cast") return FoldCast(first, type);
  if (op == "Where") return FoldWhere(operands, *inputs, out);
  if (op == "Range") return FoldRange(*inputs, out);
  if (op == "ConstantOfShape") return FoldConstantOfShape(operands, out, type);
  if (IsOneOf(op, {"ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin"})) return FoldReduce(operands, first, out);
  if (inputs->size() == 1) return FoldUnary(op, first);
  const bool is_binary = IsOneOf(op, {"Add", "Sub", "Mul", "Div", "Mod", "Min", "Max", "Equal", "Greater",
                                      "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or"});
  if (!is_binary || inputs->size() != 2 || first.index() != (*inputs)[1].index()) return std::optional<Elements>();
  if (std::holds_alternative<Ints>(first)) {
    return FoldBinary(operands, std::get<Ints>(first), std::get<Ints>((*inputs)[1]), out);
  }
  return FoldBinary(operands, std::get<Reals>(first), std::get<Reals>((*inputs)[1]), out);
}

}  // namespace

Result<std::optional<Tensor>> Fold(const Operands& operands, const Dims& out_dims, DType out_type) {
  if (operands.node.outputs.size() != 1) return std::optional<Tensor>();
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(out_dims));
  if (count > kMostFoldedElements) return std::optional<Tensor>();
  if (count == 0) {  // there is only one empty tensor
    if (out_dims.size() != 1) return std::optional<Tensor>();
    return std::optional<Tensor>(Tensor(out_type, out_dims));
  }
  ASSIGN_OR_RETURN(const auto elements, Evaluate(operands, out_dims, out_type));
  if (!elements) return std::optional<Tensor>();
  return TensorOf(*elements, out_dims, out_type);
}

}  // namespace lips
