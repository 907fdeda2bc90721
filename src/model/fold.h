// Evaluates the small integer and float arithmetic exporters compute shapes with.
#pragma once

#include <optional>

#include "model/operands.h"

namespace lips {

// The value of the only output of `operands.node`, of `out_dims` and `out_type` as the shape and type rules gave them,
// or nothing when the operator is not one of shape arithmetic, an input it needs is not known, or the tensors are
// larger than kMostFoldedElements. Shape and Size need their input's dims alone.
// Errors: kCorrupted (an index out of range, a division by zero, a float no integer holds).
Result<std::optional<Tensor>> Fold(const Operands& operands, const Dims& out_dims, DType out_type);

inline constexpr int64_t kMostFoldedElements = 4096;  // no shape is longer, and no fold is slow

}  // namespace lips
