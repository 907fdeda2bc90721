// A network as a graph of named operators: what ONNX files become, what passes rewrite, what engines run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/name.h"
#include "tensor/tensor.h"

namespace lips {

inline constexpr int kMinOpset = 11;  // versions of ONNX's default operator set whose semantics we know
inline constexpr int kMaxOpset = 17;
inline constexpr int64_t kDynamicDim = -1;
inline constexpr size_t kMaxRank = 8;    // more dimensions are refused
using ValueId = int;                     // index into Graph::values
inline constexpr ValueId kNoValue = -1;  // an optional input that is not given

// An edge of the graph: a graph input, a constant, or some node's output.
struct Value {
  std::string name;  // unique in its graph
  DType dtype = DType::kF32;
  bool has_shape = false;  // false: rank unknown until InferShapes
  Dims dims;               // kDynamicDim where only the run tells
};

using Attribute = std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor>;
Attribute CloneOf(const Attribute& attribute);

// One ONNX operator, semantics of Graph::opset. Move-only (attributes own tensors).
struct Node {
  std::string name;              // may be empty; see Describe
  std::string op;                // "Conv"
  std::vector<ValueId> inputs;   // kNoValue where omitted
  std::vector<ValueId> outputs;  // kNoValue where omitted
  std::map<std::string, Attribute, std::less<>> attributes;

  int64_t Int(std::string_view key, int64_t otherwise) const;
  float Float(std::string_view key, float otherwise) const;
  std::string_view String(std::string_view key, std::string_view otherwise) const;
  std::vector<int64_t> Ints(std::string_view key, std::vector<int64_t> otherwise = {}) const;
  const Tensor* TensorAttribute(std::string_view key) const;  // nullptr when absent
  Node Clone() const;
};

struct Graph {
  int opset = 17;
  std::string name;
  std::vector<Value> values;
  std::vector<Node> nodes;              // topological order
  std::map<ValueId, Tensor> constants;  // initialisers; f16 weights stay f16 until an engine converts them
  std::vector<ValueId> inputs;          // without constants
  std::vector<ValueId> outputs;

  ValueId AddValue(Value value);             // returns its id; an empty name becomes "value_<id>"
  const Tensor* Constant(ValueId id) const;  // nullptr when `id` is not a constant
  // The node that makes `id`, or -1 (graph input or constant). O(nodes): build an index for more than a few.
  int Producer(ValueId id) const;
  Graph Clone() const;
};

// "Conv 'up5.0/expand' (node 87)"
std::string Describe(const Graph& graph, int node);
std::string DescribeNode(const Node& node, int index);  // the same for a node that is in no graph yet

// Checks what every consumer relies on: ids in range, names unique, each value produced at most once, topological order
// (so no cycles), at least one output and all of them produced, constants with data matching their dims, ranks within
// kMaxRank (kUnsupported). Errors otherwise: kCorrupted naming the node or value.
Status Validate(const Graph& graph);

}  // namespace lips
