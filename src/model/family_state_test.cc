#include "model/family_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "model/binding.h"
#include "model/onnx.h"
#include "model/pth_reader.h"
#include "model/pth_writer.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

constexpr std::array<int, 5> kOdd = {6, 10, 14, 18, 22};

Tensor Wave(Dims dims, float offset) {
  Tensor tensor(DType::kF32, std::move(dims));
  const auto values = tensor.As<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = offset + 0.2F * std::sin(0.7F * static_cast<float>(i));
  return tensor;
}

StateDict SomeState(const std::vector<FamilyConv>& convs) {
  StateDict state;
  for (const FamilyConv& conv : convs) {
    state.emplace(conv.conv + ".weight", Wave(conv.weight_dims(), 0));
    if (conv.bias) state.emplace(conv.conv + ".bias", Wave({conv.out}, 0.1F));
    if (conv.norm.empty()) continue;
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      state.emplace(conv.norm + part, Wave({conv.out}, 0.8F));
    }
    state.emplace(conv.norm + ".num_batches_tracked", Tensor::Of<int64_t>({}, std::vector<int64_t>{7}));
  }
  return state;
}

StateDict Reread(const StateDict& state) { return ParsePth(SerializePth(state).value()).value(); }

std::string ErrorOf(StateDict state) {
  const auto graph = FamilyGraph(std::move(state), false);
  return graph.ok() ? "no error" : graph.error().message();
}

// Of odd widths, so that none is guessed; the same graph to the byte as from the shape that was meant.
TEST(FamilyGraph, FindsTheShapeOfEveryGenerator) {
  for (const int size_px : {320, 160}) {
    for (const Dims& audio : {Dims{32, 16, 16}, Dims{32, 32, 32}, Dims{256, 16, 32}}) {
      const GeneratorShape shape = {.size_px = size_px, .channels = kOdd, .audio_dims = audio};
      const StateDict state = SomeState(GeneratorConvs(shape));
      const auto graph = FamilyGraph(Reread(state), audio[1] == 32);
      ASSERT_TRUE(graph.ok()) << graph.error().message();
      EXPECT_EQ(BindGenerator(graph.value()).value().size_px, size_px);
      EXPECT_EQ(SerializeOnnx(graph.value()).value(), SerializeOnnx(GeneratorGraph(state, shape).value()).value());
    }
  }
}

TEST(FamilyGraph, ReadsEncodersWithAndWithoutTheirPrefix) {
  const EncoderShape shape = {.channels = {4, 8, 12, 16, 512}};
  const StateDict state = SomeState(EncoderConvs(shape));
  StateDict bare;
  for (const auto& [name, tensor] : state) bare.emplace(name.substr(14), tensor.Share());
  for (const StateDict* named : std::array<const StateDict*, 2>{&state, &bare}) {
    const auto graph = FamilyGraph(Reread(*named), false);
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    EXPECT_TRUE(BindEncoder(graph.value()).ok());
    EXPECT_EQ(SerializeOnnx(graph.value()).value(), SerializeOnnx(EncoderGraph(state, shape).value()).value());
  }
}

TEST(FamilyGraph, TakesWeightsInHalfPrecision) {
  const EncoderShape shape = {.channels = {4, 8, 12, 16, 512}};
  StateDict state = SomeState(EncoderConvs(shape));
  for (auto& [name, tensor] : state) {
    if (tensor.dtype() == DType::kF32) tensor = ToF16(tensor);
  }
  EXPECT_EQ(ErrorOf(Reread(state)), "no error");
}

TEST(FamilyGraph, NamesWhatIsMissingWhatIsLeftOverAndWhatDoesNotFit) {
  const GeneratorShape shape = {.channels = kOdd};
  StateDict state = SomeState(GeneratorConvs(shape));
  state.erase("up3.conv.double_conv.1.conv.4.running_var");
  EXPECT_THAT(ErrorOf(std::move(state)), HasSubstr("lacks 'up3.conv.double_conv.1.conv.4.running_var'"));
  state = SomeState(GeneratorConvs(shape));
  state.emplace("extra.weight", Tensor(DType::kF32, {1}));
  EXPECT_THAT(ErrorOf(std::move(state)), HasSubstr("no place for 'extra.weight'"));
  state = SomeState(GeneratorConvs(shape));
  state["outc.conv.bias"] = Tensor(DType::kF32, {4});
  EXPECT_THAT(ErrorOf(std::move(state)), HasSubstr("'outc.conv.bias' is [4]"));
  state.clear();
  state.emplace("fc.weight", Tensor(DType::kF32, {1}));
  EXPECT_THAT(ErrorOf(std::move(state)), HasSubstr("it has 'fc.weight'"));
  EXPECT_THAT(ErrorOf({}), HasSubstr("no tensors"));
}

// A few huge counts among small tensors must not make anybody allocate what they stand for.
TEST(FamilyGraph, ClaimedChannelsCostNothing) {
  StateDict state;
  state.emplace("inc.inconv.0.conv.6.weight", Tensor(DType::kF32, {16384, 1, 1, 1}));
  for (int level = 1; level <= 5; ++level) {
    state.emplace("down" + std::to_string(level) + ".maxpool_conv.0.double_conv.0.conv.6.weight",
                  Tensor(DType::kF32, {16384, 1, 1, 1}));
  }
  EXPECT_NE(ErrorOf(std::move(state)), "no error");
}

}  // namespace
}  // namespace lips
