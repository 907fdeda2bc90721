// Tensor data stored in a file of its own, which only the model's own folder may hold.
#pragma once

#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "tensor/tensor.h"

namespace lips {

// Reads ElementCount(dims) elements at byte `offset` of the file `location` in `folder`.
//
// `location` comes out of a model file nobody vouches for, so it must be relative, free of "..", and lead through real
// folders to a regular file with a single name: a symbolic or hard link could smuggle in any file of the user's.
// Errors: kCorrupted (location, range), kIo; all name the file.
Result<Tensor> ReadExternalTensor(const Path& folder, std::string_view location, int64_t offset, DType dtype,
                                  const Dims& dims);

}  // namespace lips
