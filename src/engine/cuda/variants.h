// Which compiled kernel runs what, the same on a device and in the simulator.
#pragma once

#include <cstddef>
#include <type_traits>

#include "engine/cuda/convolution_kernel.h"
#include "engine/cuda/edge_kernels.h"
#include "engine/cuda/kernel_of.h"
#include "engine/cuda/residual_kernel.h"

namespace lips::cuda {

// The shapes kernels are compiled for. Of a convolution kTiny, kSmall and kLarge; of a residual kDepth and the others
// by pixels of a tile and output channels; those of 128 pixels have stride 1.
enum class Variant : int {
  kEdge,  // what has one form only
  kTiny,
  kSmall,
  kLarge,
  kDepth,
  k128x16,
  k128x32,
  k128x64,
  k64x32,
  k64x64,
  k64x128,
};

struct Launch {
  KernelArgs args;
  Variant variant = Variant::kEdge;
  int stride = 1;  // of a residual
  int grid_x = 1, grid_y = 1;
  size_t shared_bytes = 0;
};

// Compiled kernels: threads of a block, and what each of them does.

template <typename Tile>
struct ConvolutionOf {
  using Args = ConvolutionArgs;
  static constexpr int kThreads = Tile::kThreads;
  template <typename Gpu>
  static LIPS_KERNEL void Run(Gpu& gpu, const Args& args) {
    ConvolutionKernel<Tile>(gpu, args);
  }
};
template <int kPixels, int kOut, int kStride>
struct ResidualOf {
  using Args = ResidualArgs;
  static constexpr int kThreads = kResidualThreads;
  template <typename Gpu>
  static LIPS_KERNEL void Run(Gpu& gpu, const Args& args) {
    ResidualKernel<ResidualTile<kPixels, kOut, kStride>>(gpu, args);
  }
};
using PixelsOf = KernelOf<PixelsArgs, kEdgeThreads>;
using FacesOf = KernelOf<FacesArgs, kEdgeThreads>;
using PlanesOf = KernelOf<PlanesArgs, kEdgeThreads>;
using EnlargeOf = KernelOf<EnlargeArgs, kEdgeThreads>;

// Calls see(Kernel{}) for every kernel that takes shared memory.
template <typename See>
void ForEachKernel(See see) {
  see(ConvolutionOf<TinyTile>{});
  see(ConvolutionOf<SmallTile>{});
  see(ConvolutionOf<LargeTile>{});
  see(ResidualOf<0, 0, 1>{});
  see(ResidualOf<0, 0, 2>{});
  see(ResidualOf<128, 16, 1>{});
  see(ResidualOf<128, 32, 1>{});
  see(ResidualOf<128, 64, 1>{});
  see(ResidualOf<64, 32, 1>{});
  see(ResidualOf<64, 32, 2>{});
  see(ResidualOf<64, 64, 1>{});
  see(ResidualOf<64, 64, 2>{});
  see(ResidualOf<64, 128, 1>{});
  see(ResidualOf<64, 128, 2>{});
}

// Calls run(Kernel{}, args) for the kernel of `launch`.
template <typename Run>
auto Dispatch(const Launch& launch, Run run) {
  if (const auto* args = std::get_if<PixelsArgs>(&launch.args)) return run(PixelsOf{}, *args);
  if (const auto* args = std::get_if<FacesArgs>(&launch.args)) return run(FacesOf{}, *args);
  if (const auto* args = std::get_if<PlanesArgs>(&launch.args)) return run(PlanesOf{}, *args);
  if (const auto* args = std::get_if<EnlargeArgs>(&launch.args)) return run(EnlargeOf{}, *args);
  if (const auto* args = std::get_if<ConvolutionArgs>(&launch.args)) {
    if (launch.variant == Variant::kLarge) return run(ConvolutionOf<LargeTile>{}, *args);
    if (launch.variant == Variant::kTiny) return run(ConvolutionOf<TinyTile>{}, *args);
    return run(ConvolutionOf<SmallTile>{}, *args);
  }
  const auto& args = std::get<ResidualArgs>(launch.args);
  const bool halves = launch.stride == 2;
  switch (launch.variant) {
    case Variant::k128x16: return run(ResidualOf<128, 16, 1>{}, args);
    case Variant::k128x32: return run(ResidualOf<128, 32, 1>{}, args);
    case Variant::k128x64: return run(ResidualOf<128, 64, 1>{}, args);
    case Variant::k64x32: return halves ? run(ResidualOf<64, 32, 2>{}, args) : run(ResidualOf<64, 32, 1>{}, args);
    case Variant::k64x64: return halves ? run(ResidualOf<64, 64, 2>{}, args) : run(ResidualOf<64, 64, 1>{}, args);
    case Variant::k64x128: return halves ? run(ResidualOf<64, 128, 2>{}, args) : run(ResidualOf<64, 128, 1>{}, args);
    default: return halves ? run(ResidualOf<0, 0, 2>{}, args) : run(ResidualOf<0, 0, 1>{}, args);
  }
}

}  // namespace lips::cuda
