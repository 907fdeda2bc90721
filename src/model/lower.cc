#include <optional>
#include <utility>

#include "model/edit.h"
#include "model/fused.h"

namespace lips {
namespace {

ValueId Input(const Node& node, size_t k) { return k < node.inputs.size() ? node.inputs[k] : kNoValue; }

// Adds nodes that together replace one.
class Lowering {
 public:
  Lowering(GraphEdit& edit, size_t n) : edit_(edit), n_(n), node_(edit.node(n).Clone()), made_(node_.outputs[0]) {}

  void FusedConv() {
    Node conv = MakeNode("Conv", {Input(node_, 0), Input(node_, 1)});
    if (Input(node_, 2) != kNoValue) conv.inputs.push_back(Input(node_, 2));
    const std::string activation(node_.String("activation", ""));
    for (auto& [key, value] : node_.attributes) {
      if (key != "activation") conv.attributes.emplace(key, CloneOf(value));
    }
    std::vector<Node> chain;
    chain.push_back(std::move(conv));
    if (Input(node_, 3) != kNoValue) chain.push_back(MakeNode("Add", {kNoValue, Input(node_, 3)}));
    if (!activation.empty()) chain.push_back(MakeNode(activation, {kNoValue}));
    const Value& made = edit_.value(made_);
    const std::optional<Dims> dims = made.has_shape ? std::optional(made.dims) : std::nullopt;
    for (size_t k = 0; k < chain.size(); ++k) {
      if (k > 0) chain[k].inputs[0] = last_;
      if (k + 1 < chain.size())
        last_ = edit_.AddNode(std::move(chain[k]), dims, made_, "lowered");
      else
        edit_.Replace(n_, std::move(chain[k]));
    }
  }

 private:
  GraphEdit& edit_;
  size_t n_;
  Node node_;
  ValueId made_;
  ValueId last_ = kNoValue;
};

}  // namespace

Graph Lower(const Graph& graph) {
  GraphEdit edit(graph.Clone());
  const size_t count = edit.node_count();
  for (size_t n = 0; n < count; ++n) {
    const Node& node = edit.node(n);
    if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) continue;  // an engine will say what it misses
    if (node.op == kFusedConv) Lowering(edit, n).FusedConv();
  }
  return std::move(edit).Finish();
}

}  // namespace lips
