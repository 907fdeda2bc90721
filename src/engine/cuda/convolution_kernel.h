// Convolutions as matrix products: pixels times weights, the window gathered while it is copied.
#pragma once

#include "engine/cuda/arguments.h"
#include "engine/cuda/tile_matrix.h"

namespace lips::cuda {

// A block makes kRows pixels by kColumns channels. Its warps are kRowWarps by kColumnWarps by kDepthWarps: those of the
// last kind share the depth and add up at the end, in order, which is what keeps small pictures from waiting for one
// warp.
template <int kRowsOf, int kColumnsOf, int kRowWarpsOf, int kColumnWarpsOf, int kDepthWarpsOf, int kDepthOf,
          int kStagesOf>
struct ConvolutionTile {
  static constexpr int kRows = kRowsOf, kColumns = kColumnsOf;
  static constexpr int kRowWarps = kRowWarpsOf, kColumnWarps = kColumnWarpsOf, kDepthWarps = kDepthWarpsOf;
  static constexpr int kThreads = kWarp * kRowWarps * kColumnWarps * kDepthWarps;
  static constexpr int kDepth = kDepthOf;    // of one stage
  static constexpr int kStages = kStagesOf;  // in shared memory at a time
  static constexpr int kPitch = Pitch(kDepth);
  static constexpr int kStageHalves = (kRows + kColumns) * kPitch;
  static constexpr int kSumPitch = kColumns + 4;  // floats
  static constexpr size_t kCopyBytes = sizeof(Half) * kStages * kStageHalves;
  static constexpr size_t kSumBytes = sizeof(float) * kDepthWarps * kRows * kSumPitch;
  static constexpr size_t kSharedBytes = kCopyBytes > kSumBytes ? kCopyBytes : kSumBytes;
};

// The first two give the same bits: every sum goes the same way.
using TinyTile = ConvolutionTile<16, 32, 1, 1, 8, 256, 3>;
using SmallTile = ConvolutionTile<32, 32, 1, 1, 8, 128, 4>;
using LargeTile = ConvolutionTile<64, 64, 2, 2, 2, 64, 4>;

// Whose pixel a row of the product is.
struct ImagePixel {
  LIPS_KERNEL ImagePixel(const ConvolutionArgs& args, int row) {
    const int pixels = args.out_height * args.out_width;
    image = args.images == 1 ? (row < pixels ? 0 : 1) : row / pixels;
    pixel = row - image * pixels;
  }
  int image, pixel;
};

// Copies stages of both operands; knows which pixels its rows are.
template <typename Tile, typename Gpu>
class ConvolutionLoader {
 public:
  LIPS_KERNEL ConvolutionLoader(Gpu& gpu, const ConvolutionArgs& args)
      : gpu_(gpu), args_(args), depth_(args.kernel_height * args.kernel_width * args.channels) {
    const float inverse = 1.0f / static_cast<float>(args.out_width);
    LIPS_UNROLL
    for (int i = 0; i < kRowsEach; ++i) {
      const ImagePixel at(args, gpu.block_x() * Tile::kRows + gpu.thread() / kPieces + i * kRowsAtOnce);
      const int y = Quotient(at.pixel, inverse);
      from_[i] = at.image < args.images ? reinterpret_cast<const Half*>(args.x.Image(at.image)) : nullptr;
      top_[i] = y * args.stride_y - args.pad_top;
      left_[i] = (at.pixel - y * args.out_width) * args.stride_x - args.pad_left;
    }
    Advance(gpu.thread() % kPieces * kPiece);
  }

  LIPS_KERNEL int stages() const { return (depth_ + Tile::kDepth - 1) / Tile::kDepth; }

  // To be called for stages one after the other.
  LIPS_KERNEL void Load(int stage) {
    if (stage < stages()) {
      Half* const rows = reinterpret_cast<Half*>(gpu_.shared()) + stage % Tile::kStages * Tile::kStageHalves;
      Half* const columns = rows + Tile::kRows * Tile::kPitch;
      const int piece = gpu_.thread() % kPieces * kPiece;
      const int first = gpu_.thread() / kPieces;
      LIPS_UNROLL
      for (int i = 0; i < kRowsEach; ++i) {
        const int y = top_[i] + tap_y_;
        const int x = left_[i] + tap_x_;
        const bool valid =
            from_[i] != nullptr && at_ < depth_ && y >= 0 && y < args_.height && x >= 0 && x < args_.width;
        const Half* from =
            valid ? from_[i] + static_cast<ptrdiff_t>(y * args_.width + x) * args_.channels + channel_ : args_.weights;
        gpu_.CopyAsync(rows + (first + i * kRowsAtOnce) * Tile::kPitch + piece, from, valid);
      }
      LIPS_UNROLL
      for (int i = 0; i < Tile::kColumns / kRowsAtOnce; ++i) {
        const int column = gpu_.block_y() * Tile::kColumns + first + i * kRowsAtOnce;
        const bool valid = column < args_.out_channels && at_ < depth_;
        const Half* from = valid ? args_.weights + static_cast<ptrdiff_t>(column) * depth_ + at_ : args_.weights;
        gpu_.CopyAsync(columns + (first + i * kRowsAtOnce) * Tile::kPitch + piece, from, valid);
      }
      Advance(Tile::kDepth);
    }
    gpu_.Commit();
  }

 private:
  static constexpr int kPieces = Tile::kDepth / kPiece;
  static constexpr int kRowsAtOnce = Tile::kThreads / kPieces;
  static constexpr int kRowsEach = Tile::kRows / kRowsAtOnce;
  static_assert(kRowsEach * kRowsAtOnce == Tile::kRows && Tile::kColumns % kRowsAtOnce == 0);

  LIPS_KERNEL void Advance(int by) {
    at_ += by;
    for (channel_ += by; channel_ >= args_.channels; channel_ -= args_.channels) {
      if (++tap_x_ < args_.kernel_width) continue;
      tap_x_ = 0;
      ++tap_y_;
    }
  }

  Gpu& gpu_;
  const ConvolutionArgs& args_;
  int depth_;
  int at_ = 0, channel_ = 0, tap_y_ = 0, tap_x_ = 0;  // of this thread's piece in the next stage
  const Half* from_[kRowsEach];
  int top_[kRowsEach], left_[kRowsEach];
};

// What a thread finishes: pairs of channels of some rows, whose bias and addend it reads early.
template <typename Tile, typename Gpu>
class ConvolutionFinish {
 public:
  LIPS_KERNEL ConvolutionFinish(Gpu& gpu, const ConvolutionArgs& args) : args_(args) {
    tile_row_ = gpu.thread() / kPairs;
    tile_column_ = gpu.thread() % kPairs * 2;
    channel_ = gpu.block_y() * Tile::kColumns + tile_column_;
    first_row_ = gpu.block_x() * Tile::kRows + tile_row_;
    if (channel_ >= args.out_channels) return;
    bias_ = {args.bias[channel_], args.bias[channel_ + 1]};
    if (!args.addend.given()) return;
    LIPS_UNROLL
    for (int i = 0; i < kRowsEach; ++i) {
      const ImagePixel at(args, first_row_ + i * kRowsAtOnce);
      if (at.image < args.images) addend_[i] = *PairOf(args.addend, at);
    }
  }

  // `sums` are [kDepthWarps][kRows][kSumPitch] in shared memory.
  LIPS_KERNEL void Run(const float* sums) const {
    if (channel_ >= args_.out_channels) return;
    LIPS_UNROLL
    for (int i = 0; i < kRowsEach; ++i) {
      const ImagePixel at(args_, first_row_ + i * kRowsAtOnce);
      if (at.image >= args_.images) return;
      float low = bias_.low, high = bias_.high;
      LIPS_UNROLL
      for (int part = 0; part < Tile::kDepthWarps; ++part) {
        const float* from = sums + (part * Tile::kRows + tile_row_ + i * kRowsAtOnce) * Tile::kSumPitch + tile_column_;
        low += from[0];
        high += from[1];
      }
      if (args_.addend.given()) {
        const Floats2 addend = UnpackHalves(addend_[i]);
        low += addend.low;
        high += addend.high;
      }
      if (args_.activation == Activation::kRelu) {
        low = PositiveOf(low);
        high = PositiveOf(high);
      } else if (args_.activation == Activation::kSigmoid) {
        low = Sigmoid(low);
        high = Sigmoid(high);
      }
      *PairOf(args_.out, at) = PackHalves(low, high);
    }
  }

 private:
  static constexpr int kPairs = Tile::kColumns / 2;
  static constexpr int kRowsAtOnce = Tile::kThreads / kPairs;
  static constexpr int kRowsEach = Tile::kRows / kRowsAtOnce;
  static_assert(kRowsEach * kRowsAtOnce == Tile::kRows);

  LIPS_KERNEL uint32_t* PairOf(const Place& place, const ImagePixel& at) const {
    return reinterpret_cast<uint32_t*>(reinterpret_cast<Half*>(place.Image(at.image)) +
                                       static_cast<ptrdiff_t>(at.pixel) * args_.out_channels + channel_);
  }

  const ConvolutionArgs& args_;
  int tile_row_, tile_column_, channel_, first_row_;
  Floats2 bias_ = {0, 0};
  uint32_t addend_[kRowsEach] = {};
};

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
  const ConvolutionFinish<Tile, Gpu> finish(gpu, args);
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
  finish.Run(shared);
}

}  // namespace lips::cuda
