// Named arrays of floats and a JSON value in one file that is complete or not there: what a checkpoint is made of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace lips {

struct TensorFile {
  Json facts;
  std::map<std::string, std::vector<float>, std::less<>> arrays;
};

// "LIPSTRN1", the length of a JSON header (u64), the header {"facts", "arrays": [[name, count], ...]}, the floats of
// all arrays in that order, and the XXH64 of everything before it; little endian. Written under a temporary name,
// flushed to storage, renamed.
Status WriteTensorFile(const Path& path, const TensorFile& file);
// Errors: kIo; kCorrupted for anything that is not such a file, complete and unchanged.
Result<TensorFile> ReadTensorFile(const Path& path);

// A checkpoint and the one before it, under `path` and "<path>.previous". Writing never leaves less than one whole
// checkpoint behind, whenever the process is killed.
Status WriteCheckpoint(const Path& path, const TensorFile& file);
// The newest one that is whole. Errors: kIo when there is none at all; kCorrupted when those that exist are damaged.
Result<TensorFile> ReadCheckpoint(const Path& path);
bool HasCheckpoint(const Path& path);

}  // namespace lips
