// Arbitrary bytes as an ONNX model: read, shapes, split, passes, written and read again. Whatever is read must survive
// all of it.
#include "model/onnx.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "model/binding.h"
#include "model/fused.h"
#include "model/info.h"
#include "model/passes.h"
#include "model/shape.h"
#include "model/split.h"
#include "model/weights.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Small shapes that agree with what the graph declares, so that inference gets far.
std::vector<lips::Dims> SmallDims(const lips::Graph& graph) {
  std::vector<lips::Dims> all;
  for (const lips::ValueId id : graph.inputs) {
    lips::Dims dims = graph.values[static_cast<size_t>(id)].dims;
    for (int64_t& dim : dims) dim = dim == lips::kDynamicDim ? 2 : dim;
    all.push_back(dims);
  }
  return all;
}

void CheckSplit(const lips::Graph& graph) {
  for (int input = 0; input < static_cast<int>(graph.inputs.size()) && input < 4; ++input) {
    const auto split = lips::CutByInput(graph, input);
    Require(split.ok());
    Require(split.value().tail.inputs.size() == split.value().head.outputs.size() + graph.inputs.size() - 1);
    Require(split.value().tail.outputs.size() == graph.outputs.size());
  }
}

// Passes take any graph with known shapes and give valid ones, which lower to valid ones.
void CheckPasses(const lips::Graph& shaped) {
  const auto optimised = lips::Optimise(shaped);
  if (optimised.ok()) {
    Require(lips::Validate(optimised.value()).ok());
    Require(lips::Validate(lips::Lower(optimised.value())).ok());
  }
  for (const auto level : {lips::TemplateCut::kDeep, lips::TemplateCut::kSkips, lips::TemplateCut::kExpanded}) {
    const auto split = lips::OptimiseSplit(shaped, 0, level);
    if (!split.ok()) continue;
    Require(lips::Validate(split.value().head).ok());
    Require(lips::Validate(split.value().tail).ok());
    const size_t taken = split.value().tail_takes_input ? 1 : 0;
    Require(split.value().tail.inputs.size() == split.value().head.outputs.size() + taken + shaped.inputs.size() - 1);
  }
  static_cast<void>(lips::WithBatch(shaped, 2));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = lips::ParseOnnx(std::span(data, size));
  if (!graph.ok()) return 0;
  Require(lips::Validate(graph.value()).ok());
  static_cast<void>(lips::CheckWeights(graph.value()));
  const auto bytes = lips::SerializeOnnx(graph.value());
  Require(bytes.ok());
  const auto again = lips::ParseOnnx(bytes.value());
  Require(again.ok());
  Require(lips::SerializeOnnx(again.value()).value() == bytes.value());
  CheckSplit(graph.value());
  static_cast<void>(lips::FormatModelInfo(lips::ModelInfo(graph.value())));
  const auto inferred = lips::InferShapes(graph.value(), SmallDims(graph.value()));
  if (!inferred.ok()) return 0;
  Require(lips::Validate(inferred.value()).ok());
  CheckSplit(inferred.value());
  CheckPasses(inferred.value());
  return 0;
}
