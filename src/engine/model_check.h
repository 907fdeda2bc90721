// Compares an engine's output with an expected one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "engine/session.h"

namespace lips {

struct ModelCheckRequest {
  Path model;
  std::vector<std::pair<std::string, Path>> inputs;  // graph input name -> NPY
  std::vector<Path> expected;  // one NPY per graph output, in order; empty: the reference engine's
  SessionOptions session;
};

struct OutputComparison {
  std::string output;
  Dims dims;
  double max_abs = 0;
  double rmse = 0;
  double psnr_db = 0;       // against a peak of 1
  int64_t worst_index = 0;  // flat index of max_abs
};

// Runs the model and compares every output. Errors: kInvalidInput (unknown or missing input name, shape mismatch),
// those of reading and running.
Result<std::vector<OutputComparison>> CheckModel(const ModelCheckRequest& request);

}  // namespace lips
