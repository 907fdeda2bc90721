// A mouth blended over the roi, its colours matched by the field that the cells of match_kernel.h give:
// BorderMatch::Spread and Expand and NaturalComposite's blending (src/composite) to the bit.
#pragma once

#include "composite/border_field.h"
#include "engine/cuda/composite_arguments.h"
#include "kernels/sample.h"

namespace lips::cuda {

inline constexpr int kBlendThreads = 256;
inline constexpr int kBlendRows = 4;  // of a block: they lie between the same two rows of cells
static_assert(border::kCell / 2 % kBlendRows == 0);

// A grid's side, `coarser` grids behind one of `side`.
constexpr int SideOfGrid(int side, int coarser) { return (side + (1 << coarser) - 1) >> coarser; }

// Shared memory: all grids coarser than the finest, of `side`, then the field's parts in two rows of cells, [2, side,
// 3] of int.
constexpr int CoarserFloats(int side) {
  int floats = 0;
  for (int grid = side; grid > 1;) {
    grid = SideOfGrid(grid, 1);
    floats += grid * grid * kCellNumbers;
  }
  return floats;
}
constexpr int BlendShared(int side) { return (CoarserFloats(side) + 2 * side * 3) * static_cast<int>(sizeof(float)); }

// The level of cell (y, x) of a grid of `side`, mixed with what the next coarser one has there, if any.
LIPS_KERNEL float LevelOf(const float* grid, int side, const float* coarser, int y, int x, int c) {
  const float* const cell = grid + (y * side + x) * kCellNumbers + c;
  if (coarser == nullptr) return border::Mixed(cell[3], cell[0], 0.0f, border::kTrustInNothing);
  const float beyond = coarser[(y / 2 * SideOfGrid(side, 1) + x / 2) * kCellNumbers + 3 + c];
  return border::Mixed(cell[3], cell[0], beyond, border::kTrust);
}

// Fills the coarser grids, one behind the other, finer ones first: sums on the way up, on the way down each cell's
// level in its sums' place. Gives the first of them, or null where the finest has one cell.
template <typename Gpu>
LIPS_KERNEL const float* SpreadCells(Gpu& gpu, const float* finest, int finest_side, float* coarser) {
  const float* fine = finest;
  float* grid = coarser;
  int grids = 0;
  for (int fine_side = finest_side; fine_side > 1; fine_side = SideOfGrid(fine_side, 1), ++grids) {
    const int side = SideOfGrid(fine_side, 1);
    for (int i = gpu.thread(); i < side * side * kCellNumbers; i += kBlendThreads) {
      const int cell = i / kCellNumbers, row = cell / side;
      float sum = 0;
      LIPS_UNROLL
      for (int j = 0; j < 4; ++j) {
        const int y = 2 * row + j / 2, x = 2 * (cell - row * side) + j % 2;
        if (y < fine_side && x < fine_side) sum += fine[(y * fine_side + x) * kCellNumbers + i - cell * kCellNumbers];
      }
      grid[i] = sum;
    }
    gpu.Sync();
    fine = grid;
    grid += side * side * kCellNumbers;
  }
  const float* beyond = nullptr;
  for (; grids > 0; --grids) {
    const int side = SideOfGrid(finest_side, grids);
    grid -= side * side * kCellNumbers;
    for (int i = gpu.thread(); i < side * side * 3; i += kBlendThreads) {
      const int cell = i / 3, row = cell / side, c = i - cell * 3;
      grid[cell * kCellNumbers + 3 + c] = LevelOf(grid, side, beyond, row, cell - row * side, c);
    }
    gpu.Sync();
    beyond = grid;
  }
  return beyond;
}

// Grid: x over rows by kBlendRows, y over images. Every block spreads the cells for itself: that is less than another
// launch.
template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const BlendArgs& args) {
  gpu.WaitForEarlier();
  const int side = args.size_px / border::kCell, image = gpu.block_y();
  const int first = gpu.block_x() * kBlendRows;
  const auto* const finest = reinterpret_cast<const float*>(args.grid.Image(image));
  auto* const coarser = reinterpret_cast<float*>(gpu.shared());
  int* const parts = reinterpret_cast<int*>(coarser + CoarserFloats(side));  // [2, side, 3]
  const float* const beyond = SpreadCells(gpu, finest, side, coarser);
  const border::Between rows = border::RowsAt(first, side);
  for (int i = gpu.thread(); i < 2 * side * 3; i += kBlendThreads) {
    const int cell = i / 3, below = cell < side ? 0 : 1;
    const float level =
        LevelOf(finest, side, beyond, below == 0 ? rows.low : rows.high, cell - below * side, i - cell * 3);
    parts[i] = border::PartsOf(level);
  }
  gpu.Sync();

  const uint8_t* const crop = args.crop.Image(image);
  const uint8_t* const mouth = args.mouth.Image(image);
  uint8_t* const out = args.out.Image(image);
  for (int i = gpu.thread(); i < kBlendRows * args.size_px; i += kBlendThreads) {
    const int row = i / args.size_px, y = first + row, x = i - row * args.size_px;
    const int at = y * args.size_px + x, weight = args.mask[at];
    const uint8_t* const roi = crop + 3 * ((y + args.border) * args.crop_px + x + args.border);
    const border::Between columns = border::ColumnsAt(x, side);
    const int of_below = border::RowsAt(y, side).of_high;
    LIPS_UNROLL
    for (int c = 0; c < 3; ++c) {
      const auto field = [&](const int* of) {
        return border::PartsBetween(of[3 * columns.low + c], of[3 * columns.high + c], columns.of_high);
      };
      out[3 * at + c] = weight == 0 ? roi[c]  // there may be no pixel of the mouth
                                    : kernels::BlendMatchedSample(roi[c], mouth[3 * at + c], weight, field(parts),
                                                                  field(parts + 3 * side), of_below);
    }
  }
}

}  // namespace lips::cuda
