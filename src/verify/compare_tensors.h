// Two arrays on disk held against each other, element by element.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "tensor/tensor.h"
#include "verify/metric.h"

namespace lips {

struct ComparedTensor {
  std::string name;  // the file's
  Dims dims;
  double max_error = 0;
  double mean_error = 0;     // of magnitudes
  double psnr_db = 0;        // of the first one's range; 100 when equal
  int64_t worst_index = -1;  // flat, of the largest error; -1 when equal
};

struct TensorReport {
  std::vector<ComparedTensor> tensors;
  std::vector<Metric> metrics;  // "NAME error", "NAME psnr": told
  Json ToJson() const;
};

// Whether CompareTensors takes it: an .npy file, raw f32 (.bin), or a folder that `lipstream export` wrote.
bool IsTensorFile(const Path& path);

// Errors: those of reading; kInvalidInput when shapes differ, naming both; kCorrupted when a value is NaN in one only.
Result<TensorReport> CompareTensors(const Path& a, const Path& b);

}  // namespace lips
