// Convolutions, pools, products and normalisations with the attributes that are easy to get wrong.
#include <gtest/gtest.h>

#include "engine/reference/oracle.h"
#include "engine/session.h"

namespace lips {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

std::vector<OperatorCase> Convolutions() {
  return {
      {"Conv1x1",
       {{1, 5, 6, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {3, 5, 1, 1})});
       }},
      {"ConvPadded3x3Bias",
       {{2, 4, 9, 70}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {5, 4, 3, 3}), Weights(net, {5}, 4)}, {{"pads", Ints{1, 1, 1, 1}}});
       }},
      {"ConvDepthwiseStride2",
       {{1, 6, 11, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {6, 1, 3, 3})},
                        {{"group", 6_i}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
       }},
      {"ConvGroupsDilatedUnevenPads",
       {{2, 4, 12, 9}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "Conv", {x[0], Weights(net, {6, 2, 3, 2})},
             {{"group", 2_i}, {"dilations", Ints{2, 3}}, {"strides", Ints{1, 2}}, {"pads", Ints{0, 2, 3, 1}}});
       }},
      {"ConvStride2Pad3LikeTheAudioBranch",
       {{1, 3, 16, 16}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {4, 3, 3, 3})},
                        {{"strides", Ints{2, 2}}, {"pads", Ints{3, 3, 3, 3}}});
       }},
      {"ConvStride3x1",
       {{1, 2, 80, 16}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {4, 2, 3, 3})},
                        {{"strides", Ints{3, 1}}, {"pads", Ints{1, 1, 1, 1}}});
       }},
      {"ConvSameUpper",
       {{1, 2, 7, 10}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {3, 2, 4, 3})},
                        {{"auto_pad", "SAME_UPPER"s}, {"strides", Ints{2, 3}}});
       }},
      {"ConvSameLower",
       {{1, 2, 7, 10}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {3, 2, 4, 3})},
                        {{"auto_pad", "SAME_LOWER"s}, {"strides", Ints{2, 3}}});
       }},
      {"ConvValid",
       {{1, 2, 7, 10}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {3, 2, 4, 3})}, {{"auto_pad", "VALID"s}});
       }},
      {"ConvOneDimensional",
       {{2, 3, 20}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Conv", {x[0], Weights(net, {4, 3, 5})}, {{"pads", Ints{2, 0}}, {"strides", Ints{2}}});
       }},
      {"ConvTranspose",
       {{1, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ConvTranspose", {x[0], Weights(net, {3, 2, 3, 3}), Weights(net, {2}, 4)});
       }},
      {"ConvTransposeStridePadOutput",
       {{2, 4, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "ConvTranspose", {x[0], Weights(net, {4, 3, 4, 3})},
             {{"group", 2_i}, {"strides", Ints{2, 3}}, {"pads", Ints{1, 0, 2, 1}}, {"output_padding", Ints{1, 2}}});
       }},
      {"ConvTransposeDilated",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ConvTranspose", {x[0], Weights(net, {2, 3, 3, 2})}, {{"dilations", Ints{2, 3}}});
       }},
      {"ConvTransposeOutputShape",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ConvTranspose", {x[0], Weights(net, {2, 3, 3, 3})},
                        {{"strides", Ints{2, 2}}, {"output_shape", Ints{10, 8}}});
       }},
      {"ConvTransposeSameUpper",
       {{1, 2, 5, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ConvTranspose", {x[0], Weights(net, {2, 3, 3, 3})},
                        {{"strides", Ints{2, 2}}, {"auto_pad", "SAME_UPPER"s}});
       }},
      {"ConvTransposeOneDimensional",
       {{1, 2, 6}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ConvTranspose", {x[0], Weights(net, {2, 3, 4})}, {{"strides", Ints{2}}});
       }},
  };
}

std::vector<OperatorCase> Pools() {
  return {
      {"MaxPool",
       {{2, 3, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MaxPool", {x[0]}, {{"kernel_shape", Ints{3, 2}}, {"strides", Ints{2, 2}}});
       }},
      {"MaxPoolPaddedDilated",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MaxPool", {x[0]},
                        {{"kernel_shape", Ints{3, 2}}, {"pads", Ints{1, 0, 1, 1}}, {"dilations", Ints{2, 1}}});
       }},
      {"MaxPoolCeil",
       {{1, 2, 10, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "MaxPool", {x[0]},
             {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}, {"ceil_mode", 1_i}});
       }},
      {"MaxPoolSameUpper",
       {{1, 2, 10, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MaxPool", {x[0]},
                        {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"auto_pad", "SAME_UPPER"s}});
       }},
      {"MaxPoolOneDimensional",
       {{1, 2, 10}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MaxPool", {x[0]}, {{"kernel_shape", Ints{3}}});
       }},
      {"AveragePoolWithoutPads",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("AveragePool", {x[0]}, {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}});
       }},
      {"AveragePoolCountingPads",
       {{1, 2, 9, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("AveragePool", {x[0]},
                        {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}, {"count_include_pad", 1_i}});
       }},
      {"AveragePoolCeil",
       {{1, 2, 10, 7}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("AveragePool", {x[0]},
                        {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"ceil_mode", 1_i}});
       }},
      {"GlobalAveragePool",
       {{2, 3, 5, 4}},
       [](GraphBuilder& net, const Operands& x) { return net.Add("GlobalAveragePool", {x[0]}); }},
      {"GlobalMaxPool",
       {{2, 3, 5, 4}},
       [](GraphBuilder& net, const Operands& x) { return net.Add("GlobalMaxPool", {x[0]}); }},
  };
}

std::vector<OperatorCase> Matrices() {
  return {
      {"Gemm",
       {{3, 4}, {4, 5}, {5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Gemm", {x[0], x[1], x[2]});
       }},
      {"GemmTransposedScaled",
       {{4, 3}, {5, 4}, {3, 1}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Gemm", {x[0], x[1], x[2]},
                        {{"transA", 1_i}, {"transB", 1_i}, {"alpha", 0.5f}, {"beta", 2.0f}});
       }},
      {"GemmWithoutC",
       {{3, 4}, {4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Gemm", {x[0], x[1]});
       }},
      {"MatMul",
       {{3, 4}, {4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MatMul", {x[0], x[1]});
       }},
      {"MatMulBatchesBroadcast",
       {{2, 1, 3, 4}, {5, 4, 6}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MatMul", {x[0], x[1]});
       }},
      {"MatMulVectorLeft",
       {{4}, {2, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MatMul", {x[0], x[1]});
       }},
      {"MatMulVectorRight",
       {{2, 3, 4}, {4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MatMul", {x[0], x[1]});
       }},
      {"MatMulVectors",
       {{4}, {4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("MatMul", {x[0], x[1]});
       }},
  };
}

std::vector<OperatorCase> Normalisations() {
  return {
      {"BatchNormalization",
       {{2, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add(
             "BatchNormalization",
             {x[0], Weights(net, {3}, 1), Weights(net, {3}, 2), Weights(net, {3}, 3), Weights(net, {3}, 4, 0.1f, 2.0f)},
             {{"epsilon", 0.01f}});
       }},
      {"InstanceNormalization",
       {{2, 3, 4, 5}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("InstanceNormalization", {x[0], Weights(net, {3}, 1), Weights(net, {3}, 2)});
       },
       17,
       1e-4},
      {"LayerNormalization",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("LayerNormalization", {x[0], Weights(net, {8}, 1), Weights(net, {8}, 2)});
       },
       17,
       1e-4},
      {"LayerNormalizationTwoAxes",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("LayerNormalization", {x[0], Weights(net, {3, 8}, 1)}, {{"axis", 1_i}});
       },
       17,
       1e-4},
      {"Softmax", {{2, 3, 8}}, [](GraphBuilder& net, const Operands& x) { return net.Add("Softmax", {x[0]}); }},
      {"SoftmaxInnerAxis",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Softmax", {x[0]}, {{"axis", 1_i}});
       }},
      {"SoftmaxFlattensBefore13",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("Softmax", {x[0]}, {{"axis", 1_i}});
       },
       11},
      {"LogSoftmax",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("LogSoftmax", {x[0]}, {{"axis", int64_t{-2}}});
       }},
      {"ReduceMeanLastAxis",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceMean", {x[0]}, {{"axes", Ints{-1}}});
       }},
      {"ReduceMeanDropsAxes",
       {{2, 3, 8, 4}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceMean", {x[0]}, {{"axes", Ints{1, 3}}, {"keepdims", 0_i}});
       }},
      {"ReduceSumAxesInput",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceSum", {x[0], net.Ints({0, 2})});
       }},
      {"ReduceSumOfAll",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceSum", {x[0]}, {{"keepdims", 0_i}});
       }},
      {"ReduceSumNoop",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceSum", {x[0]}, {{"noop_with_empty_axes", 1_i}});
       }},
      {"ReduceMax",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceMax", {x[0]}, {{"axes", Ints{1}}});
       }},
      {"ReduceMin",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceMin", {x[0]}, {{"axes", Ints{0}}});
       }},
      {"ReduceProd",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceProd", {x[0]}, {{"axes", Ints{1}}});
       }},
      {"ReduceL1",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceL1", {x[0]}, {{"axes", Ints{1}}});
       }},
      {"ReduceL2",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceL2", {x[0]}, {{"axes", Ints{1}}});
       }},
      {"ReduceSumSquare",
       {{2, 3, 8}},
       [](GraphBuilder& net, const Operands& x) {
         return net.Add("ReduceSumSquare", {x[0]}, {{"axes", Ints{1}}});
       }},
  };
}

class LayerOperators : public testing::TestWithParam<OperatorCase> {};

TEST_P(LayerOperators, AgreeWithOnnxRuntime) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  EXPECT_EQ(Disagreement(GetParam()), "");
}

constexpr auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Convolutions, LayerOperators, testing::ValuesIn(Convolutions()), kName);
INSTANTIATE_TEST_SUITE_P(Pools, LayerOperators, testing::ValuesIn(Pools()), kName);
INSTANTIATE_TEST_SUITE_P(Matrices, LayerOperators, testing::ValuesIn(Matrices()), kName);
INSTANTIATE_TEST_SUITE_P(Normalisations, LayerOperators, testing::ValuesIn(Normalisations()), kName);

}  // namespace
}  // namespace lips
