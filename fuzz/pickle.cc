// Arbitrary bytes as a checkpoint's pickle. Every tensor that is read must lie within its storage.
#include "model/pickle.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto pickle = lips::ReadPickle(std::span(data, size));
  if (!pickle.ok()) return 0;
  if (pickle.value().root >= pickle.value().values.size()) std::abort();
  for (const lips::PickledTensor& tensor : pickle.value().tensors) {
    int64_t last = tensor.offset;
    bool empty = false;
    for (size_t axis = 0; axis < tensor.dims.size(); ++axis) {
      empty = empty || tensor.dims[axis] == 0;
      if (tensor.dims[axis] > 1) last += (tensor.dims[axis] - 1) * tensor.strides[axis];
    }
    const int64_t elements = pickle.value().storages.at(static_cast<size_t>(tensor.storage)).elements;
    if (!empty && last >= elements) std::abort();
  }
  return 0;
}
