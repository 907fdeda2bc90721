// Walks two or three operands under ONNX's multidirectional broadcasting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace lips {

// For operand shapes that broadcast to `out`: calls visit(out_index, operand_indices) for every element of `out`, in
// order. Indices count elements.
template <size_t kOperands, typename Visit>
void ForEachBroadcast(const Dims& out, const std::array<const Dims*, kOperands>& operands, Visit visit) {
  const size_t rank = out.size();
  std::vector<std::array<int64_t, kOperands>> strides(rank);
  int64_t count = 1;
  for (const int64_t dim : out) count *= dim;
  for (size_t operand = 0; operand < kOperands; ++operand) {
    const Dims& dims = *operands[operand];
    int64_t stride = 1;
    for (size_t i = 0; i < dims.size(); ++i) {
      const int64_t dim = dims[dims.size() - 1 - i];
      strides[rank - 1 - i][operand] = dim == 1 ? 0 : stride;
      stride *= dim;
    }
  }
  std::vector<int64_t> position(rank);
  std::array<int64_t, kOperands> at = {};
  for (int64_t index = 0; index < count; ++index) {
    visit(index, at);
    for (size_t axis = rank; axis-- > 0;) {
      for (size_t operand = 0; operand < kOperands; ++operand) at[operand] += strides[axis][operand];
      if (++position[axis] < out[axis]) break;
      for (size_t operand = 0; operand < kOperands; ++operand) at[operand] -= strides[axis][operand] * out[axis];
      position[axis] = 0;
    }
  }
}

}  // namespace lips
