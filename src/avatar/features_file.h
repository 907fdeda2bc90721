// Packaged audio features: `aud_ave.npy` or raw `aud_ave.bin`.
#pragma once

#include <vector>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"

namespace lips {

struct FeatureTrack {
  std::vector<float> rows;  // [count, row_floats]
  int row_floats = 512;
  int64_t count() const { return static_cast<int64_t>(rows.size()) / row_floats; }
};

// NPY [N, 512] (or [N, ...] flattened per row), or raw little-endian f32 rows of `row_floats`. Errors: kIo, kCorrupted
// (NaN, size not a multiple of a row).
Result<FeatureTrack> ReadFeatures(const Path& path, int row_floats);
Result<FeatureTrack> ReadFeatures(const FilePart& file, int row_floats);

}  // namespace lips
