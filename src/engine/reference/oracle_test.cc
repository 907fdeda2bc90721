#include "engine/reference/oracle.h"

#include <algorithm>
#include <cmath>

#include "engine/session.h"

namespace lips {

void PrintTo(const OperatorCase& c, std::ostream* out) { *out << c.name; }

std::string CaseName(const testing::TestParamInfo<OperatorCase>& info) { return info.param.name; }

ValueId Weights(GraphBuilder& net, const Dims& dims, int seed, float low, float high) {
  return net.Constant("w" + std::to_string(seed), RandomTensor(dims, seed, low, high));
}

TEST_P(AgainstOnnxRuntime, GivesTheSameResult) {
  if (const auto version = OnnxRuntimeVersion(); !version.ok()) GTEST_SKIP() << version.error().message();
  const OperatorCase& c = GetParam();
  GraphBuilder net(c.opset);
  Operands ids;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    ids.push_back(net.Input("x" + std::to_string(i), c.inputs[i]));
    inputs.push_back(RandomTensor(c.inputs[i], static_cast<int>(i) + 7));
  }
  net.Output(c.build(net, ids), "y");
  const Graph graph = std::move(net).Finish();
  const auto expected = RunGraph(graph, inputs, {.backend = Backend::kOnnxRuntime, .threads = 1});
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  const auto actual = RunGraph(graph, inputs, {.backend = Backend::kReference, .threads = 2});
  ASSERT_TRUE(actual.ok()) << actual.error().message();
  const Tensor& want = expected.value()[0];
  const Tensor& got = actual.value()[0];
  ASSERT_EQ(ToString(got.dims()), ToString(want.dims()));
  ASSERT_EQ(Name(got.dtype()), Name(want.dtype()));
  ASSERT_GT(got.size(), 0);
  float largest = 1;
  const Tensor magnitudes = ToF32(want);
  for (const float v : magnitudes.As<float>()) largest = std::max(largest, std::abs(v));
  EXPECT_LE(MaxAbsDifference(got, want), c.tolerance * largest);
}

}  // namespace lips
