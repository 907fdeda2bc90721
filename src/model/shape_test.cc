#include "model/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/builder.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

using ::testing::ElementsAre;
using List = std::vector<int64_t>;

// The dims `op` gives for inputs of these shapes, all f32 and unknown; or its error as text.
std::string DimsAfter(const char* op, const std::vector<Dims>& inputs, GraphBuilder::Attributes attributes = {},
                      int opset = 17) {
  GraphBuilder net(opset);
  std::vector<ValueId> ids;
  for (const Dims& dims : inputs) ids.push_back(net.Input("x" + std::to_string(ids.size()), dims));
  net.Output(net.Add(op, ids, attributes), "y");
  const Graph graph = std::move(net).Finish();
  const auto inferred = InferShapes(graph, inputs);
  if (!inferred.ok()) return inferred.error().message();
  return ToString(inferred.value().values[static_cast<size_t>(inferred.value().outputs[0])].dims);
}

TEST(InferShapes, KnowsTheLayersOfImageNetworks) {
  EXPECT_EQ(DimsAfter("Conv", {{2, 6, 80, 16}, {32, 3, 3, 3}},
                      {{"group", int64_t{2}}, {"strides", List{3, 1}}, {"pads", List{1, 1, 1, 1}}}),
            "[2,32,27,16]");
  EXPECT_EQ(DimsAfter("Conv", {{1, 4, 9, 9}, {4, 1, 3, 3}}, {{"group", int64_t{4}}, {"dilations", List{2, 2}}}),
            "[1,4,5,5]");
  EXPECT_EQ(
      DimsAfter("Conv", {{1, 256, 16, 16}, {512, 256, 3, 3}}, {{"strides", List{2, 2}}, {"pads", List{3, 3, 3, 3}}}),
      "[1,512,10,10]");  // the audio branch of UNet-328
  EXPECT_EQ(DimsAfter("Conv", {{1, 4, 16}, {8, 4, 3}}), "[1,8,14]");
  EXPECT_EQ(DimsAfter("ConvTranspose", {{1, 8, 5, 5}, {8, 3, 4, 4}},
                      {{"group", int64_t{2}}, {"strides", List{2, 2}}, {"pads", List{1, 1, 1, 1}}}),
            "[1,6,10,10]");
  EXPECT_EQ(DimsAfter("MaxPool", {{1, 8, 5, 5}}, {{"kernel_shape", List{2, 2}}, {"strides", List{2, 2}}}), "[1,8,2,2]");
  EXPECT_EQ(DimsAfter("MaxPool", {{1, 8, 5, 5}},
                      {{"kernel_shape", List{2, 2}}, {"strides", List{2, 2}}, {"ceil_mode", int64_t{1}}}),
            "[1,8,3,3]");
  EXPECT_EQ(DimsAfter("GlobalAveragePool", {{2, 8, 5, 7}}), "[2,8,1,1]");
  EXPECT_EQ(DimsAfter("BatchNormalization", {{2, 8, 5, 7}, {8}, {8}, {8}, {8}}), "[2,8,5,7]");
  EXPECT_EQ(DimsAfter("DepthToSpace", {{1, 12, 4, 5}}, {{"blocksize", int64_t{2}}}), "[1,3,8,10]");
  EXPECT_EQ(DimsAfter("PRelu", {{1, 8, 5, 7}, {8, 1, 1}}), "[1,8,5,7]");
}

TEST(InferShapes, KnowsProductsAndReductions) {
  EXPECT_EQ(DimsAfter("Gemm", {{5, 3}, {7, 5}, {7}}, {{"transA", int64_t{1}}, {"transB", int64_t{1}}}), "[3,7]");
  EXPECT_EQ(DimsAfter("MatMul", {{4, 1, 2, 3}, {5, 3, 6}}), "[4,5,2,6]");
  EXPECT_EQ(DimsAfter("MatMul", {{3}, {3}}), "[]");
  EXPECT_EQ(DimsAfter("MatMul", {{3}, {2, 3, 4}}), "[2,4]");
  EXPECT_EQ(DimsAfter("MatMul", {{2, 4, 3}, {3}}), "[2,4]");
  EXPECT_EQ(DimsAfter("ReduceMean", {{2, 3, 4}}, {{"axes", List{-1}}}), "[2,3,1]");
  EXPECT_EQ(DimsAfter("ReduceMean", {{2, 3, 4}}, {{"axes", List{0, 2}}, {"keepdims", int64_t{0}}}), "[3]");
  EXPECT_EQ(DimsAfter("ReduceMean", {{2, 3, 4}}), "[1,1,1]");
  EXPECT_EQ(DimsAfter("Softmax", {{2, 3}}, {{"axis", int64_t{-1}}}), "[2,3]");
  EXPECT_EQ(DimsAfter("LayerNormalization", {{2, 3, 4}, {4}, {4}}), "[2,3,4]");
}

TEST(InferShapes, KnowsAxesAsAttributesBeforeOpset13) {
  EXPECT_EQ(DimsAfter("Squeeze", {{1, 3, 1}}, {{"axes", List{0}}}, 11), "[3,1]");
  EXPECT_EQ(DimsAfter("Squeeze", {{1, 3, 1}}, {}, 11), "[3]");
  EXPECT_EQ(DimsAfter("Unsqueeze", {{3}}, {{"axes", List{0, -1}}}, 11), "[1,3,1]");
  EXPECT_EQ(DimsAfter("Flatten", {{2, 3, 4}}, {{"axis", int64_t{-1}}}), "[6,4]");
  EXPECT_EQ(DimsAfter("Transpose", {{2, 3, 4}}), "[4,3,2]");
  EXPECT_EQ(DimsAfter("Concat", {{2, 3}, {2, 4}}, {{"axis", int64_t{-1}}}), "[2,7]");
}

TEST(InferShapes, NamesTheNodeWhoseInputsDoNotFit) {
  EXPECT_EQ(DimsAfter("Conv", {{1, 5, 8, 8}, {4, 6, 3, 3}}),
            "Conv (makes 'y'): weights of shape [4,6,3,3] in 1 groups do not fit an input of shape [1,5,8,8]");
  const std::vector<std::tuple<const char*, std::vector<Dims>, const char*>> misfits = {
      {"Conv", {{1, 5, 8, 8}, {4, 5, 9, 9}}, "a window of 9 does not fit into 8 elements"},
      {"Conv", {{1, 5, 8, 8}, {4, 5, 3, 3}, {5}}, "the bias has the shape [5], expected [4]"},
      {"Conv", {{1, 5, 8, 8}, {4, 5, 3}}, "at least 4 dimensions"},
      {"Conv", {{1, 5, 8, 8}}, "input 1 is missing"},
      {"ConvTranspose", {{1, 5, 8, 8}, {4, 5, 3, 3}}, "do not fit"},
      {"BatchNormalization", {{1, 5, 8, 8}, {5}, {5}, {4}, {5}}, "input 3 has the shape [4], expected [5]"},
      {"Add", {{2, 3}, {2, 4}}, "the shapes [2,3] and [2,4] do not fit together"},
      {"Add", {{2, 3}}, "it has 1 inputs, expected 2"},
      {"PRelu", {{2, 3}, {4, 2, 3}}, "do not fit"},
      {"Concat", {{2, 3}, {3, 3, 3}}, "cannot be joined"},
      {"MatMul", {{2, 3}, {4, 5}}, "cannot be multiplied"},
      {"Gemm", {{2, 3}, {4, 5}}, "cannot be multiplied"},
      {"GlobalAveragePool", {{2, 3}}, "at least 3 dimensions"},
      {"MaxPool", {{1, 2, 3, 4}}, "no kernel_shape"},
      {"Resize", {{1, 2, 3, 4}}, "neither scales nor sizes"},
      {"Reshape", {{2, 3}, {2}}, "depends on the data of a run"},
      {"FlyToTheMoon", {{2, 3}}, "the operator is not supported"},
  };
  for (const auto& [op, inputs, message] : misfits) EXPECT_THAT(DimsAfter(op, inputs), HasSubstr(message)) << op;
}

TEST(InferShapes, RefusesInputsThatContradictTheDeclaration) {
  GraphBuilder net;
  net.Output(net.Add("Relu", {net.Input("x", {kDynamicDim, 3})}), "y");
  const Graph graph = std::move(net).Finish();
  EXPECT_TRUE(InferShapes(graph, std::vector<Dims>{{7, 3}}).ok());
  EXPECT_THAT(InferShapes(graph, std::vector<Dims>{{7, 4}}).error().message(),
              HasSubstr("input 'x' is declared [?,3] and cannot have the shape [7,4]"));
  EXPECT_FALSE(InferShapes(graph, std::vector<Dims>{{7, 3, 1}}).ok());
  EXPECT_FALSE(InferShapes(graph, std::vector<Dims>{{kDynamicDim, 3}}).ok());
  EXPECT_FALSE(InferShapes(graph, {}).ok());
  EXPECT_EQ(InferShapes(graph, std::vector<Dims>{{int64_t{1} << 33, 3}}).error().code(), ErrorCode::kResourceLimit);
}

TEST(InferShapes, RefusesAResizeNoMemoryHolds) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 1, 1000, 1000});
  net.Output(net.Add("Resize", {x, kNoValue, net.Floats({1, 1, 100, 100})}), "y");
  const auto inferred = InferShapes(std::move(net).Finish(), std::vector<Dims>{{1, 1, 1000, 1000}});
  EXPECT_EQ(inferred.error().code(), ErrorCode::kResourceLimit);
  EXPECT_THAT(inferred.error().message(), HasSubstr("Resize (makes 'y'): a value of shape [1,1,100000,100000]"));
}

TEST(ConcreteInputDims, FillTheBatchAndNothingElse) {
  GraphBuilder net;
  net.Output(net.Add("Concat", {net.Input("x", {kDynamicDim, 3}), net.Input("y", {4, 3}), net.Input("s", {})}), "z");
  const auto dims = ConcreteInputDims(std::move(net).Finish(), 9);
  ASSERT_TRUE(dims.ok()) << dims.error().message();
  EXPECT_THAT(dims.value(), ElementsAre(Dims{9, 3}, Dims{4, 3}, Dims{}));
}

}  // namespace
}  // namespace lips
