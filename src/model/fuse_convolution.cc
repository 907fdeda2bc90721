#include <utility>

#include "model/convolution.h"
#include "model/fused.h"
#include "model/passes.h"

namespace lips {
namespace {

// The other operand when node `n` adds a value of the same shape to `id`; else kNoValue.
ValueId OtherAddend(const GraphEdit& edit, int n, ValueId id) {
  if (n < 0) return kNoValue;
  const Node& node = edit.node(static_cast<size_t>(n));
  if (node.op != "Add" || node.inputs.size() != 2) return kNoValue;
  const ValueId other = node.inputs[node.inputs[0] == id ? 1 : 0];
  const bool same = other != kNoValue && edit.value(other).has_shape && edit.DimsOf(other) == edit.DimsOf(id);
  return same && edit.value(other).dtype == DType::kF32 ? other : kNoValue;
}

void FuseOne(GraphEdit& edit, const Convolution& conv) {
  auto last = static_cast<size_t>(edit.Maker(conv.output));
  Node fused = MakeNode(kFusedConv, edit.node(last).inputs);
  fused.name = edit.node(last).name;
  fused.inputs.resize(4, kNoValue);
  SetWindow(fused, conv.axes, conv.group);
  std::string activation;
  const ValueId addend = OtherAddend(edit, edit.SoleReader(conv.output), conv.output);
  if (addend != kNoValue) {
    last = static_cast<size_t>(edit.SoleReader(conv.output));
    fused.inputs[3] = addend;
  }
  if (const int next = edit.SoleReader(edit.node(last).outputs[0]); next >= 0) {
    const std::string& op = edit.node(static_cast<size_t>(next)).op;
    if (op == "Relu" || op == "Sigmoid") {
      activation = op;
      last = static_cast<size_t>(next);
    }
  }
  fused.attributes.insert_or_assign("activation", activation);
  edit.Replace(last, std::move(fused));
}

}  // namespace

Graph FuseConvs(Graph graph) {
  GraphEdit edit(std::move(graph));
  for (size_t n = 0; n < edit.node_count(); ++n) {
    const auto conv = ReadConvolution(edit, static_cast<int>(n));
    if (conv && conv->axes.size() == 2) FuseOne(edit, *conv);
  }
  return std::move(edit).Finish();
}

}  // namespace lips
