#include "model/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/builder.h"
#include "model/test_data.h"

namespace lips {
namespace {

// Every kind of attribute, an omitted optional input, a dynamic and an unknown dimension.
Graph EveryAttribute() {
  GraphBuilder net(13);
  const ValueId x = net.Input("x", {kDynamicDim, 3, kDynamicDim, 8});
  const ValueId w = net.Constant("w", Tensor(DType::kF16, {4, 3, 1, 1}));
  const ValueId conv =
      net.Add("Conv", {x, w}, {{"pads", std::vector<int64_t>{0, 0, 0, 0}}, {"group", int64_t{1}}}, "conv");
  const ValueId scaled = net.Add("Resize", {conv, kNoValue, net.Floats({1, 1, 2, 2})},
                                 {{"mode", std::string("linear")}, {"cubic_coeff_a", -0.75f}});
  const ValueId zeros = net.Add(
      "ConstantOfShape", {net.Ints({1})},
      {{"value", Tensor::Of<float>({1}, std::vector<float>{2.5f})}, {"unused", std::vector<float>{1.5f, -2.0f}}});
  net.Output(net.Add("Add", {scaled, zeros}), "y", {kDynamicDim, 4, kDynamicDim, 16});
  return std::move(net).Finish();
}

TEST(Onnx, WriteReadWriteIsIdentical) {
  const auto bytes = SerializeOnnx(EveryAttribute());
  ASSERT_TRUE(bytes.ok()) << bytes.error().message();
  const auto graph = ParseOnnx(bytes.value());
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  EXPECT_EQ(SerializeOnnx(graph.value()).value(), bytes.value());
  EXPECT_EQ(graph.value().opset, 13);
  EXPECT_EQ(graph.value().nodes[1].inputs[1], kNoValue);
}

TEST(Onnx, ReadsTheNetworksOfARealPackage) {
  for (const std::string file : {kGeneratorFile, kEncoderFile}) {
    const Path path = TestData(file);
    if (path.empty()) GTEST_SKIP() << "no " << file << " in LIPSTREAM_TEST_DATA";
    const auto graph = ReadOnnx(path);
    ASSERT_TRUE(graph.ok()) << graph.error().message();
    const auto bytes = SerializeOnnx(graph.value());
    ASSERT_TRUE(bytes.ok()) << bytes.error().message();
    const auto again = ParseOnnx(bytes.value());
    ASSERT_TRUE(again.ok()) << again.error().message();
    EXPECT_EQ(SerializeOnnx(again.value()).value(), bytes.value());
  }
}

}  // namespace
}  // namespace lips
