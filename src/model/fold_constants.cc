#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "model/edit.h"
#include "model/operands.h"
#include "model/passes.h"

namespace lips {
namespace {

// All results together may have this many elements for each one the file brought, so that a small file does not ask
// for all memory; the rest is left to the engine. Exporters rearrange weights once or twice.
constexpr int64_t kMostGrowth = 4;
constexpr int64_t kAlwaysAllowed = int64_t{1} << 20;

using Binary = float (*)(float, float);

Binary BinaryOf(std::string_view op) {
  if (op == "Add") return [](float a, float b) { return a + b; };
  if (op == "Sub") return [](float a, float b) { return a - b; };
  if (op == "Mul") return [](float a, float b) { return a * b; };
  if (op == "Div") return [](float a, float b) { return a / b; };
  return nullptr;
}

using Unary = float (*)(float);

Unary UnaryOf(std::string_view op) {
  if (op == "Neg") return [](float a) { return -a; };
  if (op == "Sqrt") return [](float a) { return std::sqrt(a); };
  if (op == "Reciprocal") return [](float a) { return 1 / a; };
  return nullptr;
}

// Steps through a packed tensor of `dims` along the axes of an output of `rank` axes, broadcasting.
std::vector<int64_t> BroadcastSteps(const Dims& dims, size_t rank) {
  std::vector<int64_t> steps(rank, 0);
  int64_t step = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    if (dims[i] != 1) steps[rank - dims.size() + i] = step;
    step *= dims[i];
  }
  return steps;
}

// Calls visit(output index, source index) for every element of `dims`; the source moves by `steps` along each axis.
template <typename Visit>
void Walk(const Dims& dims, const std::vector<int64_t>& steps, size_t axis, int64_t& out, int64_t in, Visit& visit) {
  if (axis == dims.size()) {
    visit(out++, in);
    return;
  }
  for (int64_t i = 0; i < dims[axis]; ++i) Walk(dims, steps, axis + 1, out, in + i * steps[axis], visit);
}

template <typename Visit>
void ForEach(const Dims& dims, const std::vector<int64_t>& steps, Visit visit) {
  int64_t out = 0;
  Walk(dims, steps, 0, out, 0, visit);
}

Tensor Combine(const Tensor& a, const Tensor& b, const Dims& dims, Binary combine) {
  Tensor out(DType::kF32, dims);
  const auto to = out.As<float>();
  const auto left = a.As<float>();
  const auto right = b.As<float>();
  ForEach(dims, BroadcastSteps(a.dims(), dims.size()),
          [&](int64_t o, int64_t i) { to[static_cast<size_t>(o)] = left[static_cast<size_t>(i)]; });
  ForEach(dims, BroadcastSteps(b.dims(), dims.size()), [&](int64_t o, int64_t i) {
    to[static_cast<size_t>(o)] = combine(to[static_cast<size_t>(o)], right[static_cast<size_t>(i)]);
  });
  return out;
}

std::optional<Tensor> Transposed(const Node& node, const Tensor& in, const Dims& dims) {
  const size_t rank = in.dims().size();
  std::vector<int64_t> order = node.Ints("perm");
  if (order.empty()) {
    for (size_t i = rank; i-- > 0;) order.push_back(static_cast<int64_t>(i));
  }
  const std::vector<int64_t> from = BroadcastSteps(in.dims(), rank);
  std::vector<int64_t> steps;
  Dims moved;
  for (const int64_t axis : order) {
    if (axis < 0 || static_cast<size_t>(axis) >= rank) return std::nullopt;
    steps.push_back(from[static_cast<size_t>(axis)]);
    moved.push_back(in.dims()[static_cast<size_t>(axis)]);
  }
  if (moved != dims) return std::nullopt;
  Tensor out(DType::kF32, dims);
  const auto to = out.As<float>();
  const auto source = in.As<float>();
  ForEach(dims, steps, [&](int64_t o, int64_t i) { to[static_cast<size_t>(o)] = source[static_cast<size_t>(i)]; });
  return out;
}

bool OnlyReshapes(std::string_view op) {
  constexpr std::array<std::string_view, 5> kOps = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"};
  return std::ranges::find(kOps, op) != kOps.end();
}

bool IsFloating(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBf16;
}

// The result of a node whose inputs are all in `inputs`; nothing when the operator is not one of these.
std::optional<Tensor> Evaluate(const Node& node, const std::vector<const Tensor*>& inputs, const Value& made,
                               int64_t most_elements) {
  const Tensor& first = *inputs[0];
  const auto count = ElementCount(made.dims);
  if (!made.has_shape || !count.ok() || count.value() > most_elements) return std::nullopt;
  if (OnlyReshapes(node.op) && first.size() == count.value() && first.dtype() == made.dtype) {
    Tensor out = first.Share();
    out.Reshape(made.dims);
    return out;
  }
  if (made.dtype != DType::kF32) return std::nullopt;
  if (node.op == "Cast" && IsFloating(first.dtype()) && first.dims() == made.dims) return ToF32(first);
  if (first.dtype() != DType::kF32) return std::nullopt;
  if (node.op == "Transpose") return Transposed(node, first, made.dims);
  if (const Unary unary = UnaryOf(node.op); unary != nullptr && first.dims() == made.dims) {
    Tensor out = first.Clone();
    std::ranges::transform(out.As<float>(), out.As<float>().begin(), unary);
    return out;
  }
  const Binary binary = BinaryOf(node.op);
  if (binary == nullptr || inputs.size() != 2 || inputs[1]->dtype() != DType::kF32) return std::nullopt;
  const auto combined = BroadcastDims(first.dims(), inputs[1]->dims());
  if (!combined.ok() || combined.value() != made.dims) return std::nullopt;
  return Combine(first, *inputs[1], made.dims, binary);
}

// Whether the node hands its input on as it is.
bool PassesOn(const GraphEdit& edit, const Node& node) {
  if (node.inputs.empty() || node.inputs[0] == kNoValue || node.outputs.empty() || node.outputs[0] == kNoValue) {
    return false;
  }
  if (node.op == "Identity") return true;
  if (node.op != "Dropout") return false;
  // With a mask wanted, or told to train, it does more than that.
  for (size_t k = 1; k < node.outputs.size(); ++k) {
    if (node.outputs[k] != kNoValue) return false;
  }
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return true;
  const Tensor* training = edit.Constant(node.inputs[2]);
  return training != nullptr && training->size() == 1 && training->data()[0] == 0;
}

}  // namespace

Graph FoldConstants(Graph graph) {
  GraphEdit edit(std::move(graph));
  int64_t budget = kAlwaysAllowed;
  for (const auto& [id, tensor] : edit.graph().constants) budget += kMostGrowth * tensor.size();
  for (size_t n = 0; n < edit.node_count(); ++n) {
    if (edit.IsRemoved(n)) continue;
    const Node& node = edit.node(n);
    if (PassesOn(edit, node) && edit.Bypass(node.outputs[0], node.inputs[0])) continue;
    if (node.inputs.empty() || node.outputs.size() != 1 || node.outputs[0] == kNoValue) continue;
    std::vector<const Tensor*> known;
    for (const ValueId id : node.inputs) known.push_back(edit.Constant(id));
    if (std::ranges::find(known, nullptr) != known.end()) continue;
    auto result = Evaluate(node, known, edit.value(node.outputs[0]), budget);
    if (!result) continue;
    budget -= result->size();
    edit.ReplaceByConstant(n, *std::move(result));
  }
  return std::move(edit).Finish();
}

}  // namespace lips
