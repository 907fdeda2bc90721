#include "model/weights.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace lips {
namespace {

// Index of the first element whose exponent bits (`mask`) are all set, which is what NaN and infinity share; -1: none.
template <typename Bits>
int64_t FirstNonFinite(const Tensor& tensor, Bits mask) {
  const uint8_t* data = tensor.data();
  for (int64_t i = 0; i < tensor.size(); ++i) {
    Bits bits;
    std::memcpy(&bits, data + static_cast<size_t>(i) * sizeof(Bits), sizeof(Bits));
    if ((bits & mask) == mask) return i;
  }
  return -1;
}

int64_t FirstNonFinite(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kF32: return FirstNonFinite<uint32_t>(tensor, 0x7f800000u);
    case DType::kF64: return FirstNonFinite<uint64_t>(tensor, 0x7ff0000000000000u);
    case DType::kF16: return FirstNonFinite<uint16_t>(tensor, 0x7c00u);
    case DType::kBf16: return FirstNonFinite<uint16_t>(tensor, 0x7f80u);
    default: return -1;
  }
}

}  // namespace

Status CheckWeights(const Graph& graph) {
  for (const auto& [id, tensor] : graph.constants) {
    const int64_t index = FirstNonFinite(tensor);
    if (index < 0) continue;
    return Error(ErrorCode::kCorrupted, "weights " + QuoteName(graph.values[static_cast<size_t>(id)].name) + " " +
                                            ToString(tensor.dims()) + " hold NaN or infinity at element " +
                                            std::to_string(index));
  }
  return {};
}

}  // namespace lips
