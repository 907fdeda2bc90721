// Any ONNX bytes: read, work out shapes, and run what is left on the reference engine under tight limits.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/reference/session.h"
#include "model/onnx.h"
#include "model/shape.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > (size_t{64} << 10)) return 0;
  const auto graph = lips::ParseOnnx({data, size});
  if (!graph.ok()) return 0;
  constexpr int64_t kMaxElements = 1 << 16;
  std::vector<lips::Tensor> inputs;
  std::vector<lips::Dims> input_dims;
  int64_t total = 0;
  for (const lips::ValueId id : graph.value().inputs) {
    const lips::Value& value = graph.value().values[static_cast<size_t>(id)];
    lips::Dims dims = value.dims;
    for (int64_t& dim : dims) dim = dim < 0 ? 1 : dim;
    const auto count = lips::ElementCount(dims);
    if (!count.ok() || (total += count.value()) > kMaxElements) return 0;
    input_dims.push_back(dims);
    inputs.emplace_back(value.dtype, dims);
  }
  static_cast<void>(lips::InferShapes(graph.value(), input_dims));
  const auto session = lips::OpenReferenceSession(graph.value(), 1, {.live_elements = 1 << 18, .operations = 1 << 22});
  if (!session.ok()) return 0;
  const std::vector<lips::TensorView> views(inputs.begin(), inputs.end());
  std::vector<lips::Tensor> outputs(graph.value().outputs.size());
  static_cast<void>(session.value()->Run(views, outputs));
  return 0;
}
