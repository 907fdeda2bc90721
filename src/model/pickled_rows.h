// Rows of numbers out of a file that a Python program pickled, without running anything that is in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace lips {

// What `pickle.dump` wrote (protocols 2 to 5) of a list or tuple of rows, or of a two-dimensional NumPy array. A row is
// a list, a tuple or a one-dimensional array of at most `most` numbers, of Python's or of NumPy's; None is an empty
// row. The globals that mean something are those by which NumPy pickles numbers and arrays of i1 to i8, u1 to u8, f4,
// f8 and b1.
//
// Errors: kUnsupported naming a global ("'os.system' is not allowed") or an opcode beyond these; kResourceLimit as
// ReadPickle; kInvalidInput when it holds something else than rows of numbers, saying where; kCorrupted otherwise.
Result<std::vector<std::vector<double>>> ReadPickledRows(std::span<const uint8_t> bytes, size_t most);

}  // namespace lips
