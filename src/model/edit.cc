#include "model/edit.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "model/sort.h"

namespace lips {

GraphEdit::GraphEdit(Graph graph)
    : graph_(std::move(graph)),
      makers_(graph_.values.size(), -1),
      readers_(graph_.values.size()),
      is_output_(graph_.values.size(), false),
      removed_(graph_.nodes.size(), false) {
  for (const Value& value : graph_.values) names_.insert(value.name);
  for (const ValueId id : graph_.outputs) is_output_[static_cast<size_t>(id)] = true;
  for (size_t n = 0; n < graph_.nodes.size(); ++n) Link(n);
}

void GraphEdit::Link(size_t n) {
  for (const ValueId id : node(n).inputs) {
    if (id != kNoValue) readers_[static_cast<size_t>(id)].push_back(static_cast<int>(n));
  }
  for (const ValueId id : node(n).outputs) {
    if (id != kNoValue) makers_[static_cast<size_t>(id)] = static_cast<int>(n);
  }
}

void GraphEdit::Unlink(size_t n) {
  for (const ValueId id : node(n).inputs) {
    if (id != kNoValue) std::erase(readers_[static_cast<size_t>(id)], static_cast<int>(n));
  }
  for (const ValueId id : node(n).outputs) {
    if (id != kNoValue) makers_[static_cast<size_t>(id)] = -1;
  }
}

void GraphEdit::Remove(size_t n) {
  Unlink(n);
  removed_[n] = true;
}

const Node* GraphEdit::MadeBy(std::string_view op, ValueId id) const {
  const int n = Maker(id);
  return n >= 0 && node(static_cast<size_t>(n)).op == op ? &node(static_cast<size_t>(n)) : nullptr;
}

int GraphEdit::SoleReader(ValueId id) const {
  const auto& readers = ReadersOf(id);
  return readers.size() == 1 && !IsOutput(id) ? readers[0] : -1;
}

ValueId GraphEdit::AddValue(DType dtype, std::optional<Dims> dims, ValueId like, std::string_view suffix) {
  std::string name = value(like).name + "/" + std::string(suffix);
  while (!names_.insert(name).second) name += '_';
  makers_.push_back(-1);
  readers_.emplace_back();
  is_output_.push_back(false);
  Value made = {.name = std::move(name), .dtype = dtype, .has_shape = dims.has_value(), .dims = {}};
  if (dims) made.dims = *std::move(dims);
  return graph_.AddValue(std::move(made));
}

ValueId GraphEdit::AddConstant(Tensor tensor, ValueId like, std::string_view suffix) {
  const ValueId id = AddValue(tensor.dtype(), tensor.dims(), like, suffix);
  graph_.constants.emplace(id, std::move(tensor));
  return id;
}

ValueId GraphEdit::AddNode(Node node, std::optional<Dims> dims, ValueId like, std::string_view suffix) {
  const ValueId id = AddValue(DType::kF32, std::move(dims), like, suffix);
  node.outputs = {id};
  graph_.nodes.push_back(std::move(node));
  removed_.push_back(false);
  Link(graph_.nodes.size() - 1);
  return id;
}

void GraphEdit::Replace(size_t n, Node node) {
  Unlink(n);
  node.outputs = std::move(graph_.nodes[n].outputs);
  if (node.name.empty()) node.name = std::move(graph_.nodes[n].name);
  graph_.nodes[n] = std::move(node);
  Link(n);
}

bool GraphEdit::Bypass(ValueId from, ValueId to) {
  if (IsOutput(from)) {
    const int maker = Maker(to);
    if (maker < 0 || IsOutput(to)) return false;
    // The maker of `to` takes over the output's value; what made that is removed.
    const int old_maker = Maker(from);
    if (old_maker >= 0) Remove(static_cast<size_t>(old_maker));
    std::ranges::replace(graph_.nodes[static_cast<size_t>(maker)].outputs, to, from);
    makers_[static_cast<size_t>(to)] = -1;
    makers_[static_cast<size_t>(from)] = maker;
    std::swap(from, to);
  }
  for (const int reader : std::exchange(readers_[static_cast<size_t>(from)], {})) {
    std::ranges::replace(graph_.nodes[static_cast<size_t>(reader)].inputs, from, to);
    readers_[static_cast<size_t>(to)].push_back(reader);
  }
  return true;
}

void GraphEdit::ReplaceByConstant(size_t n, Tensor tensor) {
  const ValueId id = node(n).outputs[0];
  Value& made = graph_.values[static_cast<size_t>(id)];
  made.dtype = tensor.dtype();
  made.has_shape = true;
  made.dims = tensor.dims();
  Remove(n);
  graph_.constants.emplace(id, std::move(tensor));
}

void GraphEdit::ReplaceByInput(size_t n) {
  graph_.inputs.push_back(node(n).outputs[0]);
  Remove(n);
}

void GraphEdit::SetInputs(std::vector<ValueId> inputs) { graph_.inputs = std::move(inputs); }

void GraphEdit::SetOutputs(std::vector<ValueId> outputs) {
  is_output_.assign(graph_.values.size(), false);
  for (const ValueId id : outputs) is_output_[static_cast<size_t>(id)] = true;
  graph_.outputs = std::move(outputs);
}

void GraphEdit::DropUnneeded() {
  std::vector<bool> needed(node_count(), false);
  std::vector<ValueId> wanted = graph_.outputs;
  while (!wanted.empty()) {
    const int n = Maker(wanted.back());
    wanted.pop_back();
    if (n < 0 || needed[static_cast<size_t>(n)]) continue;
    needed[static_cast<size_t>(n)] = true;
    for (const ValueId id : node(static_cast<size_t>(n)).inputs) {
      if (id != kNoValue) wanted.push_back(id);
    }
  }
  std::vector<Node> kept;
  for (size_t n = 0; n < needed.size(); ++n) {
    if (needed[n] && !removed_[n]) kept.push_back(std::move(graph_.nodes[n]));
  }
  graph_.nodes = std::move(kept);
}

Graph GraphEdit::Finish() && {
  DropUnneeded();
  // Cannot fail: a rewrite replaces a value by one made of the same inputs or of fewer, which closes no cycle.
  if (!SortNodes(graph_).ok()) std::abort();
  return DropUnusedValues(std::move(graph_));
}

Node MakeNode(std::string_view op, std::vector<ValueId> inputs) {
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  return node;
}

Graph DropUnusedValues(Graph graph) {
  std::vector<bool> used(graph.values.size(), false);
  const auto mark = [&](const std::vector<ValueId>& ids) {
    for (const ValueId id : ids) {
      if (id != kNoValue) used[static_cast<size_t>(id)] = true;
    }
  };
  mark(graph.inputs);
  mark(graph.outputs);
  for (const Node& node : graph.nodes) {
    mark(node.inputs);
    mark(node.outputs);
  }
  std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
  std::vector<Value> values;
  for (size_t id = 0; id < used.size(); ++id) {
    if (!used[id]) continue;
    renumbered[id] = static_cast<ValueId>(values.size());
    values.push_back(std::move(graph.values[id]));
  }
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) id = id == kNoValue ? kNoValue : renumbered[static_cast<size_t>(id)];
  };
  graph.values = std::move(values);
  renumber(graph.inputs);
  renumber(graph.outputs);
  for (Node& node : graph.nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  std::map<ValueId, Tensor> constants;
  for (auto& [id, tensor] : graph.constants) {
    if (used[static_cast<size_t>(id)]) constants.emplace(renumbered[static_cast<size_t>(id)], std::move(tensor));
  }
  graph.constants = std::move(constants);
  return graph;
}

}  // namespace lips
