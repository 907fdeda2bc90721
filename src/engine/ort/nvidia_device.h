// NVIDIA's driver, asked itself: which device there is.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace lips {

struct NvidiaDevice {
  std::string name;  // "NVIDIA H100 80GB HBM3"
  size_t memory_bytes = 0;
  int compute_major = 0;  // compute capability 9.0
  int compute_minor = 0;
  int cuda_version = 0;  // the newest the driver knows: 13000 for 13.0
};

// The first device of the driver in `library`. Errors: those of LoadNvidiaCalls (nvidia_calls.h).
Result<NvidiaDevice> FindNvidiaDevice(const std::string& library = "libcuda.so.1");

// "NVIDIA H100 80GB HBM3, 79 GiB, compute capability 9.0, CUDA 13.0"
std::string Describe(const NvidiaDevice& device);

}  // namespace lips
