#include "model/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

#include "model/builder.h"
#include "model/onnx.h"
#include "model/shape.h"
#include "model/test_data.h"

namespace lips {
namespace {

using ::testing::ElementsAre;

// Runs graphs of Add, Mul, Neg, Identity and Shape on single numbers; a Shape's value is that of its input plus 1000,
// so that reading the wrong one shows.
std::vector<double> Run(const Graph& graph, const std::vector<double>& inputs) {
  std::map<ValueId, double> values;
  for (size_t i = 0; i < inputs.size(); ++i) values[graph.inputs[i]] = inputs[i];
  for (const auto& [id, tensor] : graph.constants) values[id] = static_cast<double>(tensor.As<float>()[0]);
  for (const Node& node : graph.nodes) {
    const double a = values.at(node.inputs[0]);
    const double b = node.inputs.size() > 1 ? values.at(node.inputs[1]) : 0;
    values[node.outputs[0]] = node.op == "Add"     ? a + b
                              : node.op == "Mul"   ? a * b
                              : node.op == "Neg"   ? -a
                              : node.op == "Shape" ? a + 1000
                                                   : a;
  }
  std::vector<double> outputs;
  for (const ValueId id : graph.outputs) outputs.push_back(values.at(id));
  return outputs;
}

// Any graph of three inputs, two constants and up to 20 nodes, with outputs anywhere, inputs and constants included.
Graph AnyGraph() {
  GraphBuilder net;
  std::vector<ValueId> values;
  for (const char* name : {"a", "b", "c"}) values.push_back(net.Input(name, {1}));
  values.push_back(net.Constant("two", Tensor::Of<float>({1}, std::vector<float>{2})));
  values.push_back(net.Constant("three", Tensor::Of<float>({1}, std::vector<float>{3})));
  const int nodes = *rc::gen::inRange(0, 20);
  const auto any_value = [&] { return values[*rc::gen::inRange<size_t>(0, values.size())]; };
  for (int n = 0; n < nodes; ++n) {
    const std::string op = *rc::gen::element<std::string>("Add", "Mul", "Neg", "Shape");
    const bool two = op == "Add" || op == "Mul";
    values.push_back(net.Add(op, two ? std::vector<ValueId>{any_value(), any_value()} : std::vector{any_value()}));
  }
  const int outputs = *rc::gen::inRange(1, 4);
  for (int n = 0; n < outputs; ++n) net.Output(any_value());
  return std::move(net).Finish();
}

RC_GTEST_PROP(CutByInput, TailOfHeadIsTheGraph, ()) {
  const Graph graph = AnyGraph();
  const int input = *rc::gen::inRange(0, 3);
  const auto split = CutByInput(graph, input);
  RC_ASSERT(split.ok());
  RC_ASSERT(split.value().head.inputs.size() == 1);
  const std::vector<double> numbers = {5, 7, 11};
  std::vector<double> passed = Run(split.value().head, {numbers[static_cast<size_t>(input)]});
  for (int i = 0; i < 3; ++i) {
    if (i != input) passed.push_back(numbers[static_cast<size_t>(i)]);
  }
  RC_ASSERT(Run(split.value().tail, passed) == Run(graph, numbers));
}

RC_GTEST_PROP(CutByInput, LeavesTheTailNothingThatTheHeadCouldDo, ()) {
  const Graph graph = AnyGraph();
  const auto split = CutByInput(graph, 0);
  RC_ASSERT(split.ok());
  const Graph& tail = split.value().tail;
  const size_t crossing = split.value().head.outputs.size();
  std::vector<bool> varies(tail.values.size(), false);  // depends on another input
  std::vector<bool> from_head(tail.values.size(), false);
  for (size_t i = 0; i < tail.inputs.size(); ++i) {
    (i < crossing ? from_head : varies)[static_cast<size_t>(tail.inputs[i])] = true;
  }
  for (const Node& node : tail.nodes) {
    for (const ValueId id : node.inputs) {
      const auto in = static_cast<size_t>(id);
      const auto out = static_cast<size_t>(node.outputs[0]);
      varies[out] = varies[out] || varies[in];
      from_head[out] = from_head[out] || from_head[in];
    }
    const auto out = static_cast<size_t>(node.outputs[0]);
    // Shapes are read again on purpose, together with arithmetic on them; an Identity only renames.
    if (from_head[out] && !varies[out] && node.op != "Identity") {
      RC_ASSERT(std::ranges::any_of(tail.nodes, [](const Node& n) { return n.op == "Shape"; }));
    }
  }
}

// The skip connection of a U-Net: features of the image, resized features of the audio, joined.
Graph SkipConnection() {
  GraphBuilder net(13);
  const ValueId image = net.Input("image", {kDynamicDim, 2, 8, 8});
  const ValueId audio = net.Input("audio", {kDynamicDim, 2, 4, 4});
  const ValueId skip = net.Add("Relu", {image}, {}, "skip");
  const ValueId ends = net.Ints({4});
  const ValueId size = net.Add("Slice", {net.Add("Shape", {skip}), net.Ints({2}), ends}, {}, "size");
  const ValueId batch = net.Add("Slice", {net.Add("Shape", {audio}), net.Ints({0}), net.Ints({2})});
  const ValueId sizes = net.Add("Concat", {batch, size}, {{"axis", int64_t{0}}});
  const ValueId up = net.Add("Resize", {audio, net.Floats({}), net.Floats({}), sizes}, {}, "up");
  net.Output(net.Add("Concat", {up, skip}, {{"axis", int64_t{1}}}), "y");
  return std::move(net).Finish();
}

TEST(CutByInput, ReadsShapesAgainFromWhatCrosses) {
  const auto split = CutByInput(SkipConnection(), 0);
  ASSERT_TRUE(split.ok()) << split.error().message();
  const Graph& head = split.value().head;
  ASSERT_EQ(head.outputs.size(), 1);
  EXPECT_EQ(head.values[static_cast<size_t>(head.outputs[0])].name, "skip");
  EXPECT_EQ(head.nodes.size(), 1);
  // The tail works for any batch: nothing of the head's run is baked into it.
  const auto tail = InferShapes(split.value().tail, std::vector<Dims>{{3, 2, 8, 8}, {3, 2, 4, 4}});
  ASSERT_TRUE(tail.ok()) << tail.error().message();
  EXPECT_THAT(tail.value().values[static_cast<size_t>(tail.value().outputs[0])].dims, ElementsAre(3, 4, 8, 8));
}

TEST(CutByInput, HandsOverAShapeWhenNothingElseCrosses) {
  GraphBuilder net;
  const ValueId image = net.Input("image", {kDynamicDim, 3});
  const ValueId audio = net.Input("audio", {1, 3});
  net.Output(net.Add("Expand", {audio, net.Add("Shape", {image}, {}, "shape")}), "y");
  const auto split = CutByInput(std::move(net).Finish(), 0);
  ASSERT_TRUE(split.ok()) << split.error().message();
  const Graph& tail = split.value().tail;
  EXPECT_EQ(tail.values[static_cast<size_t>(tail.inputs[0])].name, "shape");
  EXPECT_EQ(tail.values[static_cast<size_t>(tail.inputs[0])].dtype, DType::kI64);
}

TEST(CutByInput, PassesTheInputOnWhenTheTailNeedsIt) {
  GraphBuilder net;
  net.Output(net.Add("Add", {net.Input("image", {2}), net.Input("audio", {2})}), "y");
  const auto split = CutByInput(std::move(net).Finish(), 0);
  ASSERT_TRUE(split.ok()) << split.error().message();
  ASSERT_EQ(split.value().head.nodes.size(), 1);
  EXPECT_EQ(split.value().head.nodes[0].op, "Identity");
  EXPECT_EQ(split.value().tail.nodes.size(), 1);
}

TEST(CutByInput, RefusesAnInputThatIsNotThere) {
  for (const int input : {-1, 2}) EXPECT_FALSE(CutByInput(SkipConnection(), input).ok());
}

TEST(CutByInput, FindsTheTemplatePartOfARealNetwork) {
  const Path path = TestData(kGeneratorFile);
  if (path.empty()) GTEST_SKIP() << "no " << kGeneratorFile << " in LIPSTREAM_TEST_DATA";
  const auto graph = ReadOnnx(path);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const auto split = CutByInput(graph.value(), 0);
  ASSERT_TRUE(split.ok()) << split.error().message();
  // spec.md 3: x1 to x6 cross, and a quarter of the work stays in the head.
  EXPECT_EQ(split.value().head.outputs.size(), 6);
  const auto head = InferShapes(split.value().head, std::vector<Dims>{{1, 6, 320, 320}});
  ASSERT_TRUE(head.ok()) << head.error().message();
  int64_t macs = 0;
  for (const Node& node : head.value().nodes) macs += MacCount(head.value(), node);
  EXPECT_NEAR(static_cast<double>(macs), 1209.0e6, 0.1e6);
}

}  // namespace
}  // namespace lips
