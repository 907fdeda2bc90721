// A real checkpoint, converted, against the ONNX file that PyTorch made of the same weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/session.h"
#include "model/family_state.h"
#include "model/onnx.h"
#include "model/pth_reader.h"
#include "model/test_data.h"

namespace lips {
namespace {

Tensor Wave(Dims dims, float step) {
  Tensor tensor(DType::kF32, std::move(dims));
  const auto values = tensor.As<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = 0.5F + 0.5F * std::sin(step * static_cast<float>(i));
  return tensor;
}

Tensor RunOnce(const Graph& graph) {
  SessionOptions options;
  options.precision = Precision::kF32;
  auto session = OpenSession(graph, options);
  EXPECT_TRUE(session.ok()) << session.error().message();
  if (!session.ok()) return {};
  const Tensor image = Wave({1, 6, 320, 320}, 0.013F);
  const Tensor audio = Wave({1, 32, 16, 16}, 0.37F);
  const std::vector<TensorView> inputs = {image, audio};
  std::vector<Tensor> outputs(1);
  const Status status = session.value()->Run(inputs, outputs);
  EXPECT_TRUE(status.ok());
  return std::move(outputs[0]);
}

TEST(FamilyGraph, OfARealCheckpointComputesWhatItsOnnxFileDoes) {
  const Path checkpoint = TestData("sanders/checkpoint/best_trainloss.pth");
  const Path onnx = TestData(kGeneratorFile);
  if (checkpoint.empty() || onnx.empty()) GTEST_SKIP() << "no test material";
  auto state = ReadPth(FilePart::Open(checkpoint).value());
  ASSERT_TRUE(state.ok()) << state.error().message();
  const auto graph = FamilyGraph(std::move(state).value(), false);
  ASSERT_TRUE(graph.ok()) << graph.error().message();
  const Tensor got = RunOnce(graph.value());
  const Tensor expected = RunOnce(ReadOnnx(onnx).value());
  ASSERT_EQ(got.dims(), expected.dims());
  float worst = 0;
  for (size_t i = 0; i < got.As<float>().size(); ++i) {
    worst = std::max(worst, std::fabs(got.As<float>()[i] - expected.As<float>()[i]));
  }
  RecordProperty("max_abs", std::to_string(worst));
  EXPECT_LE(worst, 1e-4F);
}

}  // namespace
}  // namespace lips
