#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/builder.h"
#include "model/onnx.h"
#include "model/shape.h"
#include "model/test_data.h"

namespace lips {
namespace {

using List = std::vector<int64_t>;

Tensor F32(Dims dims) { return Tensor(DType::kF32, std::move(dims)); }

int64_t TotalMacs(const Graph& graph) {
  int64_t total = 0;
  for (const Node& node : graph.nodes) total += MacCount(graph, node);
  return total;
}

TEST(Costs, CountEachMultiplicationOnce) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 4, 8, 8});
  const ValueId grouped = net.Add("Conv", {x, net.Constant("a", F32({6, 2, 3, 3})), net.Constant("ab", F32({6}))},
                                  {{"group", int64_t{2}}, {"pads", List{1, 1, 1, 1}}});
  const ValueId up =
      net.Add("ConvTranspose", {grouped, net.Constant("b", F32({6, 5, 2, 2}))}, {{"strides", List{2, 2}}});
  const ValueId flat = net.Add("Flatten", {net.Add("GlobalAveragePool", {up})});
  net.Output(net.Add("Gemm", {flat, net.Constant("c", F32({7, 5}))}, {{"transB", int64_t{1}}}), "y");
  const Graph graph = std::move(net).Finish();
  const auto inferred = InferShapes(graph, std::vector<Dims>{{1, 4, 8, 8}});
  ASSERT_TRUE(inferred.ok()) << inferred.error().message();
  EXPECT_EQ(TotalMacs(inferred.value()), 6 * 8 * 8 * 2 * 9 + 6 * 8 * 8 * 5 * 4 + 7 * 5);
  EXPECT_EQ(ParameterCount(graph), 6 * 2 * 9 + 6 + 6 * 5 * 4 + 7 * 5);
}

TEST(Costs, ParametersAreFoundBehindCastsButStatisticsAndScalarsAreNone) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, 4, 8, 8});
  const ValueId w = net.Add("Cast", {net.Constant("w", Tensor(DType::kF16, {4, 4, 1, 1}))}, {{"to", int64_t{1}}});
  const ValueId y = net.Add("Conv", {x, w});
  const ValueId norm =
      net.Add("BatchNormalization", {y, net.Constant("scale", F32({4})), net.Constant("bias", F32({4})),
                                     net.Constant("mean", F32({4})), net.Constant("var", F32({4}))});
  net.Output(net.Add("Mul", {norm, net.Floats({0.5f})}), "y");
  EXPECT_EQ(ParameterCount(std::move(net).Finish()), 16 + 8);
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
