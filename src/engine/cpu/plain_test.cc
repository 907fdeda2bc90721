// Operators that are no products of matrices: our own engine against the reference engine.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/reference/oracle.h"
#include "engine/session.h"

namespace lips {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

ValueId Depthwise(GraphBuilder& net, ValueId x, int64_t channels, int64_t multiplier, Ints kernel, Ints strides,
                  Ints pads, Ints dilations = {1, 1}) {
  const int64_t filters = channels * multiplier;
  return net.Add("Conv", {x, Weights(net, {filters, 1, kernel[0], kernel[1]}, 11), Weights(net, {filters}, 12)},
                 {{"group", channels},
                  {"strides", std::move(strides)},
                  {"pads", std::move(pads)},
                  {"dilations", std::move(dilations)}});
}

ValueId Pointwise(GraphBuilder& net, ValueId x, int64_t from, int64_t to, int seed) {
  return net.Add("Conv", {x, Weights(net, {to, from, 1, 1}, seed)});
}

std::vector<OperatorCase> Cases() {
  return {
      {"Depthwise5x5",
       {{2, 20, 9, 11}},
       [](GraphBuilder& net, const Operands& x) {
         return Depthwise(net, x[0], 20, 1, {5, 5}, {1, 1}, {2, 2, 2, 2});
       }},
      {"DepthwiseStride2UnevenPads",
       {{1, 24, 16, 14}},
       [](GraphBuilder& net, const Operands& x) {
         return Depthwise(net, x[0], 24, 1, {3, 3}, {2, 2}, {0, 0, 1, 1});
       }},
      {"DepthwiseMultiplierDilation",
       {{1, 5, 12, 13}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Relu", {Depthwise(net, x[0], 5, 4, {2, 3}, {1, 2}, {1, 3, 2, 0}, {3, 2})});
       }},
      {"DepthwiseAddRelu",
       {{1, 16, 6, 7}, {1, 16, 6, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Relu", {net.Add("Add", {x[1], Depthwise(net, x[0], 16, 1, {3, 3}, {1, 1}, {1, 1, 1, 1})})});
       }},
      {"DepthwiseAddSigmoid",
       {{1, 3, 6, 7}, {1, 3, 6, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Sigmoid", {net.Add("Add", {Depthwise(net, x[0], 3, 1, {3, 3}, {1, 1}, {1, 1, 1, 1}), x[1]})});
       }},
      {"PreluPerChannel",
       {{1, 21, 5, 6}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("PRelu", {x[0], Weights(net, {21, 1, 1})});
       }},
      {"SumsAndProducts",
       {{1, 7, 5, 6}, {1, 7, 5, 6}},
       [](GraphBuilder& net, const Operands& x) {
         const ValueId sum = net.Add("Add", {x[0], x[1]});
         const ValueId product = net.Add("Mul", {sum, x[1]});
         return net.Add("Sub", {Weights(net, {1, 7, 1, 1}), net.Add("Max", {product, net.Add("Min", {sum, x[0]})})});
       }},
      {"LeakyReluThenClip",
       {{1, 4, 5, 6}},
       [](GraphBuilder& net, const Operands& x) {
         const float low = -0.05F, high = 0.6F;
         const ValueId from = net.Constant("low", Tensor::Of<float>({}, std::span(&low, 1)));
         const ValueId to = net.Constant("high", Tensor::Of<float>({}, std::span(&high, 1)));
         return net.Add("Clip", {net.Add("LeakyRelu", {x[0]}, {{"alpha", 0.2F}}), from, to});
       }},
      {"ReluOfAnInput", {{1, 3, 4, 5}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Relu", {x[0]}); }},
      {"PadChannelsAndSpace",
       {{1, 5, 4, 3}},
       [](GraphBuilder& net, const Operands& x) {
         const float value = 0.5F;
         return net.Add("Pad", {x[0], net.Ints({0, 2, 1, 0, 0, 13, 0, 2}),
                                net.Constant("value", Tensor::Of<float>({}, std::span(&value, 1)))});
       }},
      {"ConcatOfOddChannels",
       {{2, 5, 4, 3}, {2, 16, 4, 3}, {2, 1, 4, 3}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Concat", {x[0], x[1], x[2]}, {{"axis", 1_i}});
       }},
      {"MaxPoolPadded",
       {{1, 18, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MaxPool", {x[0]},
                        {{"kernel_shape", Ints{3, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 0, 1, 1}}});
       }},
      {"AveragePoolCountsPads",
       {{1, 6, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         const ValueId without = net.Add(
             "AveragePool", {x[0]},
             {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"ceil_mode", 1_i}});
         return net.Add("AveragePool", {without},
                        {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{1, 1, 0, 0}}, {"count_include_pad", 1_i}});
       }},
      {"ResizeHalfPixelToOddSizes",
       {{1, 5, 4, 6}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Resize", {x[0], kNoValue, kNoValue, net.Ints({1, 5, 7, 15})}, {{"mode", "linear"s}});
       }},
      {"ResizeCornersAndAsymmetric",
       {{1, 5, 4, 6}},
       [](GraphBuilder& net, const Operands& x) {
         const ValueId corners = net.Add("Resize", {x[0], kNoValue, kNoValue, net.Ints({1, 5, 9, 3})},
                                         {{"mode", "linear"s}, {"coordinate_transformation_mode", "align_corners"s}});
         return net.Add("Resize", {corners, kNoValue, kNoValue, net.Ints({1, 5, 5, 4})},
                        {{"mode", "linear"s}, {"coordinate_transformation_mode", "asymmetric"s}});
       }},
      // As the heads of detectors do: pictures of several sizes become one table.
      {"TableOfTwoPictures",
       {{1, 8, 4, 4}},
       [](GraphBuilder& net, const Operands& x) {
         const auto rows = [&](ValueId picture, int64_t count) {
           const ValueId flat = net.Add("Transpose", {picture}, {{"perm", Ints{0, 2, 3, 1}}});
           return net.Add("Reshape", {flat, net.Ints({1, count, 3})});
         };
         const ValueId large = rows(Pointwise(net, x[0], 8, 6, 20), 32);
         const ValueId pooled = net.Add("MaxPool", {x[0]}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
         const ValueId small = rows(Pointwise(net, pooled, 8, 9, 21), 12);
         const ValueId table = net.Add("Concat", {large, small, large}, {{"axis", 1_i}});
         return net.Add("Concat", {net.Add("Sigmoid", {table}), table}, {{"axis", 2_i}});
       }},
  };
}

std::string NameOfCase(const testing::TestParamInfo<OperatorCase>& info) { return info.param.name; }

class PlainSteps : public testing::TestWithParam<OperatorCase> {};

TEST_P(PlainSteps, AgreeWithTheReferenceEngine) {
  const OperatorCase& c = GetParam();
  GraphBuilder net(c.opset);
  Operands ids;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    ids.push_back(net.Input("x" + std::to_string(i), c.inputs[i]));
    inputs.push_back(RandomTensor(c.inputs[i], static_cast<int>(i) + 7));
  }
  net.Output(c.build(net, ids), "y");
  const Graph graph = std::move(net).Finish();
  ASSERT_EQ(FirstUnsupported(graph, Backend::kCpu), "");
  const auto expected = RunGraph(graph, inputs, {.backend = Backend::kReference, .threads = 1});
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  const Tensor& want = expected.value()[0];
  ASSERT_GT(want.size(), 0);
  double largest = 1;
  for (const float v : want.As<float>()) largest = std::max(largest, std::abs(double{v}));
  for (const int threads : {1, 3}) {
    const auto actual =
        RunGraph(graph, inputs,
                 {.backend = Backend::kCpu, .threads = threads, .precision = Precision::kF32, .may_delegate = false});
    ASSERT_TRUE(actual.ok()) << actual.error().message();
    ASSERT_EQ(actual.value()[0].dims(), want.dims());
    EXPECT_LE(MaxAbsDifference(actual.value()[0], want), 1e-6 * largest) << threads << " threads";
  }
  // In bf16 what is stored between steps is rounded; the steps themselves go on in f32.
  const auto rounded = RunGraph(
      graph, inputs, {.backend = Backend::kCpu, .threads = 2, .precision = Precision::kBf16, .may_delegate = false});
  ASSERT_TRUE(rounded.ok()) << rounded.error().message();
  EXPECT_LE(MaxAbsDifference(rounded.value()[0], want), 3e-2 * largest);
}

INSTANTIATE_TEST_SUITE_P(Operators, PlainSteps, testing::ValuesIn(Cases()), NameOfCase);

// What has no step is named, whatever comes before it.
TEST(PlainSteps, NameWhatTheyCannotDo) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 4, 6, 6});
  const ValueId grouped = net.Add("Conv", {x, Weights(net, {8, 2, 3, 3})}, {{"group", 2_i}});
  net.Output(net.Add("Relu", {grouped}), "y");
  const std::string why = FirstUnsupported(std::move(net).Finish(), Backend::kCpu);
  EXPECT_NE(why.find("is a convolution in groups"), std::string::npos) << why;
}

}  // namespace
}  // namespace lips
