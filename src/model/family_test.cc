#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "model/binding.h"
#include "model/family_graph.h"
#include "model/half_weights.h"
#include "model/onnx.h"
#include "model/passes.h"
#include "model/pth_writer.h"
#include "model/shape.h"
#include "model/test_data.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

constexpr std::array<int, 5> kQuarter = {8, 16, 32, 64, 128};

Tensor Wave(Dims dims, float offset, float amplitude) {
  Tensor tensor(DType::kF32, std::move(dims));
  const auto values = tensor.As<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = offset + amplitude * static_cast<float>(std::sin(0.7 * static_cast<double>(i) + offset));
  }
  return tensor;
}

// Weights for every convolution, with statistics that are neither 0 nor 1.
StateDict SomeState(const std::vector<FamilyConv>& convs) {
  StateDict state;
  for (const FamilyConv& conv : convs) {
    state.emplace(conv.conv + ".weight", Wave(conv.weight_dims(), 0, 0.3f));
    if (conv.bias) state.emplace(conv.conv + ".bias", Wave({conv.out}, 0.1f, 0.1f));
    if (conv.norm.empty()) continue;
    state.emplace(conv.norm + ".weight", Wave({conv.out}, 1.1f, 0.2f));
    state.emplace(conv.norm + ".bias", Wave({conv.out}, 0.05f, 0.2f));
    state.emplace(conv.norm + ".running_mean", Wave({conv.out}, -0.1f, 0.3f));
    state.emplace(conv.norm + ".running_var", Wave({conv.out}, 0.9f, 0.4f));
  }
  return state;
}

int64_t Parameters(const std::vector<FamilyConv>& convs) {
  int64_t count = 0;
  for (const FamilyConv& conv : convs) {
    count += ElementCount(conv.weight_dims()).value() + (conv.bias ? conv.out : 0);
    count += conv.norm.empty() ? 0 : 2 * conv.out;
  }
  return count;
}

TEST(Family, HasTheConvolutionsAndParametersOfThePublishedNetworks) {
  EXPECT_EQ(GeneratorConvs({}).size(), 93u);
  EXPECT_EQ(Parameters(GeneratorConvs({})), 12'186'935);
  EXPECT_EQ(Parameters(EncoderConvs({})), 2'812'672);
}

TEST(Family, EveryConvolutionHasANameOfItsOwn) {
  std::set<std::string> names;
  const auto convs = GeneratorConvs({});
  for (const FamilyConv& conv : convs) names.insert(conv.conv);
  EXPECT_EQ(names.size(), convs.size());
}

TEST(Family, GeneratorsOfEverySizeAndAudioBind) {
  for (const int size_px : {320, 160}) {
    for (const Dims& audio : {Dims{32, 16, 16}, Dims{32, 32, 32}, Dims{256, 16, 32}}) {
      const GeneratorShape shape = {.size_px = size_px, .channels = kQuarter, .audio_dims = audio};
      const auto graph = GeneratorGraph(SomeState(GeneratorConvs(shape)), shape);
      ASSERT_TRUE(graph.ok()) << graph.error().message();
      const auto binding = BindGenerator(graph.value());
      ASSERT_TRUE(binding.ok()) << binding.error().message();
      EXPECT_EQ(binding.value().size_px, size_px);
      EXPECT_EQ(binding.value().audio_dims, audio);
      EXPECT_EQ(binding.value().fixed_batch, 0);
    }
  }
}

TEST(Family, TheEncoderBinds) {
  const EncoderShape shape = {.channels = {4, 8, 12, 16, 512}};
  const auto graph = EncoderGraph(SomeState(EncoderConvs(shape)), shape);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_TRUE(BindEncoder(graph.value()).ok());
}

TEST(Family, NamesTheTensorThatIsMissingOrDoesNotFit) {
  const GeneratorShape shape = {.channels = kQuarter};
  StateDict state = SomeState(GeneratorConvs(shape));
  state.erase("up3.conv.double_conv.1.conv.4.running_var");
  EXPECT_THAT(GeneratorGraph(state, shape).error().message(),
              HasSubstr("lack 'up3.conv.double_conv.1.conv.4.running_var'"));
  state = SomeState(GeneratorConvs(shape));
  state["outc.conv.bias"] = Tensor(DType::kF32, {4});
  EXPECT_THAT(GeneratorGraph(state, shape).error().message(), HasSubstr("'outc.conv.bias' is f32[4]; expected f32[3]"));
}

// One channel of the first convolution, by hand.
TEST(Family, FoldsNormalisationsIntoWeightsAndBias) {
  const EncoderShape shape = {.channels = {4, 8, 12, 16, 512}};
  const StateDict state = SomeState(EncoderConvs(shape));
  const Graph graph = EncoderGraph(state, shape).value();
  const Node& first = graph.nodes[0];
  const auto at = [&](const char* name, size_t i) { return double{state.find(name)->second.As<float>()[i]}; };
  const std::string norm = "audio_encoder.0.conv_block.1";
  const double scale = at("audio_encoder.0.conv_block.1.weight", 2) /
                       std::sqrt(at("audio_encoder.0.conv_block.1.running_var", 2) + 1e-5);
  EXPECT_NEAR(graph.Constant(first.inputs[1])->As<float>()[2 * 9 + 5],
              at("audio_encoder.0.conv_block.0.weight", 2 * 9 + 5) * scale, 1e-6);
  EXPECT_NEAR(
      graph.Constant(first.inputs[2])->As<float>()[2],
      (at("audio_encoder.0.conv_block.0.bias", 2) - at("audio_encoder.0.conv_block.1.running_mean", 2)) * scale +
          at("audio_encoder.0.conv_block.1.bias", 2),
      1e-6);
}

TEST(StoreWeightsAsHalf, TakesHalfTheBytesAndComesBackAsTheNearestHalves) {
  const GeneratorShape shape = {.channels = kQuarter};
  const Graph graph = GeneratorGraph(SomeState(GeneratorConvs(shape)), shape).value();
  const auto half = StoreWeightsAsHalf(graph);
  ASSERT_TRUE(half.ok()) << half.error().message();
  const auto bytes = SerializeOnnx(half.value()).value();
  EXPECT_LT(bytes.size(), SerializeOnnx(graph).value().size() * 6 / 10);
  const Graph read = ParseOnnx(bytes).value();
  EXPECT_EQ(SerializeOnnx(read).value(), bytes);
  ASSERT_TRUE(BindGenerator(read).ok());

  const Graph shaped = InferShapes(read, ConcreteInputDims(read, 1).value()).value();
  const Graph folded = FoldConstants(shaped.Clone());
  EXPECT_EQ(folded.nodes.size(), graph.nodes.size()) << "no cast is left";
  const auto weight_of = [](const Graph& g, const std::string& node) -> Tensor {
    for (const Node& n : g.nodes) {
      if (n.name == node) return g.Constant(n.inputs[1])->Clone();
    }
    return {};
  };
  const Tensor rounded = ToF32(ToF16(weight_of(graph, "outc.conv")));
  const Tensor got = weight_of(folded, "outc.conv");
  EXPECT_EQ(std::vector<float>(got.As<float>().begin(), got.As<float>().end()),
            std::vector<float>(rounded.As<float>().begin(), rounded.As<float>().end()));
}

TEST(StoreWeightsAsHalf, RefusesNumbersThatHalvesCannotHold) {
  const EncoderShape shape = {.channels = {4, 8, 12, 16, 512}};
  StateDict state = SomeState(EncoderConvs(shape));
  state["audio_encoder.3.conv_block.0.weight"].As<float>()[7] = 1e6f;
  const auto half = StoreWeightsAsHalf(EncoderGraph(state, shape).value());
  EXPECT_EQ(half.error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(half.error().message(), HasSubstr("audio_encoder.3.conv_block.0.weight"));
}

TEST(SerializePth, WritesAZipWhoseEntriesLieAtMultiplesOf64) {
  StateDict state;
  state.emplace("a", Wave({2, 3}, 0, 1));
  state.emplace("b", Tensor::Of<int64_t>({}, std::vector<int64_t>{5}));
  const auto bytes = SerializePth(state).value();
  const std::string text(bytes.begin(), bytes.end());
  EXPECT_EQ(text.substr(0, 4), "PK\x03\x04");
  EXPECT_THAT(text, HasSubstr("archive/data.pkl"));
  EXPECT_THAT(text, HasSubstr("FloatStorage"));
  EXPECT_THAT(text, HasSubstr("LongStorage"));
  const auto& a = state.find("a")->second;
  const std::string payload(reinterpret_cast<const char*>(a.data()), a.bytes());
  const size_t at = text.find(payload);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(at % 64, 0u);
}

TEST(SerializePth, RefusesATypeItHasNoStorageFor) {
  StateDict state;
  state.emplace("odd", Tensor(DType::kBf16, {1}));
  EXPECT_EQ(SerializePth(state).error().code(), ErrorCode::kUnsupported);
  EXPECT_THAT(SerializePth(state).error().message(), HasSubstr("'odd'"));
}

}  // namespace
}  // namespace lips
