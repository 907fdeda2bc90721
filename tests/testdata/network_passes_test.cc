// What the passes make of every spelling of the networks, by the reference engine and by counting.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/session.h"
#include "model/fused.h"
#include "model/passes.h"
#include "model/shape.h"
#include "tests/testdata/networks.h"

namespace lips::testdata {
namespace {

using Census = std::map<std::string, int>;  // nodes by operator

Census CensusOf(const Graph& graph) {
  Census census;
  for (const Node& node : graph.nodes) ++census[node.op];
  return census;
}

Graph Shaped(const Graph& graph) {
  Result<std::vector<Dims>> dims = ConcreteInputDims(graph, 1);
  Result<Graph> shaped = InferShapes(graph, dims.value());
  if (!shaped.ok()) ADD_FAILURE() << shaped.error().message();
  return std::move(shaped).value();
}

std::vector<float> Evaluate(const Graph& graph) {
  SessionOptions options;
  options.backend = Backend::kReference;
  options.threads = 2;
  Result<std::unique_ptr<Session>> session = OpenSession(graph, options);
  if (!session.ok()) {
    ADD_FAILURE() << session.error().message();
    return {};
  }
  Seeded seeded(5);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    inputs.emplace_back(DType::kF32, graph.values[static_cast<size_t>(id)].dims);
    for (float& v : inputs.back().As<float>()) v = seeded.Uniform(0, 1);
  }
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  std::vector<Tensor> outputs(1);
  const Status ran = session.value()->Run(views, outputs);
  EXPECT_TRUE(ran.ok()) << ran.error().message();
  const std::span<const float> values = std::as_const(outputs[0]).As<float>();
  return {values.begin(), values.end()};
}

double Difference(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size() || a.empty()) return 1e9;
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double{a[i]} - double{b[i]});
    worst = difference <= worst ? worst : difference;  // NaN is kept
  }
  return worst;
}

// The passes that need no fused block, in their order.
Graph Convolutions(Graph graph) {
  graph = RemovePads(FoldBatchNorm(FoldConstants(std::move(graph))));
  return FuseConvs(CommuteConvWithResize(SplitConvOverConcat(std::move(graph))));
}

GeneratorRecipe Narrow(int size_px, int opset, bool folded, int64_t batch) {
  GeneratorRecipe recipe;
  recipe.size_px = size_px;
  recipe.channels = {8, 8, 8, 8, 8};
  recipe.spelling = {.opset = opset, .batch = batch, .fold_batch_norm = folded};
  return recipe;
}

TEST(Passes, LeaveTheGeneratorsFunctionAlone) {
  for (const GeneratorRecipe& recipe : {Narrow(160, 11, false, kDynamicDim), Narrow(160, 17, true, 1)}) {
    const Graph graph = Shaped(MakeGenerator(recipe));
    const Graph after = Convolutions(graph.Clone());
    ASSERT_TRUE(Validate(after).ok());
    // Three of each of 26 inverted residuals, three plain ones, and five that were split in two.
    EXPECT_EQ(CensusOf(after), (Census{{"FusedConv", 86}, {"Resize", 4}}));
    EXPECT_LE(Difference(Evaluate(graph), Evaluate(after)), 1e-5);
  }
}

TEST(Passes, LeaveTheEncodersFunctionAlone) {
  for (const bool folded : {false, true}) {
    EncoderRecipe recipe;
    recipe.spelling = {.opset = folded ? 13 : 11, .batch = 3, .fold_batch_norm = folded};
    const Graph graph = Shaped(MakeAudioEncoder(recipe));
    const Graph after = Convolutions(graph.Clone());
    EXPECT_EQ(CensusOf(after), (Census{{"Flatten", 1}, {"FusedConv", 13}}));
    EXPECT_LE(Difference(Evaluate(graph), Evaluate(after)), 1e-5);
  }
}

}  // namespace
}  // namespace lips::testdata
