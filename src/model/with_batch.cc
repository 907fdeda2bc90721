#include <algorithm>
#include <string>
#include <utility>

#include "model/edit.h"
#include "model/passes.h"
#include "model/shape.h"

namespace lips {
namespace {

bool LeadsWith(const Graph& graph, ValueId id, int64_t batch) {
  const Value& value = graph.values[static_cast<size_t>(id)];
  return value.has_shape && !value.dims.empty() && value.dims[0] == batch;
}

// Exporters write a fixed batch into the sizes of Resize and the shape of Reshape. Puts `batch` there where the data
// that passes through leads with `old`. `shaped` tells the shapes of `graph`, by the same ids.
Graph Rewritten(const Graph& graph, const Graph& shaped, int64_t old, int64_t batch) {
  GraphEdit edit(graph.Clone());
  for (size_t n = 0; n < edit.node_count(); ++n) {
    const size_t at = edit.node(n).op == "Resize" ? 3 : 1;
    if (edit.node(n).op != "Resize" && edit.node(n).op != "Reshape") continue;
    if (edit.node(n).inputs.size() <= at || edit.node(n).outputs.size() != 1) continue;
    const Tensor* sizes = edit.Constant(edit.node(n).inputs[at]);
    const ValueId data = edit.node(n).inputs[0];
    const ValueId made = edit.node(n).outputs[0];
    if (sizes == nullptr || sizes->dtype() != DType::kI64 || sizes->size() == 0) continue;
    if (sizes->As<int64_t>()[0] != old || data == kNoValue || made == kNoValue) continue;
    if (edit.Constant(data) != nullptr || !LeadsWith(shaped, data, old) || !LeadsWith(shaped, made, old)) continue;
    Tensor other = sizes->Clone();
    other.As<int64_t>()[0] = batch;
    Node node = edit.node(n).Clone();
    node.inputs[at] = edit.AddConstant(std::move(other), made, "sizes");
    edit.Replace(n, std::move(node));
  }
  return std::move(edit).Finish();
}

}  // namespace

Result<Graph> WithBatch(const Graph& graph, int64_t batch) {
  if (batch < 1) return Error(ErrorCode::kInvalidInput, "a batch of " + std::to_string(batch));
  ASSIGN_OR_RETURN(std::vector<Dims> dims, ConcreteInputDims(graph, batch));
  ASSIGN_OR_RETURN(const Graph shaped, InferShapes(graph, dims));
  int64_t old = batch;
  for (const Dims& input : dims) {
    if (!input.empty() && input[0] != batch) old = input[0];
  }
  Graph open = old == batch ? graph.Clone() : Rewritten(graph, shaped, old, batch);
  for (size_t i = 0; i < dims.size(); ++i) {
    Value& input = open.values[static_cast<size_t>(open.inputs[i])];
    if (dims[i].empty()) continue;
    dims[i][0] = batch;
    input.has_shape = true;
    input.dims = dims[i];
  }
  ASSIGN_OR_RETURN(Graph result, InferShapes(open, dims));
  for (size_t i = 0; i < result.outputs.size(); ++i) {
    const bool follows = LeadsWith(shaped, shaped.outputs[i], old);
    if (!follows || LeadsWith(result, result.outputs[i], batch)) continue;
    return Error(ErrorCode::kUnsupported,
                 "the network's batch of " + std::to_string(old) + " is fixed inside it: output " +
                     QuoteName(result.values[static_cast<size_t>(result.outputs[i])].name) + " would have the shape " +
                     ToString(result.values[static_cast<size_t>(result.outputs[i])].dims));
  }
  return result;
}

}  // namespace lips
