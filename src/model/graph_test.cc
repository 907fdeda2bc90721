#include "model/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/builder.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

// x -> Relu 'first' -> Add with the constant 'bias' -> y
Graph SmallGraph() {
  GraphBuilder net;
  const ValueId x = net.Input("x", {kDynamicDim, 4});
  const ValueId bias = net.Constant("bias", Tensor::Of<float>({4}, std::vector<float>{1, 2, 3, 4}));
  net.Output(net.Add("Add", {net.Add("Relu", {x}, {}, "first"), bias}), "y");
  return std::move(net).Finish();
}

void ExpectRefused(const Graph& graph, std::string_view reason) {
  const Status status = Validate(graph);
  ASSERT_FALSE(status.ok()) << "expected: " << reason;
  EXPECT_THAT(status.error().message(), HasSubstr(reason));
}

TEST(Validate, AcceptsASoundGraph) { EXPECT_TRUE(Validate(SmallGraph()).ok()); }

TEST(Validate, RefusesIdsOutOfRangeWhereverTheyStand) {
  for (const ValueId wrong : {-2, 4, 1 << 30}) {
    Graph graph = SmallGraph();
    graph.nodes[0].inputs[0] = wrong;
    ExpectRefused(graph, "Relu 'first' (node 0) refers to value " + std::to_string(wrong));
    graph = SmallGraph();
    graph.nodes[0].outputs[0] = wrong;
    ExpectRefused(graph, "refers to value");
    graph = SmallGraph();
    graph.inputs[0] = wrong;
    ExpectRefused(graph, "a graph input refers to value");
    graph = SmallGraph();
    graph.outputs[0] = wrong;
    ExpectRefused(graph, "a graph output refers to value");
    graph = SmallGraph();
    graph.constants.emplace(wrong, Tensor());
    ExpectRefused(graph, "a constant refers to value");
  }
}

TEST(Validate, RefusesAValueMadeTwice) {
  Graph graph = SmallGraph();
  graph.nodes[1].outputs[0] = graph.nodes[0].outputs[0];
  ExpectRefused(graph, "value 'first' is defined a second time as an output of Add (node 1)");
}

TEST(Validate, RefusesUseBeforeDefinitionAndSoEveryCycle) {
  Graph graph = SmallGraph();
  std::swap(graph.nodes[0], graph.nodes[1]);
  ExpectRefused(graph, "Add (node 0) uses 'first' before anything has made it");
  graph = SmallGraph();
  graph.nodes[0].inputs[0] = graph.outputs[0];
  ExpectRefused(graph, "Relu 'first' (node 0) uses 'y' before");
}

TEST(Validate, RefusesAConstantWhoseDataDoesNotMatchItsDeclaration) {
  Graph graph = SmallGraph();
  graph.values[static_cast<size_t>(graph.constants.begin()->first)].dims = {5};
  ExpectRefused(graph, "constant 'bias' is declared f32[5] but its data is f32[4]");
}

TEST(Validate, RefusesTwoValuesOfOneName) {
  Graph graph = SmallGraph();
  graph.values[0].name = "bias";
  ExpectRefused(graph, "two values are called 'bias'");
}

TEST(Validate, RefusesAnOutputNothingMakesAndAGraphWithoutOutputs) {
  Graph graph = SmallGraph();
  graph.nodes.pop_back();
  ExpectRefused(graph, "graph output 'y' is made by no node");
  graph.outputs.clear();
  ExpectRefused(graph, "no outputs");
}

TEST(Validate, RefusesAnAbsurdRank) {
  Graph graph = SmallGraph();
  graph.values[0].dims.assign(9, 1);
  ExpectRefused(graph, "has 9 dimensions; at most 8");
}

TEST(Graph, CloneIsDeep) {
  Graph graph = SmallGraph();
  graph.nodes[0].attributes.emplace("t", Tensor::Of<int64_t>({1}, std::vector<int64_t>{7}));
  const Graph copy = graph.Clone();
  graph.constants.begin()->second.As<float>()[0] = 99;
  std::get<Tensor>(graph.nodes[0].attributes.at("t")).As<int64_t>()[0] = 99;
  graph.nodes[1].op = "Mul";
  EXPECT_EQ(copy.constants.begin()->second.As<float>()[0], 1);
  EXPECT_EQ(copy.nodes[0].TensorAttribute("t")->As<int64_t>()[0], 7);
  EXPECT_EQ(copy.nodes[1].op, "Add");
  EXPECT_TRUE(Validate(copy).ok());
}

TEST(Graph, ProducerKnowsNodesButNotInputsOrConstants) {
  const Graph graph = SmallGraph();
  EXPECT_EQ(graph.Producer(graph.outputs[0]), 1);
  EXPECT_EQ(graph.Producer(graph.inputs[0]), -1);
  EXPECT_EQ(graph.Producer(kNoValue), -1);
}

TEST(Node, AccessorsFallBackWhenAbsentOrOfAnotherType) {
  Node node;
  node.attributes.emplace("axis", int64_t{3});
  node.attributes.emplace("alpha", 0.5f);
  node.attributes.emplace("mode", std::string("linear"));
  node.attributes.emplace("pads", std::vector<int64_t>{1, 2});
  EXPECT_EQ(node.Int("axis", 9), 3);
  EXPECT_EQ(node.Int("alpha", 9), 9);
  EXPECT_EQ(node.Float("alpha", 2.0f), 0.5f);
  EXPECT_EQ(node.Float("none", 2.0f), 2.0f);
  EXPECT_EQ(node.String("mode", "x"), "linear");
  EXPECT_EQ(node.String("axis", "x"), "x");
  EXPECT_THAT(node.Ints("pads"), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(node.Ints("none", {4}), ::testing::ElementsAre(4));
  EXPECT_EQ(node.TensorAttribute("axis"), nullptr);
}

}  // namespace
}  // namespace lips
