#include "model/shape.h"

#include <algorithm>
#include <string>
#include <utility>

#include "model/fold.h"
#include "model/node_type.h"
#include "model/operands.h"
#include "model/shape_rules.h"

namespace lips {
namespace {

constexpr int64_t kMostValueElements = int64_t{1} << 31;  // 8 GiB of f32: nothing sensible comes near

// Nodes often have no names; what they make always has one.
std::string Subject(const Graph& graph, const Node& node) {
  std::string text = PrintableName(node.op, 80);
  if (!node.name.empty()) return text + " " + QuoteName(node.name);
  for (const ValueId id : node.outputs) {
    if (id != kNoValue) return text + " (makes " + QuoteName(graph.values[static_cast<size_t>(id)].name) + ")";
  }
  return text;
}

ShapeRule FindRule(std::string_view op) {
  for (const auto find : {FindElementwiseRule, FindSpatialRule, FindArrangeRule, FindReduceRule, FindFusedRule}) {
    if (const ShapeRule rule = find(op)) return rule;
  }
  return nullptr;
}

Status CheckSize(const Dims& dims) {
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(dims));
  // The second condition is for empty tensors, whose other dimensions enter products too.
  if (count <= kMostValueElements && std::ranges::all_of(dims, [](int64_t d) { return d <= kMostValueElements; })) {
    return {};
  }
  return Error(ErrorCode::kResourceLimit, "a value of shape " + ToString(dims) + " is larger than 2^31 elements");
}

Status CheckAgainstDeclared(const Value& input, const Dims& dims) {
  bool fits = !input.has_shape || input.dims.size() == dims.size();
  for (size_t i = 0; fits && i < dims.size(); ++i) {
    fits = dims[i] >= 0 && (!input.has_shape || input.dims[i] == kDynamicDim || input.dims[i] == dims[i]);
  }
  if (fits) return {};
  return Error(ErrorCode::kInvalidInput, "input " + QuoteName(input.name) + " is declared " + ToString(input.dims) +
                                             " and cannot have the shape " + ToString(dims));
}

// Goes through a copy of the graph in execution order.
class Inference {
 public:
  explicit Inference(const Graph& graph) : graph_(graph.Clone()) {}

  Result<Graph> Run(std::span<const Dims> input_dims) {
    if (input_dims.size() != graph_.inputs.size()) {
      return Error(ErrorCode::kInvalidInput, "the network has " + std::to_string(graph_.inputs.size()) +
                                                 " inputs, and shapes were given for " +
                                                 std::to_string(input_dims.size()));
    }
    for (size_t i = 0; i < input_dims.size(); ++i) {
      Value& input = At(graph_.inputs[i]);
      RETURN_IF_ERROR(CheckAgainstDeclared(input, input_dims[i]));
      RETURN_IF_ERROR(CheckSize(input_dims[i]));
      input.has_shape = true;
      input.dims = input_dims[i];
    }
    std::vector<Node> kept;
    for (Node& node : graph_.nodes) {
      auto folded = InferOne(node);
      if (!folded.ok()) return std::move(folded).TakeError();
      if (!folded.value()) kept.push_back(std::move(node));
    }
    graph_.nodes = std::move(kept);
    DropUnusedConstants();
    return std::move(graph_);
  }

 private:
  Value& At(ValueId id) { return graph_.values[static_cast<size_t>(id)]; }

  // Sets the shapes and types of the node's outputs. Returns whether its result is a constant now.
  Result<bool> InferOne(const Node& node) {
    std::vector<Dims> dims(node.inputs.size());
    std::vector<const Tensor*> known(node.inputs.size(), nullptr);
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (node.inputs[k] == kNoValue) continue;
      dims[k] = At(node.inputs[k]).dims;
      known[k] = graph_.Constant(node.inputs[k]);
    }
    ASSIGN_OR_RETURN(const auto outputs, InferNode(graph_, node, dims, known));
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] == kNoValue) continue;
      const Status size = CheckSize(outputs[k]);
      if (!size.ok()) return Error(size.error()).Within(Subject(graph_, node));
      ASSIGN_OR_RETURN(const DType dtype, OutputDType(graph_, node, k));
      Value& value = At(node.outputs[k]);
      value.dtype = dtype;
      value.has_shape = true;
      value.dims = outputs[k];
    }
    if (node.outputs.size() != 1) return false;
    const Operands operands = {node, graph_.opset, dims, known};
    auto folded = Fold(operands, outputs[0], At(node.outputs[0]).dtype);
    if (!folded.ok()) return std::move(folded).TakeError().Within(Subject(graph_, node));
    if (!folded.value()) return false;
    graph_.constants.emplace(node.outputs[0], *std::move(folded).value());
    return true;
  }

  void DropUnusedConstants() {
    std::vector<bool> used(graph_.values.size(), false);
    for (const ValueId id : graph_.outputs) used[static_cast<size_t>(id)] = true;
    for (const Node& node : graph_.nodes) {
      for (const ValueId id : node.inputs) {
        if (id != kNoValue) used[static_cast<size_t>(id)] = true;
      }
    }
    std::erase_if(graph_.constants, [&](const auto& entry) { return !used[static_cast<size_t>(entry.first)]; });
  }

  Graph graph_;
};

}  // namespace

Result<std::vector<Dims>> InferNode(const Graph& graph, const Node& node, std::span<const Dims> in_dims,
                                    std::span<const Tensor* const> known_inputs) {
  const ShapeRule rule = FindRule(node.op);
  if (rule == nullptr) {
    return Error(ErrorCode::kUnsupported, Subject(graph, node) + ": the operator is not supported");
  }
  auto outputs = rule({node, graph.opset, in_dims, known_inputs});
  if (!outputs.ok()) return std::move(outputs).TakeError().Within(Subject(graph, node));
  if (outputs.value().size() < node.outputs.size()) {
    return Error(ErrorCode::kUnsupported, Subject(graph, node) + ": its " + std::to_string(node.outputs.size()) +
                                              " outputs are not supported, only the first " +
                                              std::to_string(outputs.value().size()));
  }
  return outputs;
}

Result<Graph> InferShapes(const Graph& graph, std::span<const Dims> input_dims) {
  RETURN_IF_ERROR(Validate(graph));
  return Inference(graph).Run(input_dims);
}

}  // namespace lips
