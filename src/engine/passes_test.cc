// Passes leave what a network computes alone, as the reference engine sees it.
#include "model/passes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "engine/passes_check.h"
#include "model/onnx.h"
#include "model/shape.h"
#include "model/test_data.h"

namespace lips {
namespace {

Tensor Weights(const Dims& dims, int seed) { return RandomTensor(dims, seed, -0.5f, 0.5f); }

// Adds a convolution of seeded weights and a bias.
ValueId Conv(GraphBuilder& net, ValueId x, int64_t in, int64_t out, int64_t kernel, GraphBuilder::Attributes attributes,
             int64_t group = 1) {
  const int seed = static_cast<int>(100 + 7 * in + out + kernel);
  const ValueId w = net.Constant({}, Weights({out, in / group, kernel, kernel}, seed));
  const ValueId b = net.Constant({}, Weights({out}, seed + 1));
  return net.Add("Conv", {x, w, b}, attributes);
}

ValueId Resize(GraphBuilder& net, ValueId x, std::vector<float> scales, const std::string& mode) {
  return net.Add("Resize", {x, kNoValue, net.Floats(std::move(scales))},
                 {{"mode", std::string("linear")}, {"coordinate_transformation_mode", mode}});
}

TEST(FoldConstants, WeightsMadeAtRunTimeAreWeights) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 3, 5, 4});
  const ValueId stored = net.Constant("stored", Weights({3, 4, 1, 1}, 1));
  const ValueId turned = net.Add("Transpose", {stored}, {{"perm", std::vector<int64_t>{1, 0, 2, 3}}});
  const ValueId gain = net.Add("Reshape", {net.Constant("gain", Weights({4}, 2)), net.Ints({4, 1, 1, 1})});
  const ValueId scaled = net.Add("Mul", {turned, gain});
  const ValueId halved = net.Add("Div", {net.Add("Sub", {scaled, net.Floats({0.125f})}), net.Floats({2})});
  const ValueId y = net.Add("Dropout", {net.Add("Identity", {net.Add("Conv", {x, halved})})});
  net.Output(net.Add("Identity", {net.Add("Relu", {y})}), "y");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph folded = FoldConstants(graph.Clone());
  EXPECT_EQ(CensusOf(folded), (Census{{"Conv", 1}, {"Relu", 1}}));
  EXPECT_EQ(folded.values[static_cast<size_t>(folded.outputs[0])].name, "y");
  EXPECT_EQ(Change(graph, folded), 0);
}

TEST(FoldConstants, KeepsTheIdentityBetweenAnInputAndAnOutput) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {2});
  net.Output(net.Add("Identity", {x}), "same");
  net.Output(net.Add("Identity", {net.Floats({1, 2})}), "constant");
  const Graph graph = Shaped(std::move(net).Finish());
  EXPECT_EQ(Change(graph, FoldConstants(graph.Clone())), 0);
}

TEST(FoldBatchNorm, GoesIntoTheConvolutionBeforeIt) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {2, 4, 6, 5});
  const auto norm = [&](ValueId y, int64_t channels, int seed) {
    return net.Add("BatchNormalization",
                   {y, net.Constant({}, Weights({channels}, seed)), net.Constant({}, Weights({channels}, seed + 1)),
                    net.Constant({}, Weights({channels}, seed + 2)),
                    net.Constant({}, RandomTensor({channels}, seed + 3, 0.1f, 2))},
                   {{"epsilon", 0.25f}});
  };
  // Depthwise, without a bias of its own.
  const ValueId w = net.Constant({}, Weights({4, 1, 3, 3}, 3));
  ValueId y = norm(net.Add("Conv", {x, w}, {{"group", int64_t{4}}}), 4, 10);
  y = norm(Conv(net, net.Add("Relu", {y}), 4, 6, 1, {}), 6, 20);
  y = net.Add("Mul", {net.Constant({}, Weights({6, 1, 1}, 30)), y});
  y = net.Add("Sub", {net.Floats({0.5f}), net.Add("Add", {y, net.Constant({}, Weights({1, 6, 1, 1}, 31))})});
  net.Output(net.Add("Div", {y, net.Constant({}, RandomTensor({1, 6, 1, 1}, 32, 1, 2))}), "y");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph folded = FoldBatchNorm(graph.Clone());
  EXPECT_EQ(CensusOf(folded), (Census{{"Conv", 2}, {"Relu", 1}}));
  EXPECT_LE(Change(graph, folded), 1e-5);
}

TEST(FoldBatchNorm, LeavesAConvolutionThatOthersReadToo) {
  GraphBuilder net;
  const ValueId y = Conv(net, net.Input("x", {1, 2, 4, 4}), 2, 4, 1, {});
  net.Output(net.Add("Mul", {y, net.Floats({3})}), "three");
  net.Output(net.Add("Relu", {y}), "relu");
  // One number per column is none per channel; a wider one widens.
  const ValueId z = Conv(net, net.Input("z", {1, 2, 4, 4}), 2, 4, 1, {});
  net.Output(net.Add("Add", {z, net.Constant({}, Weights({4}, 3))}), "columns");
  const ValueId u = Conv(net, net.Input("u", {1, 2, 1, 1}), 2, 4, 1, {});
  net.Output(net.Add("Add", {u, net.Constant({}, Weights({2, 4, 1, 1}, 3))}), "batch");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph folded = FoldBatchNorm(graph.Clone());
  EXPECT_EQ(CensusOf(folded), CensusOf(graph));
  EXPECT_EQ(Change(graph, folded), 0);
}

TEST(RemovePads, ZerosBecomePartOfTheConvolution) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 2, 7, 5});
  const ValueId nothing = net.Add("Pad", {x, net.Ints({0, 0, 0, 0, 0, 0, 0, 0})});
  const ValueId more = net.Add("Pad", {nothing, net.Ints({0, 0, 1, 0, 0, 0, 0, 2}), net.Floats({0})});
  const ValueId twice = net.Add("Pad", {more, net.Ints({0, 0, 0, 1, 0, 0, 0, 0})});
  net.Output(Conv(net, twice, 2, 3, 3, {{"auto_pad", std::string("SAME_UPPER")}}), "same");
  net.Output(Conv(net, twice, 2, 4, 3, {{"strides", std::vector<int64_t>{2, 1}}}), "strided");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph without = RemovePads(graph.Clone());
  EXPECT_EQ(CensusOf(without), (Census{{"Conv", 2}}));
  EXPECT_EQ(Change(graph, without), 0);
}

TEST(RemovePads, OtherPaddingStays) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 2, 7, 5});
  const auto pad = [&](const std::vector<int64_t>& pads, float value, const std::string& mode) {
    net.Output(Conv(net, net.Add("Pad", {x, net.Ints(pads), net.Floats({value})}, {{"mode", mode}}), 2, 3, 1, {}));
  };
  pad({0, 0, 1, 1, 0, 0, 1, 1}, 0.5f, "constant");
  pad({0, 0, 1, 1, 0, 0, 1, 1}, 0, "edge");
  pad({0, 0, -1, 0, 0, 0, 0, 0}, 0, "constant");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph same = RemovePads(graph.Clone());
  EXPECT_EQ(CensusOf(same), CensusOf(graph));
  EXPECT_EQ(Change(graph, same), 0);
}

RC_GTEST_PROP(SplitConvOverConcat, IsTheSumOverAnyOperands, ()) {
  GraphBuilder net;
  const int64_t rows = *rc::gen::inRange(1, 6);
  const int64_t columns = *rc::gen::inRange(1, 6);
  int64_t channels = 0;
  const std::function<ValueId(int)> any = [&](int depth) -> ValueId {
    if (depth == 0 || *rc::gen::inRange(0, 3) == 0) {
      const int64_t some = *rc::gen::inRange(1, 5);
      channels += some;
      return net.Input("x" + std::to_string(channels), {2, some, rows, columns});
    }
    std::vector<ValueId> operands;
    const int count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) operands.push_back(any(depth - 1));
    return net.Add("Concat", operands, {{"axis", int64_t{-3}}});
  };
  const ValueId all = any(3);
  net.Output(Conv(net, all, channels, 5, 1, {}), "y");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph split = SplitConvOverConcat(graph.Clone());
  RC_ASSERT(CensusOf(split)["Concat"] == 0);
  RC_ASSERT(CensusOf(split)["Conv"] == static_cast<int>(graph.inputs.size()));
  RC_ASSERT(Change(graph, split) <= 1e-5);
}

TEST(SplitConvOverConcat, LeavesOtherConvolutionsAndAxes) {
  GraphBuilder net;
  const ValueId a = net.Input("a", {1, 2, 4, 4});
  const ValueId b = net.Input("b", {1, 2, 4, 4});
  const ValueId wide = net.Add("Concat", {a, b}, {{"axis", int64_t{1}}});
  const ValueId tall = net.Add("Concat", {a, b}, {{"axis", int64_t{2}}});
  net.Output(Conv(net, wide, 4, 3, 3, {}), "kernel");
  net.Output(Conv(net, wide, 4, 2, 1, {{"group", int64_t{2}}}, 2), "groups");
  net.Output(Conv(net, wide, 4, 5, 1, {{"pads", std::vector<int64_t>{1, 0, 0, 0}}}), "pads");
  net.Output(Conv(net, tall, 2, 3, 1, {}), "axis");
  const Graph graph = Shaped(std::move(net).Finish());
  EXPECT_EQ(CensusOf(SplitConvOverConcat(graph.Clone())), CensusOf(graph));
}

RC_GTEST_PROP(CommuteConvWithResize, IsExactForAnySizeAndFactor, ()) {
  GraphBuilder net;
  const int64_t rows = *rc::gen::inRange(1, 8);
  const int64_t columns = *rc::gen::inRange(1, 8);
  const auto mode = *rc::gen::element<std::string>("align_corners", "half_pixel", "pytorch_half_pixel", "asymmetric");
  const ValueId x = net.Input("x", {2, 3, rows, columns});
  ValueId large = kNoValue;
  if (*rc::gen::arbitrary<bool>()) {
    const int64_t more_rows = rows + *rc::gen::inRange(0, 9);
    const int64_t more_columns = columns + *rc::gen::inRange(1, 9);
    large = net.Add("Resize", {x, kNoValue, kNoValue, net.Ints({2, 3, more_rows, more_columns})},
                    {{"mode", std::string("linear")}, {"coordinate_transformation_mode", mode}});
  } else {
    large = Resize(net, x, {1, 1, 1.0f + 0.25f * static_cast<float>(*rc::gen::inRange(0, 9)), 2}, mode);
  }
  net.Output(Conv(net, large, 3, 5, 1, {}), "y");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph commuted = CommuteConvWithResize(graph.Clone());
  RC_ASSERT(commuted.nodes.front().op == "Conv");
  RC_ASSERT(Change(graph, commuted) <= 1e-5);
}

TEST(CommuteConvWithResize, OnlyWhereItSavesWork) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 3, 6, 6});
  net.Output(Conv(net, Resize(net, x, {1, 1, 0.5f, 0.5f}, "half_pixel"), 3, 2, 1, {}), "smaller");
  net.Output(Conv(net, Resize(net, x, {1, 1, 2, 2}, "half_pixel"), 3, 2, 3, {}), "kernel");
  net.Output(Conv(net, Resize(net, x, {1, 2, 2, 2}, "half_pixel"), 6, 2, 1, {}), "channels");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph same = CommuteConvWithResize(graph.Clone());
  for (size_t n = 0; n < graph.nodes.size(); ++n) EXPECT_EQ(graph.nodes[n].op, same.nodes[n].op);
}

TEST(CommuteConvWithResize, KnowsTheOlderSpelling) {
  GraphBuilder net(11);
  const ValueId x = net.Input("x", {1, 3, 3, 5});
  const ValueId large =
      net.Add("Resize", {x, net.Floats({}), net.Floats({1, 1, 2, 2})},
              {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("align_corners")}});
  net.Output(Conv(net, large, 3, 4, 1, {}), "y");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph commuted = CommuteConvWithResize(graph.Clone());
  EXPECT_EQ(commuted.nodes.front().op, "Conv");
  EXPECT_LE(Change(graph, commuted), 1e-5);
}

TEST(FuseConvs, TakesSumAndActivationAlong) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {2, 4, 6, 5});
  const ValueId same = Conv(net, x, 4, 4, 3, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}});
  const ValueId a = net.Add("Relu", {net.Add("Add", {x, same})});
  const ValueId b =
      Conv(net, a, 4, 4, 3, {{"auto_pad", std::string("SAME_LOWER")}, {"group", int64_t{4}}}, 4);  // depthwise
  // Two convolutions make a sum: the first takes the second's result.
  const ValueId sum = net.Add("Add", {Conv(net, b, 4, 3, 1, {}), Conv(net, a, 4, 3, 1, {})});
  net.Output(net.Add("Sigmoid", {sum}), "y");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph fused = FuseConvs(graph.Clone());
  EXPECT_EQ(CensusOf(fused), (Census{{"FusedConv", 4}}));
  EXPECT_EQ(Change(graph, fused), 0);
}

TEST(FuseConvs, LeavesWhatOthersReadOrTheGraphGives) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 4, 3, 3});
  const ValueId y = Conv(net, x, 4, 4, 1, {});
  net.Output(y, "given");
  net.Output(net.Add("Relu", {y}), "relu");
  const ValueId z = Conv(net, x, 4, 2, 1, {});
  net.Output(net.Add("Sigmoid", {z}), "one");
  net.Output(net.Add("Relu", {z}), "two");
  const ValueId doubled = Conv(net, x, 4, 3, 1, {});
  net.Output(net.Add("Add", {doubled, doubled}), "doubled");
  const ValueId widened = Conv(net, net.Input("pixel", {1, 4, 1, 1}), 4, 4, 1, {});
  net.Output(net.Add("Add", {widened, x}), "widened");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph fused = FuseConvs(graph.Clone());
  EXPECT_EQ(CensusOf(fused), (Census{{"Add", 2}, {"FusedConv", 4}, {"Relu", 2}, {"Sigmoid", 1}}));
  EXPECT_EQ(Change(graph, fused), 0);
}

// Expand, depthwise, project, with a residual when `narrow` has the result's shape. `expanded` is [N, 6, H, W].
ValueId Block(GraphBuilder& net, ValueId expanded, int64_t stride, ValueId residual) {
  const std::vector<int64_t> ones(4, 1);
  const ValueId depth = Conv(net, net.Add("Relu", {expanded}), 6, 6, 3,
                             {{"pads", ones}, {"strides", std::vector<int64_t>(2, stride)}, {"group", int64_t{6}}}, 6);
  const ValueId narrow = Conv(net, net.Add("Relu", {depth}), 6, 3, 1, {});
  return residual == kNoValue ? narrow : net.Add("Add", {residual, narrow});
}

RC_GTEST_PROP(FuseInvertedResiduals, TakesAnySumOfExpansions, ()) {
  GraphBuilder net(*rc::gen::element(11, 13, 17));
  const int64_t rows = *rc::gen::inRange(1, 6);
  const int64_t columns = *rc::gen::inRange(1, 6);
  const int direct = *rc::gen::inRange(0, 4);
  const bool upsampled = direct == 0 || *rc::gen::arbitrary<bool>();
  const int others = *rc::gen::inRange(0, 3);
  const bool has_bias = *rc::gen::arbitrary<bool>();
  const auto stride = *rc::gen::element<int64_t>(1, 2);
  const bool has_residual = *rc::gen::arbitrary<bool>();
  const auto mode = *rc::gen::element<std::string>("align_corners", "half_pixel", "pytorch_half_pixel");
  std::vector<ValueId> terms;
  for (int64_t k = 0; k < direct; ++k) {
    const ValueId x = net.Input("x" + std::to_string(k), {2, 2 + k, 2 * rows, 2 * columns});
    terms.push_back(Conv(net, x, 2 + k, 6, 1, {}));
  }
  if (upsampled) {
    const ValueId small = Conv(net, net.Input("y", {2, 3, rows, columns}), 3, 6, 1, {});
    terms.push_back(net.Add("Resize", {small, net.Floats({}), net.Floats({1, 1, 2, 2})},
                            {{"mode", std::string("linear")}, {"coordinate_transformation_mode", mode}}));
  }
  for (int k = 0; k < others; ++k) terms.push_back(net.Input("z" + std::to_string(k), {2, 6, 2 * rows, 2 * columns}));
  if (has_bias) terms.push_back(net.Constant({}, Weights({6, 1, 1}, 77)));
  ValueId sum = terms[0];
  for (size_t k = 1; k < terms.size(); ++k) sum = net.Add("Add", {terms[k], sum});
  const Dims out = {2, 3, (2 * rows + stride - 1) / stride, (2 * columns + stride - 1) / stride};
  net.Output(Block(net, sum, stride, has_residual ? net.Input("r", out) : kNoValue), "out");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph fused = FuseConvs(FuseInvertedResiduals(graph.Clone()));
  Census census = CensusOf(fused);
  RC_ASSERT(census["InvertedResidual"] == 1);
  RC_ASSERT(census["FusedConv"] == std::max(0, direct - 1));
  RC_ASSERT(census["Add"] == std::max(0, others - 1));
  RC_ASSERT(fused.nodes.size() == static_cast<size_t>(1 + std::max(0, direct - 1) + std::max(0, others - 1)));
  RC_ASSERT(Change(graph, fused) <= 1e-5);
  const Graph again = InferShapes(fused, ConcreteInputDims(fused, 2).value()).value();
  RC_ASSERT(again.values[static_cast<size_t>(again.outputs[0])].dims == out);
}

TEST(FuseInvertedResiduals, LeavesWhatIsSeenFromOutside) {
  for (const std::string seen : {"expanded", "rectified", "nothing"}) {
    GraphBuilder net;
    const ValueId expanded = Conv(net, net.Input("x", {1, 3, 4, 5}), 3, 6, 1, {});
    const ValueId block = Block(net, expanded, 1, kNoValue);
    if (seen == "expanded") net.Output(expanded);
    net.Output(block, "y");
    if (seen == "rectified") net.Output(net.Add("Relu", {expanded}));
    const Graph graph = Shaped(std::move(net).Finish());
    const Graph fused = FuseInvertedResiduals(graph.Clone());
    EXPECT_EQ(CensusOf(fused)["InvertedResidual"], seen == "nothing" ? 1 : 0) << seen;
    EXPECT_LE(Change(graph, fused), 1e-6) << seen;
  }
}

TEST(FuseInvertedResiduals, AnUpsampleByAnotherFactorStays) {
  GraphBuilder net;
  const ValueId small = Conv(net, net.Input("y", {1, 3, 2, 3}), 3, 6, 1, {});
  const ValueId large = Resize(net, small, {1, 1, 3, 2}, "align_corners");
  const ValueId same = Conv(net, net.Input("x", {1, 2, 6, 6}), 2, 6, 1, {});
  net.Output(Block(net, net.Add("Add", {large, same}), 2, kNoValue), "out");
  const Graph graph = Shaped(std::move(net).Finish());
  const Graph fused = FuseInvertedResiduals(graph.Clone());
  EXPECT_EQ(CensusOf(fused), (Census{{"Conv", 1}, {"InvertedResidual", 1}, {"Resize", 1}}));
  EXPECT_LE(Change(graph, fused), 1e-5);
}

TEST(Optimise, LeavesTheMiniaturesAlone) {
  for (const Graph& graph : {MiniatureGenerator({.size_px = 160, .width = 3}), MiniatureEncoder(3)}) {
    const auto fused = Optimise(graph);
    ASSERT_TRUE(fused.ok()) << fused.error().message();
    EXPECT_LE(Change(Shaped(graph), fused.value()), 1e-5);
  }
}

TEST(Optimise, LeavesTheTrainedNetworksAlone) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  const SessionOptions options = {.backend = Backend::kOnnxRuntime, .threads = 2};
  for (const char* name : {kGeneratorFile, kEncoderFile}) {
    const Path model = TestData(name);
    if (model.empty()) GTEST_SKIP() << name << " is not in LIPSTREAM_TEST_DATA";
    const Graph graph = ReadOnnx(model).value();
    const auto dims = ConcreteInputDims(graph, 1).value();
    std::vector<Tensor> inputs;
    for (const Dims& input : dims) inputs.push_back(RandomTensor(input, 3, 0, 1));
    const auto before = RunGraph(graph, inputs, options);
    const auto after = RunGraph(Optimise(graph).value(), inputs, options);
    ASSERT_TRUE(before.ok()) << before.error().message();
    ASSERT_TRUE(after.ok()) << after.error().message();
    const double change = MaxAbsDifference(before.value()[0], after.value()[0]);
    RecordProperty(Path(name).stem().string() + "_max_abs_change_times_1e9", std::to_string(change * 1e9));
    EXPECT_LE(change, 1e-4) << name;
  }
}

TEST(CutTemplate, AnImageThatNobodyReadsCrossesAsItIs) {
  GraphBuilder net;
  net.Input("image", {1, 6, 4, 4});
  net.Output(Conv(net, net.Input("audio", {1, 2, 4, 4}), 2, 3, 1, {}), "y");
  const Graph graph = std::move(net).Finish();
  for (const TemplateCut level : {TemplateCut::kDeep, TemplateCut::kSkips, TemplateCut::kExpanded}) {
    const auto split = OptimiseSplit(graph, 0, level);
    ASSERT_TRUE(split.ok()) << split.error().message();
    EXPECT_EQ(CensusOf(split.value().head), (Census{{"Identity", 1}}));
    EXPECT_EQ(split.value().tail.inputs.size(), 2U);
    EXPECT_FALSE(split.value().tail_takes_input);
  }
}

TEST(WithBatch, ReplacesAFixedBatch) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {3, 2, 4, 4});
  const ValueId large = net.Add("Resize", {x, kNoValue, kNoValue, net.Ints({3, 2, 8, 8})});
  net.Output(net.Add("Reshape", {large, net.Ints({3, -1})}), "rows");
  const Graph graph = std::move(net).Finish();
  for (const int64_t batch : {1, 3, 5}) {
    const auto other = WithBatch(graph, batch);
    ASSERT_TRUE(other.ok()) << other.error().message();
    EXPECT_EQ(other.value().values[static_cast<size_t>(other.value().outputs[0])].dims, (Dims{batch, 128}));
  }
  EXPECT_EQ(WithBatch(graph, 0).error().code(), ErrorCode::kInvalidInput);
}

TEST(WithBatch, RefusesWhatOnlyTheExporterKnew) {
  GraphBuilder net;
  net.Output(net.Add("Expand", {net.Input("x", {1, 4}), net.Ints({2, 4})}), "y");
  const ValueId z = net.Input("z", {2, 3});
  net.Output(net.Add("Add", {z, net.Constant({}, Weights({2, 3}, 1))}), "w");
  EXPECT_FALSE(WithBatch(std::move(net).Finish(), 3).ok());
}

}  // namespace
}  // namespace lips
