#include <algorithm>
#include <string>

#include "model/binding.h"
#include "model/shape.h"

namespace lips {
namespace {

const Value& InputValue(const Graph& graph, size_t i) { return graph.values[static_cast<size_t>(graph.inputs[i])]; }

bool IsOpen(const Value& input) {
  return !input.has_shape ||
         (!input.dims.empty() && std::find(input.dims.begin() + 1, input.dims.end(), kDynamicDim) != input.dims.end());
}

}  // namespace

Result<std::vector<Dims>> ConcreteInputDims(const Graph& graph, int64_t batch) {
  std::vector<Dims> dims(graph.inputs.size());
  bool open = false;
  for (size_t i = 0; i < dims.size(); ++i) {
    dims[i] = InputValue(graph, i).dims;
    open = open || IsOpen(InputValue(graph, i));
  }
  if (open) {
    const auto generator = BindGenerator(graph);
    const auto encoder = BindEncoder(graph);
    if (generator.ok()) {
      const auto& [image, audio, output, size, audio_dims, fixed] = generator.value();
      dims[static_cast<size_t>(image)] = {kDynamicDim, 6, size, size};
      dims[static_cast<size_t>(audio)] = {kDynamicDim, audio_dims[0], audio_dims[1], audio_dims[2]};
    } else if (encoder.ok()) {
      dims[0] = {kDynamicDim, 1, 80, 16};
    } else {
      for (size_t i = 0; i < dims.size(); ++i) {
        const Value& input = InputValue(graph, i);
        if (!IsOpen(input)) continue;
        return Error(ErrorCode::kUnsupported, "the shape of input " + QuoteName(input.name) + " is left open (" +
                                                  (input.has_shape ? ToString(input.dims) : "no shape at all") +
                                                  "), and the network is neither a generator nor an audio encoder");
      }
    }
  }
  for (size_t i = 0; i < dims.size(); ++i) {
    const Value& input = InputValue(graph, i);
    if (dims[i].empty()) continue;
    const bool fixed = input.has_shape && !input.dims.empty() && input.dims[0] != kDynamicDim;
    dims[i][0] = fixed ? input.dims[0] : batch;
  }
  return dims;
}

}  // namespace lips
