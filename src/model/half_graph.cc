#include "model/half_graph.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/edit.h"
#include "model/half_weights.h"

namespace lips {
namespace {

constexpr int64_t kOnnxFloat = 1;  // onnx::TensorProto::FLOAT
constexpr int64_t kOnnxHalf = 10;  // onnx::TensorProto::FLOAT16

// Operators whose f32 inputs are all data, Resize's scales apart, and whose result is about as large as those.
constexpr std::string_view kHalfOperators[] = {
    "Conv",          "ConvTranspose", "Gemm",        "MatMul",    "Add",     "Sub",         "Mul",
    "Sum",           "Min",           "Max",         "Neg",       "Abs",     "Relu",        "LeakyRelu",
    "PRelu",         "Clip",          "HardSigmoid", "HardSwish", "MaxPool", "AveragePool", "GlobalAveragePool",
    "GlobalMaxPool", "Resize",        "Concat",      "Split",     "Slice",   "Pad",         "Gather",
    "Expand",        "Tile",          "Transpose",   "Reshape",   "Flatten", "Squeeze",     "Unsqueeze",
    "Identity",      "DepthToSpace",  "SpaceToDepth"};

class Halving {
 public:
  explicit Halving(const Graph& graph) : graph_(graph.Clone()) {
    for (const Value& value : graph_.values) names_.insert(value.name);
  }

  Graph Run() && {
    std::vector<Node> nodes = std::exchange(graph_.nodes, {});
    for (Node& node : nodes) Convert(std::move(node));
    for (const ValueId id : graph_.outputs) Single(id);
    return DropUnusedValues(std::move(graph_));
  }

 private:
  DType TypeOf(ValueId id) const { return graph_.values[static_cast<size_t>(id)].dtype; }

  // Whether input `k` of `node` is numbers that the node computes with.
  static bool IsData(const Node& node, size_t k) { return node.op != "Resize" || k == 0; }

  bool FitsHalf(ValueId id) {
    const Tensor* constant = graph_.Constant(id);
    return constant == nullptr || constant->dtype() != DType::kF32 || !HasOverflow(HalfOf(id, *constant));
  }

  const Tensor& HalfOf(ValueId id, const Tensor& constant) {
    const auto found = halves_.find(id);
    return found != halves_.end() ? found->second : halves_.emplace(id, ToF16(constant)).first->second;
  }

  bool CanConvert(const Node& node) {
    if (std::ranges::find(kHalfOperators, node.op) == std::end(kHalfOperators)) return false;
    bool any = false;
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId id = node.inputs[k];
      if (id == kNoValue || !IsData(node, k)) continue;
      if (TypeOf(id) == DType::kF64 || !FitsHalf(id)) return false;
      any = any || TypeOf(id) == DType::kF32;
    }
    return any;
  }

  void Convert(Node node) {
    if (!CanConvert(node)) {
      for (const ValueId id : node.inputs) Single(id);
      graph_.nodes.push_back(std::move(node));
      return;
    }
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      ValueId& id = node.inputs[k];
      if (id != kNoValue && TypeOf(id) == DType::kF32 && IsData(node, k)) id = Half(id);
    }
    for (ValueId& id : node.outputs) {
      if (id == kNoValue || TypeOf(id) != DType::kF32) continue;
      const ValueId half = AddValue(id);
      half_.emplace(id, half);
      unmade_.insert(id);
      id = half;
    }
    graph_.nodes.push_back(std::move(node));
  }

  // The f16 twin of an f32 value.
  ValueId Half(ValueId id) {
    if (const auto known = half_.find(id); known != half_.end()) return known->second;
    const ValueId half = AddValue(id);
    if (const Tensor* constant = graph_.Constant(id); constant != nullptr) {
      graph_.constants.emplace(half, HalfOf(id, *constant).Share());
    } else {
      AddCast(id, half, kOnnxHalf);
    }
    half_.emplace(id, half);
    return half;
  }

  // Sees to it that the f32 value `id` exists, whose maker gives its f16 twin.
  void Single(ValueId id) {
    if (id == kNoValue || unmade_.erase(id) == 0) return;
    AddCast(half_.at(id), id, kOnnxFloat);
  }

  void AddCast(ValueId from, ValueId to, int64_t type) {
    Node cast;
    cast.name = graph_.values[static_cast<size_t>(to)].name + ".cast";
    cast.op = "Cast";
    cast.inputs = {from};
    cast.outputs = {to};
    cast.attributes.emplace("to", type);
    graph_.nodes.push_back(std::move(cast));
  }

  ValueId AddValue(ValueId like) {
    const Value& single = graph_.values[static_cast<size_t>(like)];
    Value half = {
        .name = single.name + ".f16", .dtype = DType::kF16, .has_shape = single.has_shape, .dims = single.dims};
    while (!names_.insert(half.name).second) half.name += '_';
    return graph_.AddValue(std::move(half));
  }

  Graph graph_;
  std::set<std::string, std::less<>> names_;
  std::map<ValueId, ValueId> half_;   // f32 value -> its f16 twin
  std::set<ValueId> unmade_;          // f32 values that nobody needed so far: only their twins are made
  std::map<ValueId, Tensor> halves_;  // constants that were looked at
};

}  // namespace

Result<Graph> ComputeInHalf(const Graph& graph) {
  RETURN_IF_ERROR(Validate(graph));
  Graph half = Halving(graph).Run();
  RETURN_IF_ERROR(Validate(half));
  return half;
}

}  // namespace lips
