#include "model/node_type.h"

#include <algorithm>
#include <array>

#include "model/onnx_tensor.h"

namespace lips {
namespace {

constexpr std::array<std::string_view, 4> kIndexMakers = {"Shape", "Size", "ArgMax", "NonZero"};
constexpr std::array<std::string_view, 11> kTruthMakers = {
    "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Not", "IsNaN", "IsInf"};

template <size_t n>
bool Contains(const std::array<std::string_view, n>& ops, std::string_view op) {
  return std::ranges::find(ops, op) != ops.end();
}

}  // namespace

Result<DType> OutputDType(const Graph& graph, const Node& node, size_t output) {
  if (node.op == "Cast") {
    auto target = DTypeFromOnnx(static_cast<int>(std::clamp<int64_t>(node.Int("to", 0), 0, 1000)));
    if (!target.ok()) return std::move(target).TakeError().Within("Cast " + QuoteName(node.name));
    return target;
  }
  if (node.op == "ConstantOfShape") {
    const Tensor* value = node.TensorAttribute("value");
    return value != nullptr ? value->dtype() : DType::kF32;
  }
  if (Contains(kIndexMakers, node.op)) return DType::kI64;
  if (Contains(kTruthMakers, node.op)) return DType::kBool;
  if (node.op == "Dropout" && output == 1) return DType::kBool;
  if ((node.op == "MaxPool" || node.op == "TopK") && output == 1) return DType::kI64;
  const size_t source = node.op == "Where" ? 1 : 0;  // input 0 of Where is the condition
  if (source < node.inputs.size() && node.inputs[source] != kNoValue) {
    return graph.values[static_cast<size_t>(node.inputs[source])].dtype;
  }
  return DType::kF32;
}

}  // namespace lips
