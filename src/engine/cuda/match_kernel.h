// How a mouth's colours differ from its frame's where the mask fades: BorderMatch::Gather (src/composite) to the bit.
#pragma once

#include "composite/border_field.h"
#include "engine/cuda/composite_arguments.h"
#include "kernels/sample.h"

namespace lips::cuda {

inline constexpr int kMatchThreads = 128;
inline constexpr int kMatchCells = kMatchThreads / kWarp;  // of a block: a warp each
inline constexpr int kMatchPitch = kWarp + 1;              // of a number of all lanes: rows begin in different banks
inline constexpr int kMatchShared = kMatchCells * kCellNumbers * kMatchPitch * static_cast<int>(sizeof(int));

// Grid: x over cells by kMatchCells, y over images.
template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const MatchArgs& args) {
  static_assert(kWarp == 2 * border::kCell);  // lanes take a cell's columns in two of the rows that are looked at
  gpu.WaitForEarlier();
  const int side = args.size_px / border::kCell;
  const int first = gpu.block_x() * kMatchCells;
  const int warp = gpu.thread() / kWarp, lane = gpu.thread() % kWarp;
  const int cell = first + warp;
  int numbers[kCellNumbers] = {};
  if (cell < side * side) {
    const uint8_t* const crop = args.crop.Image(gpu.block_y());
    const uint8_t* const mouth = args.mouth.Image(gpu.block_y());
    const int row = cell / side;
    const int x = (cell - row * side) * border::kCell + lane % border::kCell;
    LIPS_UNROLL
    for (int i = 0; i < border::kRows; i += 2) {
      const int y = row * border::kCell + (i + lane / border::kCell) * border::kEvery;
      const int weight = border::Fading(args.mask[y * args.size_px + x]);
      if (weight == 0) continue;  // there may be no pixel of the mouth
      const uint8_t* const from = mouth + 3 * (y * args.size_px + x);
      const uint8_t* const to = crop + 3 * ((y + args.border) * args.crop_px + x + args.border);
      LIPS_UNROLL
      for (int c = 0; c < 3; ++c) {
        const int difference = to[c] - from[c];
        const int count = kernels::MatchCount(weight, difference);
        numbers[c] += count;
        numbers[3 + c] += count * difference;
      }
    }
  }
  int* const lanes = reinterpret_cast<int*>(gpu.shared());  // [kMatchCells, kCellNumbers, kMatchPitch]
  LIPS_UNROLL
  for (int n = 0; n < kCellNumbers; ++n) lanes[(warp * kCellNumbers + n) * kMatchPitch + lane] = numbers[n];
  gpu.Sync();
  const int number = gpu.thread();  // of the block's cells
  if (number >= MinOf(kMatchCells, side * side - first) * kCellNumbers) return;
  int sum = 0;
  LIPS_UNROLL
  for (int i = 0; i < kWarp; ++i) sum += lanes[number * kMatchPitch + i];
  reinterpret_cast<float*>(args.grid.Image(gpu.block_y()))[first * kCellNumbers + number] = border::OfFullCell(sum);
}

}  // namespace lips::cuda
