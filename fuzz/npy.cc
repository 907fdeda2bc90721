// NPY bytes -> tensor; what parses must be as large as its shape says and survive conversion.
#include "tensor/npy.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto tensor = lips::ParseNpy({data, size});
  if (!tensor.ok()) return 0;
  if (tensor.value().bytes() > size) std::abort();
  if (lips::ToF32(tensor.value()).size() != tensor.value().size()) std::abort();
  return 0;
}
