// For tests: runs kernels of engine cuda on the host, thread by thread, as a device may: the threads of a block in any
// order between barriers, copies to shared memory not before they are waited for, shared memory full of NaN at first.
#pragma once

#include "base/result.h"
#include "engine/cuda/composite_launch.h"
#include "engine/cuda/plan.h"

namespace lips::cuda {

// Runs one launch; pointers in its arguments are the host's. `order` seeds the order of threads; correct kernels give
// the same for any. Errors: kCorrupted where threads meet different barriers, a copy is not aligned or nobody waits for
// it; kResourceLimit for more shared memory than a device has.
Status Simulate(const Launch& launch, unsigned order);
Status Simulate(const CompositeLaunch& launch, unsigned order);

}  // namespace lips::cuda
