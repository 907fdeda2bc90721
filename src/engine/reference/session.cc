#include "engine/reference/session.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/reference/operator.h"
#include "engine/session_input.h"

namespace lips {
namespace {

// A copy in which every floating type is f64.
Tensor Import(const TensorView& view) {
  Tensor tensor;
  tensor.Resize(view.dtype, view.dims);
  if (tensor.bytes() > 0) std::memcpy(tensor.data(), view.data, tensor.bytes());
  return IsFloating(view.dtype) ? ToF64(tensor) : std::move(tensor);
}

class ReferenceSession : public Session {
 public:
  ReferenceSession(Graph graph, int threads, const ReferenceLimits& limits)
      : graph_(std::move(graph)), threads_(threads), limits_(limits), last_use_(graph_.values.size(), -1) {
    for (const ValueId id : graph_.inputs) declared_inputs_.push_back(graph_.values[Index(id)]);
    for (size_t n = 0; n < graph_.nodes.size(); ++n) {
      for (const ValueId id : graph_.nodes[n].inputs) {
        if (id != kNoValue) last_use_[Index(id)] = static_cast<int>(n);
      }
      for (const ValueId id : graph_.nodes[n].outputs) {
        if (id != kNoValue) last_use_[Index(id)] = std::max(last_use_[Index(id)], static_cast<int>(n));
      }
    }
    for (const ValueId id : graph_.outputs) last_use_[Index(id)] = static_cast<int>(graph_.nodes.size());
    for (auto& [id, tensor] : graph_.constants) {
      if (IsFloating(tensor.dtype())) tensor = ToF64(tensor);
    }
  }

  Status Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) override;
  std::string Describe() const override {
    return "reference, " + std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
  }

 private:
  static size_t Index(ValueId id) { return static_cast<size_t>(id); }
  Status RunNode(size_t index, std::vector<Tensor>& values, ReferenceBudget& budget) const;

  Graph graph_;
  int threads_;
  ReferenceLimits limits_;
  std::vector<int> last_use_;  // per value: the last node that touches it; nodes.size() for graph outputs
  std::vector<Value> declared_inputs_;
};

Status ReferenceSession::RunNode(size_t index, std::vector<Tensor>& values, ReferenceBudget& budget) const {
  const Node& node = graph_.nodes[index];
  std::vector<const Tensor*> node_inputs;
  for (const ValueId id : node.inputs) {
    const Tensor* constant = id == kNoValue ? nullptr : graph_.Constant(id);
    node_inputs.push_back(id == kNoValue ? nullptr : constant != nullptr ? constant : &values[Index(id)]);
  }
  std::vector<Tensor> node_outputs(node.outputs.size());
  OperatorCall call(node, graph_.opset, threads_, node_inputs, node_outputs, budget);
  RETURN_IF_ERROR(FindOperator(node.op)(call));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) values[Index(node.outputs[i])] = std::move(node_outputs[i]);
  }
  for (const auto& ids : {node.inputs, node.outputs}) {
    for (const ValueId id : ids) {
      if (id == kNoValue || last_use_[Index(id)] > static_cast<int>(index)) continue;
      budget.live_elements += values[Index(id)].size();
      values[Index(id)] = Tensor();
    }
  }
  return {};
}

Status ReferenceSession::Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) {
  RETURN_IF_ERROR(CheckSessionInputs(declared_inputs_, inputs));
  RETURN_IF_ERROR(CheckSessionOutputs(graph_.outputs.size(), outputs.size()));
  std::vector<Tensor> values(graph_.values.size());
  for (size_t i = 0; i < inputs.size(); ++i) values[Index(graph_.inputs[i])] = Import(inputs[i]);
  ReferenceBudget budget = {.live_elements = limits_.live_elements, .operations = limits_.operations};
  for (size_t n = 0; n < graph_.nodes.size(); ++n) {
    Status ran = RunNode(n, values, budget);
    if (!ran.ok()) return std::move(ran).TakeError().Within(lips::Describe(graph_, static_cast<int>(n)));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor* constant = graph_.Constant(graph_.outputs[i]);
    const Tensor& from = constant != nullptr ? *constant : values[Index(graph_.outputs[i])];
    if (from.dtype() == DType::kF64) {
      outputs[i].Resize(DType::kF32, from.dims());
      std::ranges::transform(from.As<double>(), outputs[i].As<float>().begin(),
                             [](double v) { return static_cast<float>(v); });
      continue;
    }
    outputs[i].Resize(from.dtype(), from.dims());
    if (from.bytes() > 0) std::memcpy(outputs[i].data(), from.data(), from.bytes());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Session>> OpenReferenceSession(const Graph& graph, int threads, const ReferenceLimits& limits) {
  RETURN_IF_ERROR(Validate(graph));
  if (std::string unsupported = FirstUnsupported(graph, Backend::kReference); !unsupported.empty()) {
    return Error(ErrorCode::kUnsupported, std::move(unsupported));
  }
  return std::unique_ptr<Session>(std::make_unique<ReferenceSession>(graph.Clone(), threads, limits));
}

}  // namespace lips
