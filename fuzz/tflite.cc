// Arbitrary bytes as a TensorFlow Lite file. Whatever is read must be valid and survive being written as ONNX.
#include "model/tflite.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "model/onnx.h"
#include "model/passes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = lips::ParseTflite(std::span(data, size));
  if (!graph.ok()) return 0;
  if (!lips::Validate(graph.value()).ok()) std::abort();
  const auto bytes = lips::SerializeOnnx(graph.value());
  if (!bytes.ok() || !lips::ParseOnnx(bytes.value()).ok()) std::abort();
  const auto optimised = lips::Optimise(graph.value());
  if (optimised.ok() && !lips::Validate(optimised.value()).ok()) std::abort();
  return 0;
}
