#include "model/template_cut.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "model/convolution.h"
#include "model/passes.h"
#include "model/shape.h"
#include "model/sort.h"

namespace lips {
namespace {

// A network that hands over more values than this is no U-net; finding what is cheap takes time for each.
constexpr size_t kMostLookedAt = 256;

int64_t ElementsOf(const Graph& graph, ValueId id) {
  const auto count = ElementCount(graph.values[static_cast<size_t>(id)].dims);
  return count.ok() ? count.value() : 0;
}

// Moves convolutions of values that cross into the head where they are worth it.
void MoveProducts(SplitGraph& split) {
  const size_t crossing = split.head.outputs.size();
  GraphEdit head(std::move(split.head));
  GraphEdit tail(std::move(split.tail));
  std::vector<ValueId> head_outputs = head.graph().outputs;
  const std::vector<ValueId> old_inputs = tail.graph().inputs;
  const auto first_other = old_inputs.begin() + static_cast<ptrdiff_t>(crossing);
  std::vector<ValueId> made;
  for (size_t n = 0; n < tail.node_count(); ++n) {
    const auto conv = ReadConvolution(tail, static_cast<int>(n));
    if (!conv || tail.IsOutput(conv->output)) continue;
    const auto crossed = std::find(old_inputs.begin(), first_other, conv->input);
    if (crossed == first_other || conv->weights->size() / conv->filters() < kMacsPerCachedValue) continue;
    const ValueId source = head_outputs[static_cast<size_t>(crossed - old_inputs.begin())];
    Node node = tail.node(n).Clone();
    node.inputs = {source, head.AddConstant(conv->weights->Share(), source, "weights")};
    if (conv->bias != nullptr) node.inputs.push_back(head.AddConstant(conv->bias->Share(), source, "bias"));
    made.push_back(conv->output);
    head_outputs.push_back(head.AddNode(std::move(node), tail.DimsOf(conv->output), source, "product"));
    tail.ReplaceByInput(n);
  }
  // What nobody reads any more does not cross.
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  for (size_t k = 0; k < crossing; ++k) {
    if (tail.ReadersOf(old_inputs[k]).empty()) continue;
    inputs.push_back(old_inputs[k]);
    outputs.push_back(head_outputs[k]);
  }
  if (inputs.empty() && made.empty()) {  // the tail needs nothing, but a head gives something
    inputs.push_back(old_inputs[0]);
    outputs.push_back(head_outputs[0]);
  }
  inputs.insert(inputs.end(), made.begin(), made.end());
  outputs.insert(outputs.end(), head_outputs.begin() + static_cast<ptrdiff_t>(crossing), head_outputs.end());
  inputs.insert(inputs.end(), first_other, old_inputs.end());
  head.SetOutputs(std::move(outputs));
  tail.SetInputs(std::move(inputs));
  split.head = std::move(head).Finish();
  split.tail = std::move(tail).Finish();
}

// The numbers of the nodes that `id` is made by.
std::vector<bool> NodesBehind(const Graph& graph, ValueId id) {
  std::vector<bool> behind(graph.nodes.size(), false);
  std::vector<bool> wanted(graph.values.size(), false);
  wanted[static_cast<size_t>(id)] = true;
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    behind[n] = std::ranges::any_of(
        node.outputs, [&](ValueId made) { return made != kNoValue && wanted[static_cast<size_t>(made)]; });
    if (!behind[n]) continue;
    for (const ValueId used : node.inputs) {
      if (used != kNoValue) wanted[static_cast<size_t>(used)] = true;
    }
  }
  return behind;
}

bool IsCheap(const Graph& head, ValueId id) {
  const std::vector<bool> behind = NodesBehind(head, id);
  const int64_t most = ElementsOf(head, id) * kMacsPerCachedValue;
  int64_t macs = 0;
  for (size_t n = 0; n < behind.size() && macs < most; ++n) {
    if (behind[n]) macs += MacCount(head, head.nodes[n]);
  }
  return macs < most;
}

// A copy of value `id` of `from` in `to`, under a name that is not among those taken.
ValueId CopyValue(const Graph& from, ValueId id, Graph& to, std::set<std::string>& taken) {
  Value value = from.values[static_cast<size_t>(id)];
  while (!taken.insert(value.name).second) value.name += '_';
  const ValueId copy = to.AddValue(std::move(value));
  if (const Tensor* tensor = from.Constant(id)) to.constants.emplace(copy, tensor->Share());
  return copy;
}

// Lets the tail compute what is cheap itself, from the image.
Status ComputeAgain(SplitGraph& split) {
  const Graph& head = split.head;
  Graph& tail = split.tail;
  if (head.outputs.size() > kMostLookedAt) return {};
  std::vector<bool> cheap;
  for (const ValueId id : head.outputs) cheap.push_back(IsCheap(head, id));
  if (std::ranges::find(cheap, true) == cheap.end() || std::ranges::find(cheap, false) == cheap.end()) return {};
  std::set<std::string> taken;
  for (const Value& value : tail.values) taken.insert(value.name);
  std::vector<ValueId> copies(head.values.size(), kNoValue);  // ids in the tail
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::vector<bool> wanted(head.nodes.size(), false);
  for (size_t k = 0; k < cheap.size(); ++k) {
    if (!cheap[k]) {
      inputs.push_back(tail.inputs[k]);
      outputs.push_back(head.outputs[k]);
      continue;
    }
    copies[static_cast<size_t>(head.outputs[k])] = tail.inputs[k];
    const std::vector<bool> behind = NodesBehind(head, head.outputs[k]);
    for (size_t n = 0; n < behind.size(); ++n) wanted[n] = wanted[n] || behind[n];
  }
  const auto copy_of = [&](ValueId id) {
    if (id == kNoValue) return kNoValue;
    ValueId& copy = copies[static_cast<size_t>(id)];
    if (copy == kNoValue) copy = CopyValue(head, id, tail, taken);
    return copy;
  };
  inputs.push_back(copy_of(head.inputs[0]));
  inputs.insert(inputs.end(), tail.inputs.begin() + static_cast<ptrdiff_t>(cheap.size()), tail.inputs.end());
  tail.inputs = std::move(inputs);
  for (size_t n = 0; n < wanted.size(); ++n) {
    if (!wanted[n]) continue;
    Node node = head.nodes[n].Clone();
    for (ValueId& id : node.inputs) id = copy_of(id);
    for (ValueId& id : node.outputs) id = copy_of(id);
    tail.nodes.push_back(std::move(node));
  }
  split.tail_takes_input = true;
  RETURN_IF_ERROR(SortNodes(tail));
  GraphEdit shorter(std::move(split.head));
  shorter.SetOutputs(std::move(outputs));
  split.head = std::move(shorter).Finish();
  return {};
}

}  // namespace

Result<SplitGraph> CutTemplate(const Graph& graph, int image_input, TemplateCut level) {
  RETURN_IF_ERROR(Validate(graph));
  // Folded first, so that nothing crosses in the middle of what will be one operator.
  const Graph folded = RemovePads(FoldBatchNorm(FoldConstants(graph.Clone())));
  ASSIGN_OR_RETURN(SplitGraph split, CutByInput(folded, image_input));
  if (level == TemplateCut::kDeep) RETURN_IF_ERROR(ComputeAgain(split));
  split.tail = CommuteConvWithResize(SplitConvOverConcat(std::move(split.tail)));
  if (level == TemplateCut::kExpanded) MoveProducts(split);
  RETURN_IF_ERROR(Validate(split.head));
  RETURN_IF_ERROR(Validate(split.tail));
  return split;
}

}  // namespace lips
