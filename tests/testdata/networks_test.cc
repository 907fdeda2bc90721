#include "tests/testdata/networks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "model/onnx.h"

namespace lips::testdata {
namespace {

int Count(const Graph& graph, std::string_view op) {
  int count = 0;
  for (const Node& node : graph.nodes) count += node.op == op ? 1 : 0;
  return count;
}

// The family's 93 convolutions. Source: spec.md 3.
TEST(Networks, GeneratorHasTheFamilysTopology) {
  for (const bool fold : {true, false}) {
    GeneratorRecipe recipe;
    recipe.spelling.fold_batch_norm = fold;
    const Graph graph = MakeGenerator(recipe);
    const Status valid = Validate(graph);
    ASSERT_TRUE(valid.ok()) << valid.error().message();
    EXPECT_EQ(Count(graph, "Conv"), 93);
    EXPECT_EQ(Count(graph, "BatchNormalization"), fold ? 0 : 92);
    EXPECT_EQ(Count(graph, "Resize"), 5);
    EXPECT_EQ(Count(graph, "Concat"), 6);
    ASSERT_EQ(graph.inputs.size(), 2U);
    EXPECT_EQ(graph.values[static_cast<size_t>(graph.inputs[0])].dims, (Dims{kDynamicDim, 6, 320, 320}));
    EXPECT_EQ(graph.values[static_cast<size_t>(graph.inputs[1])].dims, (Dims{kDynamicDim, 32, 16, 16}));
  }
}

// With the real widths the parameters are those of the real network: 12,186,935 with unfolded normalisations counted as
// weight and bias only.
TEST(Networks, GeneratorOfFullWidthHasTheFamilysParameters) {
  GeneratorRecipe recipe;
  recipe.channels = {32, 64, 128, 256, 512};
  recipe.spelling.fold_batch_norm = false;
  const Graph graph = MakeGenerator(recipe);
  int64_t parameters = 0;
  for (const auto& [id, tensor] : graph.constants) {
    const std::string& name = graph.values[static_cast<size_t>(id)].name;
    if (name.ends_with(".weight") || name.ends_with(".bias")) parameters += tensor.size();
  }
  EXPECT_EQ(parameters, 12186935);
}

TEST(Networks, EncoderOfFullWidthHasTheArchitecturesParameters) {
  EncoderRecipe recipe;
  recipe.channels = {32, 64, 128, 256, 512};
  recipe.spelling.fold_batch_norm = false;
  const Graph graph = MakeAudioEncoder(recipe);
  int64_t parameters = 0;
  for (const auto& [id, tensor] : graph.constants) {
    const std::string& name = graph.values[static_cast<size_t>(id)].name;
    if (name.ends_with(".weight") || name.ends_with(".bias")) parameters += tensor.size();
  }
  EXPECT_EQ(parameters, 2812672);
}

TEST(Networks, ComeOutInEverySpellingAndSibling) {
  std::set<std::vector<uint8_t>> distinct;
  int made = 0;
  const auto check = [&](const Graph& graph) {
    const Status valid = Validate(graph);
    ASSERT_TRUE(valid.ok()) << valid.error().message();
    Result<std::vector<uint8_t>> bytes = SerializeOnnx(graph);
    ASSERT_TRUE(bytes.ok()) << bytes.error().message();
    Result<Graph> again = ParseOnnx(bytes.value());
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(again.value().nodes.size(), graph.nodes.size());
    distinct.insert(std::move(bytes).value());
    ++made;
  };
  for (const int opset : {11, 13, 17}) {
    for (const int64_t batch : {kDynamicDim, int64_t{1}}) {
      GeneratorRecipe generator;
      generator.spelling.opset = opset;
      generator.spelling.batch = batch;
      check(MakeGenerator(generator));
      EncoderRecipe encoder;
      encoder.spelling = generator.spelling;
      check(MakeAudioEncoder(encoder));
    }
  }
  for (const Dims& audio : {Dims{32, 32, 32}, Dims{256, 16, 32}}) {
    GeneratorRecipe generator;
    generator.audio_dims = audio;
    check(MakeGenerator(generator));
  }
  GeneratorRecipe small;
  small.size_px = 160;
  check(MakeGenerator(small));
  EXPECT_EQ(distinct.size(), static_cast<size_t>(made));
}

TEST(Networks, AreTheSameEveryTimeAndOtherForAnotherSeed) {
  GeneratorRecipe recipe;
  const auto bytes = [&] { return SerializeOnnx(MakeGenerator(recipe)).value(); };
  const std::vector<uint8_t> first = bytes();
  EXPECT_EQ(bytes(), first);
  recipe.seed = 99;
  EXPECT_NE(bytes(), first);
}

}  // namespace
}  // namespace lips::testdata
