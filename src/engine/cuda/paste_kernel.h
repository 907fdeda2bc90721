// Crops, resized with and without the new picture inside, and their difference added to the planes of frames: what
// CubicResizer and DifferenceAdder (src/image) do, to the bit.
#pragma once

#include "engine/cuda/composite_arguments.h"
#include "kernels/sample.h"

namespace lips::cuda {

inline constexpr int kTileWidth = 32, kTileHeight = 8;  // pixels; whole blocks of chroma
inline constexpr int kPasteThreads = kTileWidth * kTileHeight;
inline constexpr int kPasteShared = 3 * kPasteThreads * static_cast<int>(sizeof(int));

struct BgrSums {
  int b, g, r;
};

// One pixel of a cubic resize of a picture of `size` x `size`; `at`(y, x) gives its pixels' samples.
template <typename At>
LIPS_KERNEL kernels::BgrSamples Resized(const CubicTaps& row, const CubicTaps& column, int size, const At& at) {
  int sums[3] = {};
  LIPS_UNROLL
  for (int j = 0; j < kernels::kCubicTaps; ++j) {
    const int y = MinOf(MaxOf(row.first + j, 0), size - 1);
    int across[3] = {};
    LIPS_UNROLL
    for (int i = 0; i < kernels::kCubicTaps; ++i) {
      const uint8_t* const pixel = at(y, MinOf(MaxOf(column.first + i, 0), size - 1));
      LIPS_UNROLL
      for (int c = 0; c < 3; ++c) across[c] += pixel[c] * column.factors[i];
    }
    LIPS_UNROLL
    for (int c = 0; c < 3; ++c) sums[c] += across[c] * row.factors[j];
  }
  return {kernels::CubicSample(sums[0]), kernels::CubicSample(sums[1]), kernels::CubicSample(sums[2])};
}

// How pixel (y, x) of the patch changes.
LIPS_KERNEL BgrSums ChangeOf(const PasteArgs& args, const PasteFrame& frame, int image, int y, int x) {
  if (x < frame.left || x >= frame.right || y < frame.top || y >= frame.bottom) return {0, 0, 0};
  const uint8_t* const crop = args.crop.Image(image);
  const uint8_t* const inner = args.inner.Image(image);
  const CubicTaps row = args.taps[frame.first_row + y - frame.top];
  const CubicTaps column = args.taps[frame.first_column + x - frame.left];
  const auto of_crop = [&](int at_y, int at_x) { return crop + 3 * (at_y * args.crop_px + at_x); };
  const kernels::BgrSamples now = Resized(row, column, args.crop_px, [&](int at_y, int at_x) {
    const int in_y = at_y - args.border, in_x = at_x - args.border;
    const bool inside = in_y >= 0 && in_y < args.size_px && in_x >= 0 && in_x < args.size_px;
    return inside ? inner + 3 * (in_y * args.size_px + in_x) : of_crop(at_y, at_x);
  });
  const auto shown = [&] {
    const FramePlanes& from = frame.from;
    const int chroma = y / 2 * from.chroma_stride + x / 2 * from.chroma_step;
    return kernels::BgrOfYuv(from.y[y * from.stride + x], from.u[chroma], from.v[chroma], frame.to_bgr);
  };
  const kernels::BgrSamples was = args.from_crop != 0 ? Resized(row, column, args.crop_px, of_crop) : shown();
  return {now.b - was.b, now.g - was.g, now.r - was.r};
}

// Grid: x over args.blocks; a thread a pixel. Of each tile the chroma is moved when all its luma is.
template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const PasteArgs& args) {
  gpu.WaitForEarlier();
  int* const changes = reinterpret_cast<int*>(gpu.shared());  // [3, kTileHeight, kTileWidth]
  int image = 0;
  for (int tile = gpu.block_x();; tile += args.blocks) {
    while (image < args.images && tile >= args.frames[image].end_tile) ++image;
    if (image == args.images) return;
    const PasteFrame& frame = args.frames[image];
    const int index = tile - frame.first_tile, tile_row = index / frame.tiles_across;
    const int top = tile_row * kTileHeight, left = (index - tile_row * frame.tiles_across) * kTileWidth;

    const int y = top + gpu.thread() / kTileWidth, x = left + gpu.thread() % kTileWidth;
    const BgrSums change = ChangeOf(args, frame, image, y, x);
    changes[gpu.thread()] = change.b;
    changes[kPasteThreads + gpu.thread()] = change.g;
    changes[2 * kPasteThreads + gpu.thread()] = change.r;
    if (y < frame.height && x < frame.width) {
      const uint8_t luma = frame.from.y[y * frame.from.stride + x];
      frame.to.y[y * frame.to.stride + x] = kernels::MovedLuma(luma, change.b, change.g, change.r, frame.to_yuv);
    }
    gpu.Sync();

    constexpr int kAcross = kTileWidth / 2, kBlocks = kPasteThreads / 4;
    const int block_y = gpu.thread() / kAcross, block_x = gpu.thread() % kAcross;
    if (gpu.thread() < kBlocks && top + 2 * block_y < frame.height && left + 2 * block_x < frame.width) {
      // Behind the frame's end its last row and column go on.
      const int right = MinOf(2 * block_x + 1, frame.width - 1 - left);
      const int below = MinOf(2 * block_y + 1, frame.height - 1 - top);
      const auto sum = [&](const int* plane) {
        const int* const upper = plane + 2 * block_y * kTileWidth;
        const int* const lower = plane + below * kTileWidth;
        return upper[2 * block_x] + upper[right] + lower[2 * block_x] + lower[right];
      };
      const int b = sum(changes), g = sum(changes + kPasteThreads), r = sum(changes + 2 * kPasteThreads);
      const int chroma_y = top / 2 + block_y, chroma_x = left / 2 + block_x;
      const int from = chroma_y * frame.from.chroma_stride + chroma_x * frame.from.chroma_step;
      const int to = chroma_y * frame.to.chroma_stride + chroma_x * frame.to.chroma_step;
      const uint8_t u = frame.from.u[from], v = frame.from.v[from];
      frame.to.u[to] = kernels::MovedU(u, b, g, r, frame.to_yuv);
      frame.to.v[to] = kernels::MovedV(v, b, g, r, frame.to_yuv);
    }
    gpu.Sync();
  }
}

}  // namespace lips::cuda
