// What passes make of the trained networks: counts, without running them.
#include "model/passes.h"

#include <gtest/gtest.h>

#include <map>

#include "model/onnx.h"
#include "model/shape.h"
#include "model/test_data.h"

namespace lips {
namespace {

using Census = std::map<std::string, int>;

Census CensusOf(const Graph& graph) {
  Census census;
  for (const Node& node : graph.nodes) ++census[node.op];
  return census;
}

int64_t MacsOf(const Graph& graph) {
  int64_t sum = 0;
  for (const Node& node : graph.nodes) sum += MacCount(graph, node);
  return sum;
}

TEST(Passes, TurnTheTrainedGeneratorIntoBlocks) {
  const Path model = TestData(kGeneratorFile);
  if (model.empty()) GTEST_SKIP() << kGeneratorFile << " is not in LIPSTREAM_TEST_DATA";
  const Graph graph = ReadOnnx(model).value();
  const auto optimised = Optimise(graph);
  ASSERT_TRUE(optimised.ok()) << optimised.error().message();
  EXPECT_EQ(CensusOf(optimised.value()), (Census{{"FusedConv", 4}, {"InvertedResidual", 30}}));
  const auto split = OptimiseSplit(graph, 0, TemplateCut::kExpanded);
  ASSERT_TRUE(split.ok()) << split.error().message();
  EXPECT_EQ(CensusOf(split.value().head), (Census{{"FusedConv", 4}, {"InvertedResidual", 11}}));
  EXPECT_EQ(CensusOf(split.value().tail), (Census{{"FusedConv", 3}, {"InvertedResidual", 19}}));
  // The expansions of up1 to up5 run on a quarter of the pixels.
  const Graph plain = InferShapes(graph, ConcreteInputDims(graph, 1).value()).value();
  EXPECT_EQ(MacsOf(optimised.value()), MacsOf(split.value().head) + MacsOf(split.value().tail));
  EXPECT_EQ(MacsOf(plain) - MacsOf(optimised.value()), 629145600);
  EXPECT_EQ(MacsOf(split.value().tail), 2628278272);
}

TEST(Passes, TurnTheTrainedEncoderIntoConvolutions) {
  const Path model = TestData(kEncoderFile);
  if (model.empty()) GTEST_SKIP() << kEncoderFile << " is not in LIPSTREAM_TEST_DATA";
  const auto optimised = Optimise(ReadOnnx(model).value());
  ASSERT_TRUE(optimised.ok()) << optimised.error().message();
  Census census = CensusOf(optimised.value());
  EXPECT_EQ(census["FusedConv"], 13);
  EXPECT_LE(optimised.value().nodes.size(), 15U);
}

}  // namespace
}  // namespace lips
