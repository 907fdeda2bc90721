#include "model/graph.h"

#include <algorithm>
#include <utility>

namespace lips {
namespace {

template <typename T>
const T* FindAttribute(const Node& node, std::string_view key) {
  const auto found = node.attributes.find(key);
  return found == node.attributes.end() ? nullptr : std::get_if<T>(&found->second);
}

Status CheckRank(const Value& value) {
  if (value.dims.size() <= kMaxRank) return {};
  return Error(ErrorCode::kUnsupported, "value " + QuoteName(value.name) + " has " + std::to_string(value.dims.size()) +
                                            " dimensions; at most " + std::to_string(kMaxRank) + " are supported");
}

Status CheckConstant(const Value& value, const Tensor& tensor) {
  if (value.dtype != tensor.dtype() || !value.has_shape || value.dims != tensor.dims()) {
    return Error(ErrorCode::kCorrupted, "constant " + QuoteName(value.name) + " is declared " +
                                            std::string(Name(value.dtype)) + ToString(value.dims) +
                                            " but its data is " + std::string(Name(tensor.dtype())) +
                                            ToString(tensor.dims()));
  }
  return {};
}

Status CheckNames(const Graph& graph) {
  std::vector<std::string_view> names;
  names.reserve(graph.values.size());
  for (const Value& value : graph.values) names.push_back(value.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) return Error(ErrorCode::kCorrupted, "two values are called " + QuoteName(*twice));
  return {};
}

// Walks the graph in execution order and remembers what exists so far.
class DefinitionCheck {
 public:
  explicit DefinitionCheck(const Graph& graph) : graph_(graph), defined_(graph.values.size(), false) {}

  Status Run() {
    for (const ValueId id : graph_.inputs) RETURN_IF_ERROR(Define(id, "a graph input"));
    for (const auto& [id, tensor] : graph_.constants) {
      RETURN_IF_ERROR(Define(id, "a constant"));
      RETURN_IF_ERROR(CheckConstant(graph_.values[static_cast<size_t>(id)], tensor));
    }
    for (size_t n = 0; n < graph_.nodes.size(); ++n) RETURN_IF_ERROR(CheckNode(static_cast<int>(n)));
    if (graph_.outputs.empty()) return Error(ErrorCode::kCorrupted, "the graph has no outputs");
    for (const ValueId id : graph_.outputs) {
      RETURN_IF_ERROR(CheckId(id, "a graph output"));
      if (!defined_[static_cast<size_t>(id)]) {
        return Error(ErrorCode::kCorrupted, "graph output " + NameOf(id) + " is made by no node");
      }
    }
    return {};
  }

 private:
  std::string NameOf(ValueId id) const { return QuoteName(graph_.values[static_cast<size_t>(id)].name); }

  Status CheckId(ValueId id, std::string_view role) const {
    if (id >= 0 && static_cast<size_t>(id) < graph_.values.size()) return {};
    return Error(ErrorCode::kCorrupted, std::string(role) + " refers to value " + std::to_string(id) + " of " +
                                            std::to_string(graph_.values.size()));
  }

  Status Define(ValueId id, std::string_view role) {
    RETURN_IF_ERROR(CheckId(id, role));
    if (defined_[static_cast<size_t>(id)]) {
      return Error(ErrorCode::kCorrupted, "value " + NameOf(id) + " is defined a second time as " + std::string(role));
    }
    defined_[static_cast<size_t>(id)] = true;
    return {};
  }

  Status CheckNode(int index) {
    const Node& node = graph_.nodes[static_cast<size_t>(index)];
    if (node.op.empty()) return Error(ErrorCode::kCorrupted, Describe(graph_, index) + " has no operator");
    for (const ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      RETURN_IF_ERROR(CheckId(id, Describe(graph_, index)));
      if (!defined_[static_cast<size_t>(id)]) {
        return Error(ErrorCode::kCorrupted,
                     Describe(graph_, index) + " uses " + NameOf(id) + " before anything has made it");
      }
    }
    if (std::ranges::all_of(node.outputs, [](ValueId id) { return id == kNoValue; })) {
      return Error(ErrorCode::kCorrupted, Describe(graph_, index) + " has no outputs");
    }
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) RETURN_IF_ERROR(Define(id, "an output of " + Describe(graph_, index)));
    }
    return {};
  }

  const Graph& graph_;
  std::vector<bool> defined_;  // by ValueId
};

}  // namespace

Attribute CloneOf(const Attribute& attribute) {
  return std::visit(
      [](const auto& value) -> Attribute {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Tensor>) {
          return value.Share();
        } else {
          return value;
        }
      },
      attribute);
}

int64_t Node::Int(std::string_view key, int64_t otherwise) const {
  const auto* value = FindAttribute<int64_t>(*this, key);
  return value != nullptr ? *value : otherwise;
}

float Node::Float(std::string_view key, float otherwise) const {
  const auto* value = FindAttribute<float>(*this, key);
  return value != nullptr ? *value : otherwise;
}

std::string_view Node::String(std::string_view key, std::string_view otherwise) const {
  const auto* value = FindAttribute<std::string>(*this, key);
  return value != nullptr ? std::string_view(*value) : otherwise;
}

std::vector<int64_t> Node::Ints(std::string_view key, std::vector<int64_t> otherwise) const {
  const auto* value = FindAttribute<std::vector<int64_t>>(*this, key);
  return value != nullptr ? *value : std::move(otherwise);
}

const Tensor* Node::TensorAttribute(std::string_view key) const { return FindAttribute<Tensor>(*this, key); }

Node Node::Clone() const {
  Node copy;
  copy.name = name;
  copy.op = op;
  copy.inputs = inputs;
  copy.outputs = outputs;
  for (const auto& [key, value] : attributes) copy.attributes.emplace(key, CloneOf(value));
  return copy;
}

ValueId Graph::AddValue(Value value) {
  if (value.name.empty()) value.name = "value_" + std::to_string(values.size());
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

const Tensor* Graph::Constant(ValueId id) const {
  const auto found = constants.find(id);
  return found == constants.end() ? nullptr : &found->second;
}

int Graph::Producer(ValueId id) const {
  if (id == kNoValue) return -1;
  for (size_t n = 0; n < nodes.size(); ++n) {
    if (std::ranges::find(nodes[n].outputs, id) != nodes[n].outputs.end()) return static_cast<int>(n);
  }
  return -1;
}

Graph Graph::Clone() const {
  Graph copy;
  copy.opset = opset;
  copy.name = name;
  copy.values = values;
  for (const Node& node : nodes) copy.nodes.push_back(node.Clone());
  for (const auto& [id, tensor] : constants) copy.constants.emplace(id, tensor.Share());
  copy.inputs = inputs;
  copy.outputs = outputs;
  return copy;
}

std::string DescribeNode(const Node& node, int index) {
  std::string text = PrintableName(node.op, 80);
  if (!node.name.empty()) text += " " + QuoteName(node.name);
  return text + " (node " + std::to_string(index) + ")";
}

std::string Describe(const Graph& graph, int node) {
  return DescribeNode(graph.nodes[static_cast<size_t>(node)], node);
}

Status Validate(const Graph& graph) {
  for (const Value& value : graph.values) RETURN_IF_ERROR(CheckRank(value));
  RETURN_IF_ERROR(CheckNames(graph));
  return DefinitionCheck(graph).Run();
}

}  // namespace lips
