#include "bench/device_peak.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/stats.h"
#include "model/builder.h"

namespace lips {
namespace {

// One number in, one out, so that nothing is measured but what happens in between: `steps` times `op` of what is there
// and `operand`, after a sum of the number and `start`.
Graph Chain(std::string_view op, Tensor start, Tensor operand, int steps) {
  const Dims corner(start.dims().size(), 1);
  GraphBuilder net;
  ValueId x = net.Add("Add", {net.Input("x", corner), net.Constant("start", std::move(start))});
  const ValueId right = net.Constant("operand", std::move(operand));
  for (int i = 0; i < steps; ++i) x = net.Add(op, {x, right});
  const std::vector<int64_t> zeros(corner.size(), 0);
  net.Output(net.Add("Slice", {x, net.Ints(zeros), net.Ints(std::vector<int64_t>(corner.size(), 1))}), "y");
  return std::move(net).Finish();
}

Tensor Filled(const Dims& dims, float value) {
  Tensor tensor(DType::kF32, dims);
  std::ranges::fill(tensor.As<float>(), value);
  return tensor;
}

// Milliseconds of the fastest run; the first two, which warm up and record, do not count.
Result<double> FastestMs(const Graph& graph, const SessionOptions& session, int rounds) {
  ASSIGN_OR_RETURN(const auto opened, OpenSession(graph, session));
  const Tensor one = Filled(graph.values[static_cast<size_t>(graph.inputs[0])].dims, 1);
  const std::vector<TensorView> inputs = {one};
  std::vector<Tensor> outputs(1);
  double fastest = std::numeric_limits<double>::infinity();
  for (int round = -2; round < rounds; ++round) {
    const Stopwatch watch;
    RETURN_IF_ERROR(opened->Run(inputs, outputs));
    if (round >= 0) fastest = std::min(fastest, watch.ElapsedMs());
  }
  return fastest;
}

}  // namespace

Result<DevicePeak> MeasureDevicePeak(const SessionOptions& session, const DevicePeakSize& size) {
  SessionOptions options = session;
  options.resident = true;
  DevicePeak peak = {.precision = session.precision};
  const Dims square = {size.matrix, size.matrix};
  const auto n = static_cast<double>(size.matrix);
  // Each product is the mean of a row, so numbers stay as they are whatever the precision.
  ASSIGN_OR_RETURN(const double matrix_ms, FastestMs(Chain("MatMul", Filled(square, 0.5f),
                                                           Filled(square, 1 / static_cast<float>(n)), size.steps),
                                                     options, size.rounds));
  peak.matrix_gflops = 2 * n * n * n * size.steps / (matrix_ms * 1e6);
  ASSIGN_OR_RETURN(
      const double vector_ms,
      FastestMs(Chain("Add", Filled({size.vector}, 0.5f), Filled({1}, 1), size.steps), options, size.rounds));
  const double bytes = session.precision == Precision::kF16 ? 2 : 4;
  peak.memory_gb_s = 2 * bytes * static_cast<double>(size.vector) * (size.steps + 1) / (vector_ms * 1e6);
  return peak;
}

Json ToJson(const std::vector<DevicePeak>& peaks) {
  Json json = Json::Object();
  for (const DevicePeak& peak : peaks) {
    json.Set(Name(peak.precision),
             Json::Object({{"matrix_gflops", peak.matrix_gflops}, {"memory_gb_s", peak.memory_gb_s}}));
  }
  return json;
}

}  // namespace lips
