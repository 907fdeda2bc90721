// The libraries that a shared library asks the loader for, by its own word.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// The DT_NEEDED entries of a 64-bit little-endian ELF file ("libcudart.so.13"), in the file's order; the file is read,
// not loaded. Errors: kIo; kCorrupted for what is no such file.
Result<std::vector<std::string>> NeededLibraries(const Path& file);

}  // namespace lips
