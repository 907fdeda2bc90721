// Rewrites a graph node by node while knowing who makes and who reads every value.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.h"

namespace lips {

// A valid graph (see Validate) under change. Nodes keep their numbers until Finish; new ones are numbered after them,
// so that a loop up to node_count() sees every node. Numbers and ids given must exist.
class GraphEdit {
 public:
  explicit GraphEdit(Graph graph);

  const Graph& graph() const { return graph_; }
  size_t node_count() const { return graph_.nodes.size(); }
  const Node& node(size_t n) const { return graph_.nodes[n]; }
  bool IsRemoved(size_t n) const { return removed_[n]; }
  const Value& value(ValueId id) const { return graph_.values[static_cast<size_t>(id)]; }
  const Dims& DimsOf(ValueId id) const { return value(id).dims; }
  const Tensor* Constant(ValueId id) const { return id == kNoValue ? nullptr : graph_.Constant(id); }
  bool IsOutput(ValueId id) const { return is_output_[static_cast<size_t>(id)]; }

  // The node that makes `id`; -1 for graph inputs, constants and kNoValue.
  int Maker(ValueId id) const { return id == kNoValue ? -1 : makers_[static_cast<size_t>(id)]; }
  // The node that makes `id` if it is an `op`, else nullptr.
  const Node* MadeBy(std::string_view op, ValueId id) const;
  // The nodes that read `id`, one entry for each time they do.
  const std::vector<int>& ReadersOf(ValueId id) const { return readers_[static_cast<size_t>(id)]; }
  // The one node that reads `id`, once; -1 when there are none or more, or when `id` is a graph output.
  int SoleReader(ValueId id) const;

  // New values are called after `like`.
  ValueId AddConstant(Tensor tensor, ValueId like, std::string_view suffix);
  // Returns the only output of `node`: f32 of that shape, nullopt where it is not known.
  ValueId AddNode(Node node, std::optional<Dims> dims, ValueId like, std::string_view suffix);
  // `node` makes from now on what `n` made; its outputs are ignored.
  void Replace(size_t n, Node node);
  // Whoever reads `from` reads `to` instead, of the same shape. The graph outputs keep their names: where `from` is
  // one, the maker of `to` makes it if that is possible; else nothing happens. Returns whether it did.
  bool Bypass(ValueId from, ValueId to);
  // Makes the only output of `n` a constant.
  void ReplaceByConstant(size_t n, Tensor tensor);

  // Makes the only output of `n` a graph input, the last one.
  void ReplaceByInput(size_t n);
  void SetInputs(std::vector<ValueId> inputs);
  void SetOutputs(std::vector<ValueId> outputs);

  // The graph in an order in which it can run, without what no graph output needs. Graph inputs stay.
  Graph Finish() &&;

 private:
  ValueId AddValue(DType dtype, std::optional<Dims> dims, ValueId like, std::string_view suffix);
  void Link(size_t n);
  void Unlink(size_t n);
  void Remove(size_t n);
  void DropUnneeded();

  Graph graph_;
  std::vector<int> makers_;                // by value
  std::vector<std::vector<int>> readers_;  // by value
  std::vector<bool> is_output_;            // by value
  std::vector<bool> removed_;              // by node
  std::set<std::string, std::less<>> names_;
};

// A node of one operator with those inputs, of no outputs yet.
Node MakeNode(std::string_view op, std::vector<ValueId> inputs);

// `graph` without values that nothing mentions any more; the others get new ids.
Graph DropUnusedValues(Graph graph);

}  // namespace lips
