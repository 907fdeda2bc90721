// The most a device does with nothing but products of matrices, and with nothing but memory: what networks on it are
// held against.
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "engine/session.h"

namespace lips {

struct DevicePeak {
  Precision precision = Precision::kF32;
  double matrix_gflops = 0;  // of square products, by the engine's own kernel (cuBLAS)
  double memory_gb_s = 0;    // read and written, by sums of long vectors
};

// How much is computed in one run; the defaults fill the largest devices.
struct DevicePeakSize {
  int64_t matrix = 4096;              // rows and columns
  int64_t vector = int64_t{1} << 25;  // numbers
  int steps = 16;                     // products or sums one after the other
  int rounds = 5;                     // the fastest counts
};

// In `session`'s precision, which must not be kAuto, on its provider, with values that stay there. Errors: those of
// OpenSession and Run.
Result<DevicePeak> MeasureDevicePeak(const SessionOptions& session, const DevicePeakSize& size = {});

// {"f16": {"matrix_gflops", "memory_gb_s"}, ...}
Json ToJson(const std::vector<DevicePeak>& peaks);

}  // namespace lips
