// Which kernel composites what, the same on a device and in the simulator.
#pragma once

#include <cstddef>

#include "engine/cuda/blend_kernel.h"
#include "engine/cuda/kernel_of.h"
#include "engine/cuda/match_kernel.h"
#include "engine/cuda/paste_kernel.h"

namespace lips::cuda {

struct CompositeLaunch {
  CompositeArgs args;
  int grid_x = 1, grid_y = 1;
  size_t shared_bytes = 0;
};

using MatchOf = KernelOf<MatchArgs, kMatchThreads>;
using BlendOf = KernelOf<BlendArgs, kBlendThreads>;
using PasteOf = KernelOf<PasteArgs, kPasteThreads>;

// Calls run(Kernel{}, args) for the kernel of `launch`.
template <typename Run>
auto Dispatch(const CompositeLaunch& launch, Run run) {
  if (const auto* args = std::get_if<MatchArgs>(&launch.args)) return run(MatchOf{}, *args);
  if (const auto* args = std::get_if<BlendArgs>(&launch.args)) return run(BlendOf{}, *args);
  return run(PasteOf{}, std::get<PasteArgs>(launch.args));
}

}  // namespace lips::cuda
