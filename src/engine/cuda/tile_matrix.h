// Products of tiles in shared memory by a warp's matrix instructions.
#pragma once

#include "engine/cuda/gpu.h"

namespace lips::cuda {

inline constexpr int kStep = 16;  // depth of one matrix instruction, and rows of its left operand

// Elements of Half from one row of a tile to the next: no two of eight rows' pieces share banks when the depth is a
// multiple of 16.
constexpr int Pitch(int depth) { return depth + kPiece; }

// Rows [row, row + 16) and depth [at, at + 16) of a tile as the left operand.
template <typename Gpu>
LIPS_KERNEL void LoadLeft(Gpu& gpu, uint32_t (&out)[4], const Half* tile, int pitch, int row, int at) {
  const int lane = gpu.thread() % kWarp;
  gpu.LoadMatrices(out, tile + (row + lane % 16) * pitch + at + lane / 16 * kPiece);
}

// Rows [row, row + 16) of a tile, which are columns of the product, as two right operands: of the first eight columns
// out[0] and out[1], of the others out[2] and out[3].
template <typename Gpu>
LIPS_KERNEL void LoadRight(Gpu& gpu, uint32_t (&out)[4], const Half* tile, int pitch, int row, int at) {
  const int lane = gpu.thread() % kWarp;
  gpu.LoadMatrices(out, tile + (row + lane % 8 + lane / 16 * 8) * pitch + at + lane / 8 % 2 * kPiece);
}

// Where a thread's four sums of a 16x8 product lie: rows row() and row() + 8, columns column() and the next.
struct SumPlace {
  LIPS_KERNEL explicit SumPlace(int thread) : row(thread % kWarp / 4), column(thread % 4 * 2) {}
  int row, column;
};

}  // namespace lips::cuda
