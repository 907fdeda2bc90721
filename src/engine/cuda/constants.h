// A plan's constants, packed into one block as the kernels want them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/cuda/arguments.h"
#include "tensor/tensor.h"

namespace lips::cuda {

// What an inverted residual computes with, padding channels being zeros.
struct ResidualConstants {
  std::vector<double> expand;                  // [hidden][x_channels + low_channels]
  std::vector<double> project;                 // [out_channels][hidden]
  std::vector<double> taps;                    // [as many as there are, at most hidden][9]
  std::vector<float> expand_bias, depth_bias;  // [hidden]
};

class Constants {
 public:
  // Each gives the offset of what it appends, a multiple of 256.
  size_t Floats(std::span<const float> values);
  // Errors: kUnsupported naming the number beyond the range of Half.
  Result<size_t> Halves(std::span<const double> values);
  // By chunks of hidden channels: see ChunkBytes (residual_kernel.h). Errors: as Halves.
  Result<size_t> Chunks(const ResidualArgs& args, const ResidualConstants& of);

  std::vector<uint8_t> Take() && { return std::move(block_); }

 private:
  size_t Append(const void* data, size_t bytes);

  std::vector<uint8_t> block_;
};

// A bias of f32 or f64, `padded` numbers long; zeros without a tensor.
std::vector<float> BiasOf(const Tensor* tensor, int padded);

}  // namespace lips::cuda
