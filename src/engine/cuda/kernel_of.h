// Compiled kernels that have one form.
#pragma once

#include "engine/cuda/gpu.h"

namespace lips::cuda {

// Threads of a block, and what each of them does: the overload of RunKernel that takes these arguments.
template <typename ArgsOf, int kThreadsOf>
struct KernelOf {
  using Args = ArgsOf;
  static constexpr int kThreads = kThreadsOf;
  template <typename Gpu>
  static LIPS_KERNEL void Run(Gpu& gpu, const Args& args) {
    RunKernel(gpu, args);
  }
};

}  // namespace lips::cuda
