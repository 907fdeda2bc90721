#include "model/binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/builder.h"
#include "model/onnx.h"
#include "model/shape.h"
#include "model/test_data.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

Tensor F32(Dims dims) { return Tensor(DType::kF32, std::move(dims)); }

// Sigmoid(image[:, :3] + mean(audio)), which has the interface of a mouth generator and nothing else.
Graph ToyGenerator(Dims image_dims, Dims audio_dims, bool audio_first = false, int64_t baked_batch = 0) {
  GraphBuilder net;
  ValueId audio = kNoValue;
  if (audio_first) audio = net.Input("sound", audio_dims);
  ValueId image = net.Input("face", std::move(image_dims));
  if (!audio_first) audio = net.Input("sound", std::move(audio_dims));
  if (baked_batch > 0) image = net.Add("Reshape", {image, net.Ints({baked_batch, 6, 320, 320})});
  const ValueId roi = net.Add("Slice", {image, net.Ints({0}), net.Ints({3}), net.Ints({1})});
  const ValueId level = net.Add("ReduceMean", {audio}, {{"axes", std::vector<int64_t>{1, 2, 3}}});
  net.Output(net.Add("Sigmoid", {net.Add("Add", {roi, level})}), "mouth");
  return std::move(net).Finish();
}

std::string BindingText(const Graph& graph) {
  const auto binding = BindGenerator(graph);
  return binding.ok() ? Describe(graph, binding.value()) : binding.error().message();
}

constexpr int64_t kOpen = kDynamicDim;

TEST(BindGenerator, GoesByShapeInWhateverOrder) {
  EXPECT_EQ(BindingText(ToyGenerator({kOpen, 6, 320, 320}, {kOpen, 32, 16, 16})),
            "image 'face' [?,6,320,320], audio 'sound' [?,32,16,16] -> 'mouth' [?,3,320,320]");
  EXPECT_EQ(BindingText(ToyGenerator({kOpen, 6, 160, 160}, {kOpen, 256, 16, 32}, true)),
            "image 'face' [?,6,160,160], audio 'sound' [?,256,16,32] -> 'mouth' [?,3,160,160]");
  EXPECT_EQ(BindGenerator(ToyGenerator({kOpen, 6, 160, 160}, {kOpen, 256, 16, 32}, true)).value().image_input, 1);
  EXPECT_EQ(BindingText(ToyGenerator({1, 6, 320, 320}, {1, 32, 32, 32})),
            "image 'face' [1,6,320,320], audio 'sound' [1,32,32,32] -> 'mouth' [1,3,320,320]");
}

TEST(BindGenerator, FindsOutWhatTheDeclarationLeavesOpen) {
  EXPECT_EQ(BindingText(ToyGenerator({kOpen, 6, kOpen, kOpen}, {kOpen, 32, 32, 32})),
            "image 'face' [?,6,320,320], audio 'sound' [?,32,32,32] -> 'mouth' [?,3,320,320]");
  EXPECT_EQ(BindingText(ToyGenerator({kOpen, kOpen, kOpen, 160}, {kOpen, kOpen, 16, 32}, true)),
            "image 'face' [?,6,160,160], audio 'sound' [?,256,16,32] -> 'mouth' [?,3,160,160]");
  const auto dims = ConcreteInputDims(ToyGenerator({kOpen, 6, kOpen, kOpen}, {kOpen, 32, 32, 32}), 4);
  ASSERT_TRUE(dims.ok()) << dims.error().message();
  EXPECT_THAT(dims.value(), ::testing::ElementsAre(Dims{4, 6, 320, 320}, Dims{4, 32, 32, 32}));
}

TEST(BindGenerator, ReportsABatchThatIsBakedInAsFixed) {
  EXPECT_EQ(BindGenerator(ToyGenerator({kOpen, 6, 320, 320}, {kOpen, 32, 16, 16})).value().fixed_batch, 0);
  EXPECT_EQ(BindGenerator(ToyGenerator({kOpen, 6, 320, 320}, {kOpen, 32, 16, 16}, false, 1)).value().fixed_batch, 1);
  EXPECT_EQ(BindGenerator(ToyGenerator({8, 6, 320, 320}, {kOpen, 32, 16, 16})).value().fixed_batch, 8);
}

TEST(BindGenerator, ListsWhatThereIsWhenItDoesNotFit) {
  const std::string text = BindingText(ToyGenerator({1, 6, 256, 256}, {1, 32, 16, 16}));
  EXPECT_THAT(text, HasSubstr("the network is no mouth generator: expected an image f32[N,6,320,320]"));
  EXPECT_THAT(text, HasSubstr("found inputs 'face' f32[1,6,256,256], 'sound' f32[1,32,16,16] and outputs 'mouth' f32"));
  // The right inputs, but the shapes inside do not work out: the reason is told.
  EXPECT_THAT(BindingText(ToyGenerator({2, 6, 320, 320}, {2, 32, 16, 16}, false, 1)),
              HasSubstr("cannot be reshaped to"));
  GraphBuilder other_output;
  other_output.Input("face", {1, 6, 320, 320});
  other_output.Output(other_output.Add("Relu", {other_output.Input("sound", {1, 32, 16, 16})}), "y");
  EXPECT_THAT(BindingText(std::move(other_output).Finish()), HasSubstr("outputs 'y'"));
}

TEST(BindGenerator, GoesByDeclaredShapesWhereAnOperatorIsUnknown) {
  GraphBuilder net;
  const ValueId image = net.Input("face", {kOpen, 6, 320, 320});
  const ValueId audio = net.Input("sound", {kOpen, 32, 16, 16});
  net.Output(net.Add("GridSample", {image, audio}), "mouth", {kOpen, 3, 320, 320});
  EXPECT_EQ(BindingText(std::move(net).Finish()),
            "image 'face' [?,6,320,320], audio 'sound' [?,32,16,16] -> 'mouth' [?,3,320,320]");
}

TEST(BindEncoder, TakesRowsWithAndWithoutSpatialDims) {
  for (const bool flat : {true, false}) {
    GraphBuilder net;
    const ValueId mel = net.Input("mel", {kOpen, 1, 80, 16});
    const ValueId row = net.Add("Conv", {mel, net.Constant("w", F32({512, 1, 80, 16}))});
    net.Output(flat ? net.Add("Flatten", {row}) : row, "rows");
    const Graph graph = std::move(net).Finish();
    const auto binding = BindEncoder(graph);
    ASSERT_TRUE(binding.ok()) << binding.error().message();
    EXPECT_EQ(Describe(graph, binding.value()), "mel 'mel' [?,1,80,16] -> rows 'rows' [?,512]");
  }
  EXPECT_THAT(BindEncoder(ToyGenerator({1, 6, 320, 320}, {1, 32, 16, 16})).error().message(),
              HasSubstr("the network is no audio encoder: expected one input f32[N,1,80,16]"));
}

TEST(Binding, FindsTheRolesOfARealPackage) {
  const Path generator_path = TestData(kGeneratorFile);
  const Path encoder_path = TestData(kEncoderFile);
  if (generator_path.empty() || encoder_path.empty()) GTEST_SKIP() << "no networks in LIPSTREAM_TEST_DATA";
  const auto generator = ReadOnnx(generator_path);
  ASSERT_TRUE(generator.ok()) << generator.error().message();
  const auto bound = BindGenerator(generator.value());
  ASSERT_TRUE(bound.ok()) << bound.error().message();
  EXPECT_EQ(Describe(generator.value(), bound.value()),
            "image 'input' [?,6,320,320], audio 'audio' [?,32,16,16] -> 'output' [?,3,320,320]");
  const auto encoder = ReadOnnx(encoder_path);
  const auto rows = BindEncoder(encoder.value());
  ASSERT_TRUE(rows.ok()) << rows.error().message();
  EXPECT_EQ(Describe(encoder.value(), rows.value()), "mel 'mel' [?,1,80,16] -> rows 'emb' [?,512]");
}

}  // namespace
}  // namespace lips
