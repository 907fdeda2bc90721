#include "model/split.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lips {
namespace {

// Copies parts of a graph into a new one, giving values new ids and keeping their names.
class Part {
 public:
  explicit Part(const Graph& source) : source_(source), ids_(source.values.size(), kNoValue) {
    part_.opset = source.opset;
    part_.name = source.name;
  }

  void AddInput(ValueId id) { part_.inputs.push_back(IdOf(id)); }
  void AddOutput(ValueId id) { part_.outputs.push_back(IdOf(id)); }
  void AddRenamedInput(ValueId id, std::string name) { part_.inputs.push_back(AddRenamed(id, std::move(name))); }

  void AddNode(const Node& node) {
    Node copy = node.Clone();
    for (ValueId& id : copy.inputs) id = id == kNoValue ? kNoValue : IdOf(id);
    for (ValueId& id : copy.outputs) id = id == kNoValue ? kNoValue : IdOf(id);
    part_.nodes.push_back(std::move(copy));
  }

  // A copy of `from` under another name, made inside the part; returns its id there.
  ValueId AddRenamed(ValueId id, std::string name) {
    Value value = source_.values[static_cast<size_t>(id)];
    value.name = std::move(name);
    return part_.AddValue(std::move(value));
  }
  void AddIdentity(ValueId from, ValueId to) {
    Node node;
    node.op = "Identity";
    node.inputs = {from};
    node.outputs = {to};
    part_.nodes.push_back(std::move(node));
  }

  ValueId IdOf(ValueId id) {
    ValueId& mapped = ids_[static_cast<size_t>(id)];
    if (mapped == kNoValue) {
      mapped = part_.AddValue(source_.values[static_cast<size_t>(id)]);
      if (const Tensor* tensor = source_.Constant(id)) part_.constants.emplace(mapped, tensor->Share());
    }
    return mapped;
  }

  Graph& graph() { return part_; }

 private:
  const Graph& source_;
  Graph part_;
  std::vector<ValueId> ids_;  // by source id
};

// What a value is made of.
struct Origin {
  bool chosen = false;      // the chosen input, directly or not
  bool others = false;      // some other input
  bool shape_only = false;  // of the inputs, only shapes
};

class Cut {
 public:
  Cut(const Graph& graph, int input)
      : graph_(graph),
        input_(graph.inputs[static_cast<size_t>(input)]),
        origins_(graph.values.size()),
        producers_(graph.values.size(), -1),
        is_head_output_(graph.values.size(), false),
        in_head_(graph.nodes.size(), false),
        in_tail_(graph.nodes.size(), false) {}

  Result<SplitGraph> Run() {
    FindOrigins();
    FindCrossing();
    SplitGraph split;
    split.head = MakeHead();
    split.tail = MakeTail();
    RETURN_IF_ERROR(Validate(split.head));
    RETURN_IF_ERROR(Validate(split.tail));
    return split;
  }

 private:
  Origin& OriginOf(ValueId id) { return origins_[static_cast<size_t>(id)]; }
  int ProducerOf(ValueId id) const { return producers_[static_cast<size_t>(id)]; }
  const Node& NodeAt(int n) const { return graph_.nodes[static_cast<size_t>(n)]; }
  bool IsTemplate(ValueId id) { return OriginOf(id).chosen && !OriginOf(id).others; }

  void FindOrigins() {
    for (const ValueId id : graph_.inputs) (id == input_ ? OriginOf(id).chosen : OriginOf(id).others) = true;
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      const bool reads_shape = node.op == "Shape" || node.op == "Size";
      Origin made = {.shape_only = true};
      for (const ValueId id : node.inputs) {
        if (id == kNoValue) continue;
        const Origin& used = OriginOf(id);
        made.chosen = made.chosen || used.chosen;
        made.others = made.others || used.others;
        const bool is_constant = !used.chosen && !used.others;
        made.shape_only = made.shape_only && (reads_shape || is_constant || used.shape_only);
      }
      for (const ValueId id : node.outputs) {
        if (id == kNoValue) continue;
        OriginOf(id) = made;
        producers_[static_cast<size_t>(id)] = static_cast<int>(n);
      }
    }
  }

  // Which template values the tail needs, and which nodes it has. Shapes of values that cross anyway are read again in
  // the tail: so they follow the batch of the tail's run rather than that of the head's.
  void FindCrossing() {
    std::vector<ValueId> shapes;
    std::vector<ValueId> wanted = graph_.outputs;
    while (!wanted.empty()) {
      const ValueId id = wanted.back();
      wanted.pop_back();
      if (IsTemplate(id)) {
        if (OriginOf(id).shape_only)
          shapes.push_back(id);
        else
          is_head_output_[static_cast<size_t>(id)] = true;
        continue;
      }
      Follow(id, in_tail_, wanted);
    }
    for (const ValueId id : shapes) {
      if (!ReadAgain(id)) is_head_output_[static_cast<size_t>(id)] = true;
    }
    const bool any = std::ranges::find(is_head_output_, true) != is_head_output_.end();
    if (!any) is_head_output_[static_cast<size_t>(input_)] = true;
    for (size_t id = 0; id < is_head_output_.size(); ++id) {
      if (is_head_output_[id]) wanted.push_back(static_cast<ValueId>(id));
    }
    while (!wanted.empty()) {
      const ValueId id = wanted.back();
      wanted.pop_back();
      Follow(id, in_head_, wanted);
    }
  }

  // Takes the node that makes `id` into `part` and asks for its inputs.
  void Follow(ValueId id, std::vector<bool>& part, std::vector<ValueId>& wanted) const {
    const int n = ProducerOf(id);
    if (n < 0 || part[static_cast<size_t>(n)]) return;
    part[static_cast<size_t>(n)] = true;
    for (const ValueId input : NodeAt(n).inputs) {
      if (input != kNoValue) wanted.push_back(input);
    }
  }

  // Tries to have the tail compute the shape-only value `id` from values that cross as data.
  bool ReadAgain(ValueId id) {
    std::vector<bool> nodes(graph_.nodes.size(), false);
    std::vector<ValueId> wanted = {id};
    while (!wanted.empty()) {
      const ValueId next = wanted.back();
      wanted.pop_back();
      if (is_head_output_[static_cast<size_t>(next)] && !OriginOf(next).shape_only) continue;
      if (IsTemplate(next) && !OriginOf(next).shape_only) return false;
      Follow(next, nodes, wanted);
    }
    for (size_t n = 0; n < nodes.size(); ++n) in_tail_[n] = in_tail_[n] || nodes[n];
    return true;
  }

  // In the order in which the graph makes them.
  std::vector<ValueId> HeadOutputs() const {
    std::vector<ValueId> ids;
    if (is_head_output_[static_cast<size_t>(input_)]) ids.push_back(input_);
    for (const Node& node : graph_.nodes) {
      for (const ValueId id : node.outputs) {
        if (id != kNoValue && is_head_output_[static_cast<size_t>(id)]) ids.push_back(id);
      }
    }
    return ids;
  }

  // A name for a second copy of `id`, one the graph does not use.
  std::string HeadName(ValueId id) const {
    std::string name = graph_.values[static_cast<size_t>(id)].name + "/head";
    while (std::ranges::find(graph_.values, name, &Value::name) != graph_.values.end()) name += '_';
    return name;
  }

  Graph MakeHead() {
    Part head(graph_);
    head.AddInput(input_);
    for (size_t n = 0; n < in_head_.size(); ++n) {
      if (in_head_[n]) head.AddNode(graph_.nodes[n]);
    }
    for (const ValueId id : HeadOutputs()) {
      if (id != input_) {
        head.AddOutput(id);
        continue;
      }
      const ValueId copy = head.AddRenamed(id, HeadName(id));
      head.AddIdentity(head.IdOf(id), copy);
      head.graph().outputs.push_back(copy);
    }
    return std::move(head.graph());
  }

  Graph MakeTail() {
    Part tail(graph_);
    std::vector<std::pair<ValueId, ValueId>> passed_on;  // tail's own id of the input, source id
    for (const ValueId id : HeadOutputs()) {
      // A graph output that the head already computes: inputs must not be outputs, so it is copied under its own name.
      if (std::ranges::find(graph_.outputs, id) != graph_.outputs.end()) {
        tail.AddRenamedInput(id, HeadName(id));
        passed_on.emplace_back(tail.graph().inputs.back(), id);
      } else {
        tail.AddInput(id);
      }
    }
    for (const ValueId id : graph_.inputs) {
      if (id != input_) tail.AddInput(id);
    }
    for (const auto& [from, id] : passed_on) tail.AddIdentity(from, tail.IdOf(id));
    for (size_t n = 0; n < in_tail_.size(); ++n) {
      if (in_tail_[n]) tail.AddNode(graph_.nodes[n]);
    }
    for (const ValueId id : graph_.outputs) tail.AddOutput(id);
    return std::move(tail.graph());
  }

  const Graph& graph_;
  ValueId input_;
  std::vector<Origin> origins_;       // by value
  std::vector<int> producers_;        // by value
  std::vector<bool> is_head_output_;  // by value
  std::vector<bool> in_head_;         // by node
  std::vector<bool> in_tail_;
};

}  // namespace

Result<SplitGraph> CutByInput(const Graph& graph, int input) {
  RETURN_IF_ERROR(Validate(graph));
  if (input < 0 || static_cast<size_t>(input) >= graph.inputs.size()) {
    return Error(ErrorCode::kInvalidInput, "there is no input " + std::to_string(input) + "; the network has " +
                                               std::to_string(graph.inputs.size()));
  }
  return Cut(graph, input).Run();
}

}  // namespace lips
