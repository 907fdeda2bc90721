#include "engine/reference/oracle.h"

#include <algorithm>
#include <cmath>

#include "engine/session.h"

namespace lips {

ValueId Weights(GraphBuilder& net, const Dims& dims, int seed, float low, float high) {
  return net.Constant("w" + std::to_string(seed), RandomTensor(dims, seed, low, high));
}

std::string Disagreement(const OperatorCase& c) {
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
  if (!expected.ok()) return "ort: " + expected.error().message();
  const auto actual = RunGraph(graph, inputs, {.backend = Backend::kReference, .threads = 2});
  if (!actual.ok()) return "reference: " + actual.error().message();
  const Tensor& want = expected.value()[0];
  const Tensor& got = actual.value()[0];
  if (got.size() == 0) return "the case compares nothing";
  const auto shape = [](const Tensor& t) { return std::string(Name(t.dtype())) + " " + ToString(t.dims()); };
  if (shape(got) != shape(want)) return shape(got) + ", ort gives " + shape(want);
  double largest = 1;
  const Tensor magnitudes = ToF32(want);
  for (const float v : magnitudes.As<float>()) largest = std::max(largest, std::abs(double{v}));
  const double difference = MaxAbsDifference(got, want);
  return difference <= c.tolerance * largest ? "" : "differs by " + std::to_string(difference);
}

}  // namespace lips
