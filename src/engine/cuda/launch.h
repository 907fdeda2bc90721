// Starts kernels on a device.
#pragma once

#include "engine/cuda/composite_launch.h"
#include "engine/cuda/variants.h"

struct CUstream_st;  // what a cudaStream_t points to

namespace lips::cuda {

// Both give what CUDA's run time answers, a cudaError_t: device.h's Check makes a Status of it.

// Lets every kernel of this process have `bytes` of shared memory. Once per device.
int AllowSharedMemory(int bytes);

// Starts `launch` on `stream` (or captures it), to begin while earlier launches there end where the device can.
int Start(const Launch& launch, CUstream_st* stream);
int Start(const CompositeLaunch& launch, CUstream_st* stream);

}  // namespace lips::cuda
