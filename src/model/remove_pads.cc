#include <algorithm>
#include <optional>
#include <utility>

#include "model/convolution.h"
#include "model/passes.h"
#include "model/resample.h"

namespace lips {
namespace {

// How much a Pad adds to each axis; nothing when `node` is none or only the run tells.
std::optional<std::vector<PadAxis>> PadsOf(const GraphEdit& edit, const Node& node) {
  if (node.op != "Pad" || node.inputs.empty() || node.inputs[0] == kNoValue) return std::nullopt;
  const KnownOperands operands(edit, node);
  auto pads = ResolvePad(operands.view());
  if (!pads.ok()) return std::nullopt;
  return std::move(pads).value();
}

bool PadsWithZeros(const GraphEdit& edit, const Node& node) {
  if (node.String("mode", "constant") != "constant") return false;
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return true;
  const Tensor* value = edit.Constant(node.inputs[2]);
  return value != nullptr && value->dtype() == DType::kF32 && value->size() == 1 && value->As<float>()[0] == 0;
}

// Only rows and columns are added, none removed.
bool PadsOnlySpace(const std::vector<PadAxis>& pads) {
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i].begin < 0 || pads[i].end < 0) return false;
    if (i < 2 && (pads[i].begin != 0 || pads[i].end != 0)) return false;
  }
  return true;
}

// Lets the convolution `n` read what the Pad before it pads. Returns whether it did.
bool MergeIntoConvolution(GraphEdit& edit, size_t n) {
  const auto conv = ReadConvolution(edit, static_cast<int>(n));
  const Node* pad = conv ? edit.MadeBy("Pad", conv->input) : nullptr;
  if (pad == nullptr || !PadsWithZeros(edit, *pad)) return false;
  const auto pads = PadsOf(edit, *pad);
  if (!pads || !PadsOnlySpace(*pads) || pads->size() != conv->axes.size() + 2) return false;
  std::vector<WindowAxis> axes = conv->axes;
  for (size_t i = 0; i < axes.size(); ++i) {
    axes[i].pad_begin += (*pads)[i + 2].begin;
    axes[i].pad_end += (*pads)[i + 2].end;
  }
  Node node = edit.node(n).Clone();
  node.inputs[0] = pad->inputs[0];
  SetWindow(node, axes, conv->group);
  edit.Replace(n, std::move(node));
  return true;
}

}  // namespace

Graph RemovePads(Graph graph) {
  GraphEdit edit(std::move(graph));
  for (size_t n = 0; n < edit.node_count(); ++n) {
    if (edit.IsRemoved(n)) continue;
    const auto pads = PadsOf(edit, edit.node(n));
    const auto adds_nothing = [](const PadAxis& axis) { return axis.begin == 0 && axis.end == 0; };
    if (pads && std::ranges::all_of(*pads, adds_nothing)) edit.Bypass(edit.node(n).outputs[0], edit.node(n).inputs[0]);
  }
  for (size_t n = 0; n < edit.node_count(); ++n) {
    while (MergeIntoConvolution(edit, n)) {
    }
  }
  return std::move(edit).Finish();
}

}  // namespace lips
