// Which kernel composites what, the same on a device and in the simulator.
#pragma once

#include <cstddef>

#include "engine/cuda/blend_kernel.h"
#include "engine/cuda/match_kernel.h"
#include "engine/cuda/paste_kernel.h"

namespace lips::cuda {

struct CompositeLaunch {
  CompositeArgs args;
  int grid_x = 1, grid_y = 1;
  size_t shared_bytes = 0;
};

// Kernels: threads of a block, and what each of them does.

struct MatchOf {
  using Args = MatchArgs;
  static constexpr int kThreads = kMatchThreads;
  template <typename Gpu>
  static LIPS_KERNEL void Run(Gpu& gpu, const Args& args) {
    MatchKernel(gpu, args);
  }
};
struct BlendOf {
  using Args = BlendArgs;
  static constexpr int kThreads = kBlendThreads;
  template <typename Gpu>
  static LIPS_KERNEL void Run(Gpu& gpu, const Args& args) {
    BlendKernel(gpu, args);
  }
};
struct PasteOf {
  using Args = PasteArgs;
  static constexpr int kThreads = kPasteThreads;
  template <typename Gpu>
  static LIPS_KERNEL void Run(Gpu& gpu, const Args& args) {
    PasteKernel(gpu, args);
  }
};

// Calls run(Kernel{}, args) for the kernel of `launch`.
template <typename Run>
auto Dispatch(const CompositeLaunch& launch, Run run) {
  if (const auto* args = std::get_if<MatchArgs>(&launch.args)) return run(MatchOf{}, *args);
  if (const auto* args = std::get_if<BlendArgs>(&launch.args)) return run(BlendOf{}, *args);
  return run(PasteOf{}, std::get<PasteArgs>(launch.args));
}

}  // namespace lips::cuda
