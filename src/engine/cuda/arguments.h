// What the kernels of engine cuda are given: shapes, and where in a device's memory things lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "engine/cuda/gpu.h"

namespace lips::cuda {

// Where the maps of a batch lie: one after the other from `base`, or each in a block of its own that `table` names.
struct Place {
  uint8_t* base = nullptr;
  uint8_t* const* table = nullptr;
  size_t offset = 0;       // bytes into a block of the table
  size_t image_bytes = 0;  // from one map to the next after `base`

  LIPS_KERNEL bool given() const { return base != nullptr || table != nullptr; }
  LIPS_KERNEL uint8_t* Image(int image) const {
    return table != nullptr ? table[image] + offset : base + static_cast<size_t>(image) * image_bytes;
  }
};

// Maps are [height, width, channels] of Half, channels a multiple of 16 of which the last may be padding: zeros.

enum class Activation : int { kNone, kRelu, kSigmoid };

// out = activation(convolution of x + bias + addend): a matrix product whose rows are the pixels of all images.
struct ConvolutionArgs {
  Place x, addend, out;
  const Half* weights = nullptr;  // [out_channels][kernel_height * kernel_width * channels]
  const float* bias = nullptr;    // [out_channels]
  int images = 1;
  int height = 1, width = 1, channels = 16;
  int out_height = 1, out_width = 1, out_channels = 16;
  int kernel_height = 1, kernel_width = 1;
  int stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_left = 0;
  Activation activation = Activation::kNone;
};

// An inverted residual (model/fused.h). A block makes one tile of the output from the tile of the expansion that it
// needs; either all of it, going through the hidden channels by kHiddenChunk, or (grid y) the depth map of one chunk.
struct ResidualArgs {
  Place x, low, addend, residual,
      out;                          // `out` is the depth map [out_height, out_width, hidden] when project_bias is null
  const uint8_t* chunks = nullptr;  // constants by kHiddenChunk hidden channels: see ChunkBytes (residual_kernel.h)
  const float* project_bias = nullptr;  // [out_channels]
  const uint32_t* tiles = nullptr;      // [tile_count]: row * 65536 + column of the output, in tiles
  int tile_count = 0;
  int tile_height = 0, tile_width = 0;
  int height = 1, width = 1;  // of the expansion
  int x_channels = 0, low_channels = 0;
  int low_height = 0, low_width = 0;
  int align_corners = 1;
  float row_scale = 1, column_scale = 1;  // with aligned corners: from the expansion's rows and columns to low's
  int part = 16;                          // depth loaded at a time, in up to four parts
  // log2 of the pieces of x in a part, of all of x, of low; -1 where there is none.
  int x_shift = -1, whole_x_shift = -1, low_shift = -1;
  int out_height = 1, out_width = 1, out_channels = 16;
  int hidden = 32;  // a multiple of kHiddenChunk
  // Bytes into shared memory; ResidualShared (residual_kernel.h) says what lies there.
  int chunk_at = 0, hidden_at = 0, depth_at = 0, region_at = 0, low_at = 0;
};

// The last 1x1 convolution and sigmoid: to bytes trunc(255 * sigmoid) as [height, width, 3], or floats as
// [3, height, width].
struct PixelsArgs {
  Place x, out;
  const float* weights = nullptr;  // [3][channels]
  const float* bias = nullptr;     // [3]
  int* broken = nullptr;           // [images]: set to 1 where something was NaN or infinite
  const uint32_t* used = nullptr;  // a bit per pixel, the lowest first: the others are left alone; null: all
  int images = 1, pixels = 1, channels = 16;
  int floats = 0;
};

// Two pictures [pixels, 3] of bytes, one behind the other, to a map of 16 channels: those of the first, of the second
// (each a 255th), zeros.
struct FacesArgs {
  Place x, out;
  int images = 1, pixels = 1;
};

// A map bilinearly enlarged to twice its size.
struct EnlargeArgs {
  Place x, out;
  int images = 1;
  int height = 1, width = 1, channels = 16;  // of x
  int align_corners = 1;
  float row_scale = 1, column_scale = 1;  // as in ResidualArgs
};

// Planes [planes, pixels] of floats to a map, or back.
struct PlanesArgs {
  Place planes, map;
  int images = 1, pixels = 1, plane_count = 1, channels = 16;
  int to_planes = 0;
};

using KernelArgs = std::variant<ConvolutionArgs, ResidualArgs, PixelsArgs, FacesArgs, PlanesArgs, EnlargeArgs>;

}  // namespace lips::cuda
