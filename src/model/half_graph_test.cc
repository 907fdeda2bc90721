#include "model/half_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/builder.h"
#include "model/onnx.h"

namespace lips {
namespace {

using testing::ElementsAre;

Tensor Filled(const Dims& dims, float value) {
  Tensor tensor(DType::kF32, dims);
  std::ranges::fill(tensor.As<float>(), value);
  return tensor;
}

Graph Halved(GraphBuilder net) {
  auto half = ComputeInHalf(std::move(net).Finish());
  EXPECT_TRUE(half.ok()) << half.error().message();
  return std::move(half).value();
}

// "Conv:f16" for every node in order: its operator and the type of its first input.
std::vector<std::string> Steps(const Graph& graph) {
  std::vector<std::string> steps;
  for (const Node& node : graph.nodes) {
    const Value& first = graph.values[static_cast<size_t>(node.inputs[0])];
    steps.push_back(node.op + ":" + std::string(Name(first.dtype)));
  }
  return steps;
}

TEST(ComputeInHalf, CastsOnlyWhereSingleMeetsHalf) {
  GraphBuilder net;
  const ValueId w = net.Constant("w", Filled({4, 3, 1, 1}, 0.5f));
  const ValueId first = net.Add("Relu", {net.Add("Conv", {net.Input("image", {1, 3, 8, 8}), w})});
  const ValueId second = net.Constant("v", Filled({3, 4, 1, 1}, 0.5f));
  net.Output(net.Add("Sigmoid", {net.Add("Conv", {first, second})}), "output");
  const Graph half = Halved(std::move(net));
  EXPECT_THAT(Steps(half), ElementsAre("Cast:f32", "Conv:f16", "Relu:f16", "Conv:f16", "Cast:f16", "Sigmoid:f32"));
  const Value& in = half.values[static_cast<size_t>(half.inputs[0])];
  const Value& out = half.values[static_cast<size_t>(half.outputs[0])];
  EXPECT_EQ(in.name + ":" + std::string(Name(in.dtype)), "image:f32");
  EXPECT_EQ(out.name + ":" + std::string(Name(out.dtype)), "output:f32");
  for (const auto& [id, weights] : half.constants) EXPECT_EQ(weights.dtype(), DType::kF16) << id;
}

TEST(ComputeInHalf, CastsAValueOnceHoweverManyReadIt) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 4});
  const ValueId y = net.Add("Relu", {x});
  net.Output(net.Add("Softmax", {y}), "a");
  net.Output(net.Add("Exp", {y}), "b");
  net.Output(net.Add("Mul", {y, x}), "c");
  EXPECT_THAT(Steps(Halved(std::move(net))),
              ElementsAre("Cast:f32", "Relu:f16", "Cast:f16", "Softmax:f32", "Exp:f32", "Mul:f16", "Cast:f16"));
}

TEST(ComputeInHalf, KeepsAWeightThatHalfCannotHoldAndItsNode) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 4});
  const ValueId large = net.Add("Mul", {x, net.Constant("large", Filled({4}, 1e5f))});
  net.Output(net.Add("Add", {large, net.Constant("small", Filled({4}, 1))}), "y");
  const Graph half = Halved(std::move(net));
  EXPECT_THAT(Steps(half), ElementsAre("Mul:f32", "Cast:f32", "Add:f16", "Cast:f16"));
  std::vector<std::string> constants;
  for (const auto& [id, tensor] : half.constants) {
    constants.push_back(half.values[static_cast<size_t>(id)].name + ":" + std::string(Name(tensor.dtype())));
  }
  EXPECT_THAT(constants, testing::UnorderedElementsAre("large:f32", "small.f16:f16"));
}

TEST(ComputeInHalf, LeavesShapesAndCoordinatesAlone) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 3, 4, 4});
  const ValueId scales = net.Constant("scales", Filled({4}, 2));
  net.Output(net.Add("Resize", {x, kNoValue, scales}, {{"mode", std::string("linear")}}), "y");
  const Graph half = Halved(std::move(net));
  EXPECT_THAT(Steps(half), ElementsAre("Cast:f32", "Resize:f16", "Cast:f16"));
  ASSERT_EQ(half.constants.size(), 1u);
  EXPECT_EQ(half.constants.begin()->second.dtype(), DType::kF32);

  GraphBuilder sizes;
  const ValueId shape = sizes.Input("sizes", {2}, DType::kI64);
  sizes.Output(sizes.Add("Concat", {shape, shape}, {{"axis", int64_t{0}}}), "y");
  Graph integers = std::move(sizes).Finish();
  for (Value& value : integers.values) value.dtype = DType::kI64;
  const auto same = ComputeInHalf(integers);
  ASSERT_TRUE(same.ok());
  EXPECT_THAT(Steps(same.value()), ElementsAre("Concat:i64"));
}

TEST(ComputeInHalf, ChangesNothingTheSecondTime) {
  GraphBuilder net;
  const ValueId w = net.Constant("w", Filled({3, 3, 1, 1}, 0.25f));
  const ValueId x = net.Input("x", {1, 3, 8, 8});
  const ValueId y = net.Add("Add", {net.Add("Conv", {x, w}), x});
  net.Output(net.Add("Mul", {net.Add("Softmax", {y}), y}), "y");
  const Graph once = Halved(std::move(net));
  const auto twice = ComputeInHalf(once);
  ASSERT_TRUE(twice.ok());
  EXPECT_EQ(SerializeOnnx(twice.value()).value(), SerializeOnnx(once).value());
}

}  // namespace
}  // namespace lips
