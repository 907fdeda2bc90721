#include <algorithm>
#include <utility>

#include "model/convolution.h"
#include "model/operands.h"
#include "model/passes.h"

namespace lips {
namespace {

// Whether `id` is a concatenation along dim 1.
const Node* ChannelConcat(const GraphEdit& edit, ValueId id) {
  const Node* concat = edit.MadeBy("Concat", id);
  if (concat == nullptr || !edit.value(id).has_shape) return nullptr;
  const auto axis = ResolveAxis(concat->Int("axis", 0), edit.DimsOf(id).size());
  const bool fits = axis.ok() && axis.value() == 1 && std::ranges::all_of(concat->inputs, [&](ValueId operand) {
                      return operand != kNoValue && edit.value(operand).has_shape;
                    });
  return fits ? concat : nullptr;
}

// No network joins as many; a file that does would be blown up by splitting.
constexpr size_t kMostOperands = 64;
constexpr int kDeepest = 16;

// What `id` is a concatenation of, in order, nested ones taken apart down to some depth; `id` itself when it is none.
// More than kMostOperands are not all given.
void AppendOperands(const GraphEdit& edit, ValueId id, int depth, std::vector<ValueId>& operands) {
  if (edit.DimsOf(id)[1] == 0 || operands.size() > kMostOperands) return;
  const Node* concat = depth < kDeepest ? ChannelConcat(edit, id) : nullptr;
  if (concat == nullptr) {
    operands.push_back(id);
    return;
  }
  for (const ValueId operand : concat->inputs) AppendOperands(edit, operand, depth + 1, operands);
}

// The columns [first, first + count) of a pointwise convolution's weights.
Tensor Columns(const Tensor& weights, int64_t first, int64_t count) {
  Dims dims = weights.dims();
  const int64_t all = dims[1];
  dims[1] = count;
  Tensor part(weights.dtype(), dims);
  const auto bytes = [&](int64_t numbers) { return static_cast<size_t>(numbers) * SizeOf(weights.dtype()); };
  uint8_t* to = part.data();
  for (int64_t row = 0; row < dims[0]; ++row) {
    std::copy_n(weights.data() + bytes(row * all + first), bytes(count), to + bytes(row * count));
  }
  return part;
}

void Split(GraphEdit& edit, size_t n, const Convolution& conv, const std::vector<ValueId>& operands) {
  const ValueId output = conv.output;
  const ValueId bias = conv.bias != nullptr ? edit.node(n).inputs[2] : kNoValue;
  const Dims dims = edit.DimsOf(output);
  const Tensor weights = conv.weights->Share();
  int64_t first = 0;
  ValueId sum = kNoValue;
  for (size_t k = 0; k < operands.size(); ++k) {
    const int64_t channels = edit.DimsOf(operands[k])[1];
    Node part = MakeNode("Conv", {operands[k], edit.AddConstant(Columns(weights, first, channels), output, "columns")});
    if (k == 0 && bias != kNoValue) part.inputs.push_back(bias);
    SetWindow(part, conv.axes, 1);
    first += channels;
    if (k == 0 && operands.size() == 1) {
      edit.Replace(n, std::move(part));
      return;
    }
    const ValueId product = edit.AddNode(std::move(part), dims, output, "part");
    if (k == 0) {
      sum = product;
    } else if (k + 1 < operands.size()) {
      sum = edit.AddNode(MakeNode("Add", {sum, product}), dims, output, "sum");
    } else {
      edit.Replace(n, MakeNode("Add", {sum, product}));
    }
  }
}

}  // namespace

Graph SplitConvOverConcat(Graph graph) {
  GraphEdit edit(std::move(graph));
  const size_t count = edit.node_count();
  for (size_t n = 0; n < count; ++n) {
    const auto conv = ReadConvolution(edit, static_cast<int>(n));
    if (!conv || !conv->IsPointwise() || ChannelConcat(edit, conv->input) == nullptr) continue;
    std::vector<ValueId> operands;
    AppendOperands(edit, conv->input, 0, operands);
    if (!operands.empty() && operands.size() <= kMostOperands) Split(edit, n, *conv, operands);
  }
  return std::move(edit).Finish();
}

}  // namespace lips
