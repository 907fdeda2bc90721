#include "engine/model_check.h"

#include <algorithm>
#include <cmath>

#include "model/onnx.h"
#include "tensor/npy.h"

namespace lips {
namespace {

const Value& ValueOf(const Graph& graph, ValueId id) { return graph.values[static_cast<size_t>(id)]; }

// Reads the file for each graph input, in graph order. NPY files of other floating types are taken where f32 is asked.
Result<std::vector<Tensor>> ReadInputs(const Graph& graph, const ModelCheckRequest& request) {
  std::vector<Tensor> inputs(graph.inputs.size());
  std::vector<bool> given(graph.inputs.size());
  std::string names;
  for (const ValueId id : graph.inputs) names += (names.empty() ? "" : ", ") + ValueOf(graph, id).name;
  for (const auto& [name, path] : request.inputs) {
    const auto found = std::ranges::find_if(
        graph.inputs, [&, wanted = &name](ValueId id) { return ValueOf(graph, id).name == *wanted; });
    if (found == graph.inputs.end()) {
      return Error(ErrorCode::kInvalidInput, "no input '" + name + "', the network has " + names);
    }
    const auto index = static_cast<size_t>(found - graph.inputs.begin());
    if (given[index]) return Error(ErrorCode::kInvalidInput, "input '" + name + "' is given twice");
    given[index] = true;
    ASSIGN_OR_RETURN(inputs[index], ReadNpy(path));
    const DType dtype = inputs[index].dtype();
    if (ValueOf(graph, *found).dtype == DType::kF32 && (dtype == DType::kF64 || dtype == DType::kF16)) {
      inputs[index] = ToF32(inputs[index]);
    }
  }
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i]) continue;
    return Error(ErrorCode::kInvalidInput,
                 "input '" + ValueOf(graph, graph.inputs[i]).name + "' is missing, the network has " + names);
  }
  return inputs;
}

Result<std::vector<Tensor>> Run(const Graph& graph, const SessionOptions& options, std::span<const Tensor> inputs) {
  ASSIGN_OR_RETURN(const auto session, OpenSession(graph, options));
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  std::vector<Tensor> outputs(graph.outputs.size());
  RETURN_IF_ERROR(session->Run(views, outputs));
  return outputs;
}

Result<std::vector<Tensor>> Expected(const Graph& graph, const ModelCheckRequest& request,
                                     std::span<const Tensor> inputs) {
  if (request.expected.empty()) {
    return Run(graph, {.backend = Backend::kReference, .threads = request.session.threads}, inputs);
  }
  if (request.expected.size() != graph.outputs.size()) {
    return Error(ErrorCode::kInvalidInput, std::to_string(request.expected.size()) +
                                               " expected outputs, the network has " +
                                               std::to_string(graph.outputs.size()));
  }
  std::vector<Tensor> expected;
  for (const Path& path : request.expected) {
    ASSIGN_OR_RETURN(Tensor tensor, ReadNpy(path));
    expected.push_back(std::move(tensor));
  }
  return expected;
}

Result<OutputComparison> Compare(const std::string& output, const Tensor& actual, const Tensor& expected) {
  if (actual.dims() != expected.dims()) {
    return Error(ErrorCode::kInvalidInput,
                 "output '" + output + "' is " + ToString(actual.dims()) + ", expected " + ToString(expected.dims()));
  }
  const Tensor got = ToF32(actual);
  const Tensor want = ToF32(expected);
  OutputComparison comparison = {.output = output, .dims = actual.dims()};
  double squares = 0;
  for (int64_t i = 0; i < got.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    double error = std::abs(double{got.As<float>()[at]} - double{want.As<float>()[at]});
    if (std::isnan(error)) error = got.As<float>()[at] == want.As<float>()[at] ? 0 : HUGE_VAL;
    squares += error * error;
    if (error > comparison.max_abs) {
      comparison.max_abs = error;
      comparison.worst_index = i;
    }
  }
  const double mean_square = got.size() > 0 ? squares / static_cast<double>(got.size()) : 0;
  comparison.rmse = std::sqrt(mean_square);
  comparison.psnr_db = -10 * std::log10(mean_square);
  return comparison;
}

Result<std::vector<OutputComparison>> Check(const ModelCheckRequest& request) {
  ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(request.model));
  ASSIGN_OR_RETURN(const std::vector<Tensor> inputs, ReadInputs(graph, request));
  ASSIGN_OR_RETURN(const std::vector<Tensor> expected, Expected(graph, request, inputs));
  ASSIGN_OR_RETURN(const std::vector<Tensor> actual, Run(graph, request.session, inputs));
  std::vector<OutputComparison> comparisons;
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSIGN_OR_RETURN(OutputComparison comparison,
                     Compare(ValueOf(graph, graph.outputs[i]).name, actual[i], expected[i]));
    comparisons.push_back(std::move(comparison));
  }
  return comparisons;
}

}  // namespace

Result<std::vector<OutputComparison>> CheckModel(const ModelCheckRequest& request) {
  auto comparisons = Check(request);
  if (!comparisons.ok()) return std::move(comparisons).TakeError().Within(request.model.string());
  return comparisons;
}

}  // namespace lips
