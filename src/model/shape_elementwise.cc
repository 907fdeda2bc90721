#include <algorithm>
#include <array>
#include <string>

#include "model/shape_rules.h"

namespace lips {
namespace {

Error Corrupted(std::string message) { return Error(ErrorCode::kCorrupted, std::move(message)); }

Result<std::vector<Dims>> SameShape(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims input, operands.Input(0));
  return std::vector<Dims>(operands.node.outputs.size(), std::move(input));
}

Result<std::vector<Dims>> BroadcastAll(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims out, operands.Input(0));
  for (size_t k = 1; k < operands.node.inputs.size(); ++k) {
    ASSIGN_OR_RETURN(const Dims next, operands.Input(k));
    ASSIGN_OR_RETURN(out, BroadcastDims(out, next));
  }
  return std::vector<Dims>{std::move(out)};
}

Result<std::vector<Dims>> BroadcastTwo(const Operands& operands) {
  if (operands.node.inputs.size() != 2) {
    return Corrupted("it has " + std::to_string(operands.node.inputs.size()) + " inputs, expected 2");
  }
  return BroadcastAll(operands);
}

Result<std::vector<Dims>> SelectOfThree(const Operands& operands) {
  if (operands.node.inputs.size() != 3) {
    return Corrupted("it has " + std::to_string(operands.node.inputs.size()) + " inputs, expected 3");
  }
  return BroadcastAll(operands);
}

// The slope must reach the input's shape without enlarging it.
Result<std::vector<Dims>> PRelu(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.Input(0));
  ASSIGN_OR_RETURN(const Dims slope, operands.Input(1));
  ASSIGN_OR_RETURN(Dims out, BroadcastDims(input, slope));
  if (out != input) return Corrupted("slopes of shape " + ToString(slope) + " do not fit " + ToString(input));
  return std::vector<Dims>{std::move(out)};
}

// Bounds are attributes never (opset 11 on) and scalars always.
Result<std::vector<Dims>> Clip(const Operands& operands) {
  for (const size_t k : {size_t{1}, size_t{2}}) {
    if (!operands.Has(k)) continue;
    ASSIGN_OR_RETURN(const int64_t count, ElementCount(operands.dims[k]));
    if (count != 1) return Corrupted("a bound has the shape " + ToString(operands.dims[k]) + ", expected one number");
  }
  return SameShape(operands);
}

// Inputs [first, last] must be [channels].
Status CheckPerChannel(const Operands& operands, size_t first, size_t last, int64_t channels) {
  for (size_t k = first; k <= last; ++k) {
    ASSIGN_OR_RETURN(const Dims dims, operands.Input(k));
    if (dims == Dims{channels}) continue;
    return Corrupted("input " + std::to_string(k) + " has the shape " + ToString(dims) + ", expected [" +
                     std::to_string(channels) + "]");
  }
  return {};
}

Result<std::vector<Dims>> BatchNormalization(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims input, operands.InputOfRank(0, 2));
  if (operands.node.Int("training_mode", 0) != 0 || operands.node.outputs.size() > 1) {
    return Error(ErrorCode::kUnsupported, "it is in training mode; export the network in eval mode");
  }
  RETURN_IF_ERROR(CheckPerChannel(operands, 1, 4, input[1]));
  return std::vector<Dims>{std::move(input)};
}

Result<std::vector<Dims>> InstanceNormalization(const Operands& operands) {
  ASSIGN_OR_RETURN(Dims input, operands.InputOfRank(0, 3));
  RETURN_IF_ERROR(CheckPerChannel(operands, 1, 2, input[1]));
  return std::vector<Dims>{std::move(input)};
}

Result<std::vector<Dims>> LayerNormalization(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 1));
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(operands.node.Int("axis", -1), input.size()));
  Dims statistics = input;
  std::fill(statistics.begin() + static_cast<std::ptrdiff_t>(axis), statistics.end(), 1);
  for (const size_t k : {size_t{1}, size_t{2}}) {
    if (k == 2 && !operands.Has(k)) continue;
    ASSIGN_OR_RETURN(const Dims weights, operands.Input(k));
    ASSIGN_OR_RETURN(const Dims reached, BroadcastDims(input, weights));
    if (reached != input) return Corrupted("weights of shape " + ToString(weights) + " do not fit " + ToString(input));
  }
  std::vector<Dims> outputs(operands.node.outputs.size(), statistics);
  outputs[0] = input;
  return outputs;
}

// The axis must exist even though it does not change the shape.
Result<std::vector<Dims>> AlongAxis(const Operands& operands) {
  ASSIGN_OR_RETURN(const Dims input, operands.InputOfRank(0, 1));
  const int64_t otherwise = operands.opset >= 13 ? -1 : 1;
  RETURN_IF_ERROR([&]() -> Status {
    const auto axis = ResolveAxis(operands.node.Int("axis", input.size() == 1 ? 0 : otherwise), input.size());
    if (!axis.ok()) return axis.error();
    return {};
  }());
  return SameShape(operands);
}

constexpr auto kSameShape = std::to_array<std::string_view>({"Abs",
                                                             "Acos",
                                                             "Asin",
                                                             "Atan",
                                                             "Cast",
                                                             "Ceil",
                                                             "Celu",
                                                             "Cos",
                                                             "CumSum",
                                                             "Dropout",
                                                             "Elu",
                                                             "Erf",
                                                             "Exp",
                                                             "Floor",
                                                             "HardSigmoid",
                                                             "HardSwish",
                                                             "Identity",
                                                             "IsInf",
                                                             "IsNaN",
                                                             "LRN",
                                                             "LeakyRelu",
                                                             "Log",
                                                             "LpNormalization",
                                                             "Neg",
                                                             "Not",
                                                             "Reciprocal",
                                                             "Relu",
                                                             "Round",
                                                             "Selu",
                                                             "Sigmoid",
                                                             "Sign",
                                                             "Sin",
                                                             "Softplus",
                                                             "Softsign",
                                                             "Sqrt",
                                                             "Tan",
                                                             "Tanh",
                                                             "ThresholdedRelu"});
constexpr auto kTwo = std::to_array<std::string_view>({"Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual",
                                                       "Less", "LessOrEqual", "Mod", "Mul", "Or", "Pow", "Sub", "Xor"});
constexpr auto kAny = std::to_array<std::string_view>({"Max", "Mean", "Min", "Sum"});
constexpr auto kAlong = std::to_array<std::string_view>({"Hardmax", "LogSoftmax", "Softmax"});

}  // namespace

ShapeRule FindElementwiseRule(std::string_view op) {
  const auto is_one_of = [op](const auto& list) { return std::ranges::find(list, op) != list.end(); };
  if (is_one_of(kSameShape)) return SameShape;
  if (is_one_of(kTwo)) return BroadcastTwo;
  if (is_one_of(kAny)) return BroadcastAll;
  if (is_one_of(kAlong)) return AlongAxis;
  if (op == "Where") return SelectOfThree;
  if (op == "PRelu") return PRelu;
  if (op == "Clip") return Clip;
  if (op == "BatchNormalization") return BatchNormalization;
  if (op == "InstanceNormalization") return InstanceNormalization;
  if (op == "LayerNormalization") return LayerNormalization;
  return nullptr;
}

}  // namespace lips
