// NumPy's NPY files: read from anywhere, written as version 1.0.
#pragma once

#include <span>

#include "base/file.h"
#include "base/result.h"
#include "tensor/tensor.h"

namespace lips {

// Accepts versions 1.0 to 3.0, C and Fortran order (transposed to C), little and big endian, and the types
// f2 f4 f8 i1 i4 i8 u1 b1. Errors: kCorrupted (bad header, truncated, trailing bytes), kUnsupported (object,
// string or structured type), kResourceLimit.
Result<Tensor> ParseNpy(std::span<const uint8_t> bytes);

// ParseNpy of a file; errors name the path.
Result<Tensor> ReadNpy(const Path& path);

// Atomic. `tensor` may have any dtype but bf16 (which NPY does not know: kUnsupported). Errors: kIo.
Status WriteNpy(const Path& path, const TensorView& tensor);

}  // namespace lips
