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

std::vector<Tensor> InputsOf(const Graph& graph) {
  Seeded seeded(5);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    inputs.emplace_back(DType::kF32, graph.values[static_cast<size_t>(id)].dims);
    for (float& v : inputs.back().As<float>()) v = seeded.Uniform(0, 1);
  }
  return inputs;
}

std::vector<Tensor> Run(const Graph& graph, const std::vector<Tensor>& inputs) {
  SessionOptions options;
  options.backend = Backend::kReference;
  options.threads = 2;
  Result<std::unique_ptr<Session>> session = OpenSession(graph, options);
  if (!session.ok()) {
    ADD_FAILURE() << session.error().message();
    return {};
  }
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  std::vector<Tensor> outputs(graph.outputs.size());
  const Status ran = session.value()->Run(views, outputs);
  EXPECT_TRUE(ran.ok()) << ran.error().message();
  return outputs;
}

std::vector<float> FloatsOf(const Tensor& tensor) {
  const std::span<const float> values = tensor.As<float>();
  return {values.begin(), values.end()};
}

std::vector<float> Evaluate(const Graph& graph) { return FloatsOf(Run(graph, InputsOf(graph)).at(0)); }

// The same of the two parts one after the other.
std::vector<float> Evaluate(const SplitGraph& split, const Graph& whole) {
  std::vector<Tensor> inputs = InputsOf(whole);
  std::vector<Tensor> image;
  image.push_back(inputs[0].Clone());
  std::vector<Tensor> passed = Run(split.head, image);
  if (split.tail_takes_input) passed.push_back(inputs[0].Clone());
  passed.push_back(std::move(inputs[1]));
  return FloatsOf(Run(split.tail, passed).at(0));
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

// A generator of every block the family has: double blocks around every other.
struct Counts {
  int blocks_of_image = 0;  // inverted residuals
  int blocks_of_both = 0;
};
Counts CountsOf(const GeneratorRecipe& recipe) {
  const int levels = recipe.size_px == 320 ? 5 : 4;
  return {1 + 2 * levels, 5 + 4 + 2 * levels};
}

Graph Optimised(const Graph& graph) {
  Result<Graph> optimised = Optimise(graph);
  if (!optimised.ok()) ADD_FAILURE() << optimised.error().message();
  return std::move(optimised).value();
}

SplitGraph Split(const Graph& graph, TemplateCut level) {
  Result<SplitGraph> split = OptimiseSplit(graph, 0, level);
  if (!split.ok()) ADD_FAILURE() << split.error().message();
  return std::move(split).value();
}

// Every spelling becomes the same operators.
TEST(Passes, FireOnEverySpellingOfTheGenerator) {
  const std::vector<Dims> audio = {{32, 16, 16}, {32, 32, 32}, {256, 16, 32}};
  const std::vector<int64_t> batches = {kDynamicDim, 1, 3};
  for (int k = 0; k < 14; ++k) {
    const auto at = static_cast<size_t>(k);
    GeneratorRecipe recipe = Narrow(k / 2 % 2 == 0 ? 160 : 320, 11 + k % 7, k >= 7, batches[at % 3]);
    recipe.channels = {8, 8, 8, 8, 64};
    recipe.audio_dims = audio[at / 3 % 3];
    recipe.image_name = "n" + std::to_string(k);
    SCOPED_TRACE("opset " + std::to_string(recipe.spelling.opset) + ", size " + std::to_string(recipe.size_px));
    const Graph graph = MakeGenerator(recipe);
    const Counts counts = CountsOf(recipe);
    // Plain ones: audio.3, audio.5, outc, and half of fuse1's expansion.
    EXPECT_EQ(CensusOf(Optimised(graph)),
              (Census{{"FusedConv", 4}, {"InvertedResidual", counts.blocks_of_image + counts.blocks_of_both}}));
    const SplitGraph skips = Split(graph, TemplateCut::kSkips);
    EXPECT_EQ(CensusOf(skips.head), (Census{{"InvertedResidual", counts.blocks_of_image}}));
    EXPECT_EQ(CensusOf(skips.tail), (Census{{"FusedConv", 4}, {"InvertedResidual", counts.blocks_of_both}}));
    EXPECT_EQ(skips.head.outputs.size(), recipe.size_px == 320 ? 6U : 5U);
    const SplitGraph expanded = Split(graph, TemplateCut::kExpanded);
    EXPECT_EQ(CensusOf(expanded.head), (Census{{"FusedConv", 1}, {"InvertedResidual", counts.blocks_of_image}}));
    EXPECT_EQ(CensusOf(expanded.tail), (Census{{"FusedConv", 3}, {"InvertedResidual", counts.blocks_of_both}}));
    const SplitGraph deep = Split(graph, TemplateCut::kDeep);
    EXPECT_TRUE(deep.tail_takes_input);
    EXPECT_EQ(deep.head.outputs.size(), skips.head.outputs.size() - 1);
    EXPECT_EQ(CensusOf(deep.head), CensusOf(skips.head));
    EXPECT_EQ(CensusOf(deep.tail), (Census{{"FusedConv", 4}, {"InvertedResidual", counts.blocks_of_both + 1}}));
  }
}

// Inputs of a tail by their shapes.
std::vector<Dims> InputDimsOf(const Graph& graph) {
  std::vector<Dims> dims;
  for (const ValueId id : graph.inputs) dims.push_back(graph.values[static_cast<size_t>(id)].dims);
  return dims;
}

// What crosses at each level, of the widths networks are trained with and of half of them.
TEST(CutTemplate, HandsOverWhatItsLevelSays) {
  GeneratorRecipe recipe;
  recipe.channels = {32, 64, 128, 256, 512};
  recipe.spelling.fold_batch_norm = false;
  const Graph graph = MakeGenerator(recipe);
  const Dims audio = {1, 32, 16, 16};
  const Dims x1 = {1, 32, 320, 320}, x2 = {1, 32, 160, 160}, x3 = {1, 64, 80, 80}, x4 = {1, 128, 40, 40},
             x5 = {1, 256, 20, 20}, x6 = {1, 512, 10, 10};
  const SplitGraph deep = Split(graph, TemplateCut::kDeep);
  EXPECT_EQ(InputDimsOf(deep.tail), (std::vector<Dims>{x2, x3, x4, x5, x6, {1, 6, 320, 320}, audio}));
  EXPECT_EQ(InputDimsOf(Split(graph, TemplateCut::kSkips).tail), (std::vector<Dims>{x1, x2, x3, x4, x5, x6, audio}));
  // Products with the weights of fuse1 and of up1 to up3, twice as wide as what they read.
  const SplitGraph expanded = Split(graph, TemplateCut::kExpanded);
  EXPECT_EQ(
      InputDimsOf(expanded.tail),
      (std::vector<Dims>{x1, x2, {1, 2048, 10, 10}, {1, 1024, 20, 20}, {1, 512, 40, 40}, {1, 256, 80, 80}, audio}));
  EXPECT_EQ(CensusOf(expanded.tail), (Census{{"FusedConv", 3}, {"InvertedResidual", 19}}));
  EXPECT_EQ(CensusOf(expanded.head), (Census{{"FusedConv", 4}, {"InvertedResidual", 11}}));
  recipe.channels = {16, 32, 64, 128, 256};
  const SplitGraph half = Split(MakeGenerator(recipe), TemplateCut::kExpanded);
  EXPECT_EQ(half.head.outputs.size(), 6U);
  EXPECT_EQ(CensusOf(half.head), (Census{{"FusedConv", 3}, {"InvertedResidual", 11}}));
  EXPECT_EQ(CensusOf(half.tail), (Census{{"FusedConv", 3}, {"InvertedResidual", 19}}));
}

TEST(CutTemplate, TailOfHeadIsTheGenerator) {
  for (const bool folded : {false, true}) {
    GeneratorRecipe recipe = Narrow(160, folded ? 12 : 15, folded, 1);
    recipe.channels = {8, 8, 16, 64, 64};
    const Graph graph = MakeGenerator(recipe);
    const Graph shaped = Shaped(graph);
    const std::vector<float> expected = Evaluate(shaped);
    EXPECT_LE(Difference(expected, Evaluate(Optimised(graph))), 1e-5);
    for (const TemplateCut level : {TemplateCut::kDeep, TemplateCut::kSkips, TemplateCut::kExpanded}) {
      EXPECT_LE(Difference(expected, Evaluate(Split(graph, level), shaped)), 1e-5) << static_cast<int>(level);
    }
  }
}

TEST(WithBatch, ChangesTheBatchOfBothNetworks) {
  GeneratorRecipe recipe = Narrow(160, 11, true, 3);
  EncoderRecipe encoder;
  encoder.spelling.batch = 3;
  for (const Graph& graph : {MakeGenerator(recipe), MakeAudioEncoder(encoder)}) {
    for (const int64_t batch : {1, 2}) {
      const Result<Graph> other = WithBatch(graph, batch);
      ASSERT_TRUE(other.ok()) << other.error().message();
      for (const ValueId id : {other.value().inputs[0], other.value().outputs[0]}) {
        EXPECT_EQ(other.value().values[static_cast<size_t>(id)].dims[0], batch);
      }
    }
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
