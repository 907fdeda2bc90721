// Convolutions as matrix products: pixels times weights, the window gathered while it is copied.
#pragma once

#include "engine/cuda/arguments.h"
#include "engine/cuda/tile_matrix.h"

namespace lips::cuda {

// A block makes kRows pixels by kColumns channels. Its warps are kRowWarps by kColumnWarps by kDepthWarps: those of the
// last kind share the depth and add up at the end, in order, which is what keeps small pictures from waiting for one
// warp.
template <int kRowsOf, int kColumnsOf, int kRowWarpsOf, int kColumnWarpsOf, int kDepthWarpsOf>
struct ConvolutionTile {
  static constexpr int kRows = kRowsOf, kColumns = kColumnsOf;
  static constexpr int kRowWarps = kRowWarpsOf, kColumnWarps = kColumnWarpsOf, kDepthWarps = kDepthWarpsOf;
  static constexpr int kThreads = kWarp * kRowWarps * kColumnWarps * kDepthWarps;
  static constexpr int kDepth = 64;  // of one stage
  static constexpr int kStages = 4;
  static constexpr int kPitch = Pitch(kDepth);
  static constexpr int kStageHalves = (kRows + kColumns) * kPitch;
  static constexpr int kSumPitch = kColumns + 4;  // floats
  static constexpr size_t kCopyBytes = sizeof(Half) * kStages * kStageHalves;
  static constexpr size_t kSumBytes = sizeof(float) * kDepthWarps * kRows * kSumPitch;
  static constexpr size_t kSharedBytes = kCopyBytes > kSumBytes ? kCopyBytes : kSumBytes;
};

using SmallTile = ConvolutionTile<32, 32, 1, 1, 4>;
using LargeTile = ConvolutionTile<64, 64, 2, 2, 1>;

// Copies stages of both operands; knows which pixels its rows are.
template <typename Tile, typename Gpu>
class ConvolutionLoader {
 public:
  LIPS_KERNEL ConvolutionLoader(Gpu& gpu, const ConvolutionArgs& args)
      : gpu_(gpu), args_(args), depth_(args.kernel_height * args.kernel_width * args.channels) {
    const int out_pixels = args.out_height * args.out_width;
    for (int i = 0; i < kRowsEach; ++i) {
      const int row = gpu.block_x() * Tile::kRows + gpu.thread() / kPieces + i * kRowsAtOnce;
      const int image = row / out_pixels;
      const int pixel = row - image * out_pixels;
      const bool valid = image < args.images;
      from_[i] = valid ? reinterpret_cast<const Half*>(args.x.Image(image)) : nullptr;
      top_[i] = pixel / args.out_width * args.stride_y - args.pad_top;
      left_[i] = pixel % args.out_width * args.stride_x - args.pad_left;
    }
  }

  LIPS_KERNEL int stages() const { return (depth_ + Tile::kDepth - 1) / Tile::kDepth; }

  LIPS_KERNEL void Load(int stage) {
    if (stage < stages()) {
      Half* const rows = reinterpret_cast<Half*>(gpu_.shared()) + stage % Tile::kStages * Tile::kStageHalves;
      Half* const columns = rows + Tile::kRows * Tile::kPitch;
      const int piece = gpu_.thread() % kPieces;
      const int at = stage * Tile::kDepth + piece * kPiece;
      const int tap = at / args_.channels;
      const int channel = at - tap * args_.channels;
      const int tap_y = tap / args_.kernel_width;
      const int tap_x = tap - tap_y * args_.kernel_width;
      for (int i = 0; i < kRowsEach; ++i) {
        const int y = top_[i] + tap_y;
        const int x = left_[i] + tap_x;
        const bool valid =
            from_[i] != nullptr && at < depth_ && y >= 0 && y < args_.height && x >= 0 && x < args_.width;
        const Half* from =
            valid ? from_[i] + static_cast<ptrdiff_t>(y * args_.width + x) * args_.channels + channel : args_.weights;
        gpu_.CopyAsync(rows + (gpu_.thread() / kPieces + i * kRowsAtOnce) * Tile::kPitch + piece * kPiece, from, valid);
      }
      for (int row = gpu_.thread() / kPieces; row < Tile::kColumns; row += kRowsAtOnce) {
        const int column = gpu_.block_y() * Tile::kColumns + row;
        const bool valid = column < args_.out_channels && at < depth_;
        const Half* from = valid ? args_.weights + static_cast<ptrdiff_t>(column) * depth_ + at : args_.weights;
        gpu_.CopyAsync(columns + row * Tile::kPitch + piece * kPiece, from, valid);
      }
    }
    gpu_.Commit();
  }

 private:
  static constexpr int kPieces = Tile::kDepth / kPiece;
  static constexpr int kRowsAtOnce = Tile::kThreads / kPieces;
  static constexpr int kRowsEach = Tile::kRows / kRowsAtOnce;
  static_assert(kRowsEach * kRowsAtOnce == Tile::kRows && Tile::kColumns % kRowsAtOnce == 0);

  Gpu& gpu_;
  const ConvolutionArgs& args_;
  int depth_;
  const Half* from_[kRowsEach];
  int top_[kRowsEach], left_[kRowsEach];
};

// Bias, addend and activation for eight channels of one pixel.
LIPS_KERNEL void FinishPiece(const ConvolutionArgs& args, int image, int pixel, int channel, float (&sums)[kPiece]) {
  const ptrdiff_t at = static_cast<ptrdiff_t>(pixel) * args.out_channels + channel;
  for (int i = 0; i < kPiece; ++i) sums[i] += args.bias[channel + i];
  if (args.addend.given()) {
    const Piece addend = *reinterpret_cast<const Piece*>(reinterpret_cast<const Half*>(args.addend.Image(image)) + at);
    for (int i = 0; i < 4; ++i) {
      const Floats2 both = UnpackHalves(addend.pairs[i]);
      sums[2 * i] += both.low;
      sums[2 * i + 1] += both.high;
    }
  }
  for (int i = 0; i < kPiece; ++i) {
    if (args.activation == Activation::kRelu) sums[i] = PositiveOf(sums[i]);
    if (args.activation == Activation::kSigmoid) sums[i] = Sigmoid(sums[i]);
  }
  Piece out;
  for (int i = 0; i < 4; ++i) out.pairs[i] = PackHalves(sums[2 * i], sums[2 * i + 1]);
  *reinterpret_cast<Piece*>(reinterpret_cast<Half*>(args.out.Image(image)) + at) = out;
}

// Grid: x over rows of pixels, y over channels.
template <typename Tile, typename Gpu>
LIPS_KERNEL void ConvolutionKernel(Gpu& gpu, const ConvolutionArgs& args) {
  constexpr int kWarpRows = Tile::kRows / Tile::kRowWarps, kWarpColumns = Tile::kColumns / Tile::kColumnWarps;
  constexpr int kLefts = kWarpRows / 16, kRights = kWarpColumns / 16;
  const int warp = gpu.thread() / kWarp;
  const int row = warp % Tile::kRowWarps * kWarpRows;
  const int column = warp / Tile::kRowWarps % Tile::kColumnWarps * kWarpColumns;
  const int first_step = warp / (Tile::kRowWarps * Tile::kColumnWarps);

  ConvolutionLoader<Tile, Gpu> loader(gpu, args);
  float sums[kLefts][2 * kRights][4] = {};
  gpu.WaitForEarlier();
  for (int stage = 0; stage < Tile::kStages - 1; ++stage) loader.Load(stage);
  for (int stage = 0; stage < loader.stages(); ++stage) {
    gpu.template Wait<Tile::kStages - 2>();
    gpu.Sync();
    loader.Load(stage + Tile::kStages - 1);  // where everybody has finished reading
    const Half* rows = reinterpret_cast<const Half*>(gpu.shared()) + stage % Tile::kStages * Tile::kStageHalves;
    const Half* columns = rows + Tile::kRows * Tile::kPitch;
    LIPS_UNROLL
    for (int step = 0; step < Tile::kDepth / kStep; step += Tile::kDepthWarps) {
      uint32_t left[kLefts][4], right[kRights][4];
      const int at = (step + first_step) * kStep;
      LIPS_UNROLL
      for (int i = 0; i < kLefts; ++i) LoadLeft(gpu, left[i], rows, Tile::kPitch, row + 16 * i, at);
      LIPS_UNROLL
      for (int j = 0; j < kRights; ++j) LoadRight(gpu, right[j], columns, Tile::kPitch, column + 16 * j, at);
      LIPS_UNROLL
      for (int i = 0; i < kLefts; ++i) {
        LIPS_UNROLL
        for (int j = 0; j < kRights; ++j) {
          gpu.Multiply(sums[i][2 * j], left[i], right[j][0], right[j][1]);
          gpu.Multiply(sums[i][2 * j + 1], left[i], right[j][2], right[j][3]);
        }
      }
    }
  }

  gpu.template Wait<0>();
  gpu.Sync();
  float* const shared = reinterpret_cast<float*>(gpu.shared());
  const SumPlace place(gpu.thread());
  float* const mine = shared + first_step * Tile::kRows * Tile::kSumPitch;
  LIPS_UNROLL
  for (int i = 0; i < kLefts; ++i) {
    LIPS_UNROLL
    for (int j = 0; j < 2 * kRights; ++j) {
      float* const to = mine + (row + 16 * i + place.row) * Tile::kSumPitch + column + 8 * j + place.column;
      to[0] = sums[i][j][0];
      to[1] = sums[i][j][1];
      to[8 * Tile::kSumPitch] = sums[i][j][2];
      to[8 * Tile::kSumPitch + 1] = sums[i][j][3];
    }
  }
  gpu.Sync();
  const int out_pixels = args.out_height * args.out_width;
  for (int at = gpu.thread(); at < Tile::kRows * Tile::kColumns / kPiece; at += Tile::kThreads) {
    const int tile_row = at / (Tile::kColumns / kPiece);
    const int tile_column = at % (Tile::kColumns / kPiece) * kPiece;
    const int pixel = gpu.block_x() * Tile::kRows + tile_row;
    const int channel = gpu.block_y() * Tile::kColumns + tile_column;
    const int image = pixel / out_pixels;
    if (image >= args.images || channel >= args.out_channels) continue;
    float total[kPiece] = {};
    for (int part = 0; part < Tile::kDepthWarps; ++part) {
      const float* from = shared + (part * Tile::kRows + tile_row) * Tile::kSumPitch + tile_column;
      for (int i = 0; i < kPiece; ++i) total[i] += from[i];
    }
    FinishPiece(args, image, pixel - image * out_pixels, channel, total);
  }
}

}  // namespace lips::cuda
