// What the compositing kernels of engine cuda are given.
#pragma once

#include <cstdint>
#include <variant>

#include "engine/cuda/arguments.h"
#include "kernels/bgr_to_yuv.h"
#include "kernels/cubic.h"
#include "kernels/yuv_to_bgr.h"

namespace lips::cuda {

// Crops are [crop_px, crop_px, 3] of bytes, B, G, R; mouths, rois and the mask [size_px, size_px, 3 or 1] of bytes. The
// roi is what lies `border` pixels inside the crop.

// A cell's numbers in the field's grid (composite/border_match.h): the weights of B, G, R, then the sums.
inline constexpr int kCellNumbers = 6;

// Gathers the finest grid: [side, side, kCellNumbers] of float, side = size_px / border::kCell.
struct MatchArgs {
  Place crop, mouth, grid;
  const uint8_t* mask = nullptr;
  int size_px = 0, crop_px = 0, border = 0;
};

// Spreads the grid and blends the matched mouth over the roi, to `out` [size_px, size_px, 3].
struct BlendArgs {
  Place crop, mouth, grid, out;
  const uint8_t* mask = nullptr;
  int size_px = 0, crop_px = 0, border = 0;
};

// Planes of 4:2:0 samples: I420 where chroma_step is 1, NV12 where it is 2 and v = u + 1.
struct FramePlanes {
  uint8_t *y = nullptr, *u = nullptr, *v = nullptr;
  int stride = 0, chroma_stride = 0;  // bytes from row to row
  int chroma_step = 1;                // bytes from one sample of u, and of v, to the next
};

// Where a position of a resize comes from: see CubicAxis (image/cubic_axis.h).
struct CubicTaps {
  int32_t first;
  int16_t factors[kernels::kCubicTaps];
};

// How one image of a batch gets into its frame. Its patch is the part of the frame that changes, widened to whole 2x2
// blocks; pixels count from the patch's upper left.
struct PasteFrame {
  FramePlanes from, to;                                // of the patch; they may be the same
  int left = 0, top = 0, right = 0, bottom = 0;        // the part that changes
  int width = 0, height = 0;                           // of the patch, as far as the frame goes
  int first_column = 0, first_row = 0;                 // of the part that changes, into PasteArgs::taps
  int first_tile = 0, end_tile = 0, tiles_across = 0;  // kTileWidth x kTileHeight each, counted through the batch
  kernels::BgrToYuvFactors to_yuv;
  kernels::YuvToBgrFactors to_bgr;
};

// Resizes crops, with and without the new picture inside, and adds the difference to the frames.
struct PasteArgs {
  Place crop;
  Place inner;                         // [size_px, size_px, 3]: what the roi becomes
  const PasteFrame* frames = nullptr;  // [images]
  const CubicTaps* taps = nullptr;
  int images = 1, blocks = 1;  // blocks go through the tiles of all images
  int size_px = 0, crop_px = 0, border = 0;
  // The difference is to the crop, resized in the same way; or else to what the frame shows.
  int from_crop = 1;
};

using CompositeArgs = std::variant<MatchArgs, BlendArgs, PasteArgs>;

}  // namespace lips::cuda
