#include "model/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/builder.h"
#include "model/onnx.h"
#include "model/test_data.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

int64_t TotalMacs(const Graph& graph) {
  int64_t total = 0;
  for (const Node& node : graph.nodes) total += MacCount(graph, node);
  return total;
}

TEST(RealNetworks, HaveTheKnownCosts) {
  for (const auto& [file, macs, parameters] :
       {std::tuple{kGeneratorFile, 4886e6, 12'153'887}, std::tuple{kEncoderFile, 93.1e6, 2'808'256}}) {
    const Path path = TestData(file);
    if (path.empty()) GTEST_SKIP() << "no " << file << " in LIPSTREAM_TEST_DATA";
    const auto graph = ReadOnnx(path);
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    const auto dims = ConcreteInputDims(graph.value(), 1);
    ASSERT_TRUE(dims.ok()) << dims.error().message();
    const auto inferred = InferShapes(graph.value(), dims.value());
    ASSERT_TRUE(inferred.ok()) << inferred.error().message();
    EXPECT_EQ(ParameterCount(graph.value()), parameters) << file;
    EXPECT_NEAR(static_cast<double>(TotalMacs(inferred.value())), macs, 0.001 * macs) << TotalMacs(inferred.value());
  }
}

}  // namespace
}  // namespace lips
