// Moves elements by one table of source offsets per axis: transposing, slicing, padding, repeating are all such tables.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace lips {

inline constexpr int64_t kFill = -1;  // this position has no source: the fill value goes there

// tables[axis][i]: how far, in elements, coordinate i of that axis moves the source; or kFill.
using AxisTables = std::vector<std::vector<int64_t>>;

// out(i0, i1, ...) = in[sum of tables[axis][i_axis]], or `fill` where any of them is kFill. `fill` is one element of
// the tensors' type and may be nullptr when no table holds kFill. Sizes of `out` are those of the tables; both tensors
// have the same type. Every sum must lie within `in`.
void MoveElements(const Tensor& in, const AxisTables& tables, const uint8_t* fill, Tensor& out);

// Row-major strides in elements.
std::vector<int64_t> StridesOf(const Dims& dims);

// The sizes of the tables.
Dims DimsOf(const AxisTables& tables);

// tables[axis][i] = i * stride for i in [0, dim): the axis as it is.
std::vector<int64_t> WholeAxis(int64_t dim, int64_t stride);

}  // namespace lips
