// Inverted residuals, tile by tile, with the expansion in shared memory alone.
#pragma once

#include "engine/cuda/arguments.h"
#include "engine/cuda/tile_matrix.h"

namespace lips::cuda {

inline constexpr int kHiddenChunk = 32;  // hidden channels at a time
inline constexpr int kResidualThreads = 256;
inline constexpr int kResidualWarps = kResidualThreads / kWarp;
inline constexpr int kChunkPitch = Pitch(kHiddenChunk);

// 16-row tiles of the expansion a warp may have, and so pixels of it that a tile may need.
constexpr int LeftsEach(int stride) { return stride == 1 ? 2 : 3; }
constexpr int MostRegion(int stride) { return 16 * LeftsEach(stride) * kResidualWarps; }

// What a kernel is compiled for. kPixels: of a tile, with up to kOut channels each; 0: the depth map goes out.
template <int kPixelsOf, int kOutOf, int kStrideOf>
struct ResidualTile {
  static constexpr int kPixels = kPixelsOf, kOut = kOutOf, kStride = kStrideOf;
  static constexpr bool kProjects = kPixels > 0;
};

// How far the tile of an expansion reaches, its border of zeros included.
LIPS_KERNEL int HaloSide(int tile_side, int stride) { return (tile_side - 1) * stride + 3; }

// Shared memory, in this order: the expansion's input [region, depth]; the weights of a chunk, twice where there are
// several; the chunk of the expansion [halo, kHiddenChunk]; that of the depth map. Sets what `args` says of it and
// returns the bytes. `region` is the most pixels of the picture a halo covers.
inline int ResidualShared(ResidualArgs& args, int region, int halo, int tile_pixels, int out_channels) {
  const auto bytes = [](int rows, int pitch) { return static_cast<int>(sizeof(Half)) * rows * pitch; };
  const int depth = args.x_channels + args.low_channels;
  const int rows = (region + 15) / 16 * 16;
  int chunk = bytes(kHiddenChunk, Pitch(depth));
  if (args.project != nullptr) chunk += bytes(out_channels, kChunkPitch);
  const int copies = args.project != nullptr ? 2 : 1;
  args.weights_at = bytes(rows, Pitch(depth));
  args.hidden_at = args.weights_at + copies * chunk;
  args.depth_at = args.hidden_at + bytes(halo, kChunkPitch);
  return args.depth_at + (args.project != nullptr ? bytes(tile_pixels, kChunkPitch) : 0);
}

template <typename Tile, typename Gpu>
class ResidualBlock {
 public:
  LIPS_KERNEL ResidualBlock(Gpu& gpu, const ResidualArgs& args) : gpu_(gpu), args_(args) {
    const auto tile = static_cast<int>(args.tiles[gpu.block_x() % args.tile_count]);
    image_ = gpu.block_x() / args.tile_count;
    out_top_ = (tile >> 16) * args.tile_height;
    out_left_ = (tile & 0xffff) * args.tile_width;
    halo_top_ = out_top_ * Tile::kStride - 1;
    halo_left_ = out_left_ * Tile::kStride - 1;
    halo_height_ = HaloSide(args.tile_height, Tile::kStride);
    halo_width_ = HaloSide(args.tile_width, Tile::kStride);
    top_ = MaxOf(halo_top_, 0);
    left_ = MaxOf(halo_left_, 0);
    region_width_ = MinOf(halo_left_ + halo_width_, args.width) - left_;
    region_ = (MinOf(halo_top_ + halo_height_, args.height) - top_) * region_width_;
    depth_ = args.x_channels + args.low_channels;
    pitch_ = Pitch(depth_);
    input_ = reinterpret_cast<Half*>(gpu.shared());
    hidden_ = reinterpret_cast<Half*>(gpu.shared() + args.hidden_at);
    depth_map_ = reinterpret_cast<Half*>(gpu.shared() + args.depth_at);
  }

  LIPS_KERNEL void Run() {
    const int chunks = Tile::kProjects ? args_.hidden / kHiddenChunk : 1;
    const int first = Tile::kProjects ? 0 : gpu_.block_y();
    ClearBorder();
    LoadExpand(first);
    LoadProject(first);
    gpu_.WaitForEarlier();
    LoadAddend(first);
    // In parts, so that the product of one is made while the next comes.
    const int part = depth_ >= 4 * kSplitDepth ? (depth_ / 4 + kStep - 1) / kStep * kStep : depth_;
    for (int i = 0; i < 4; ++i) {
      LoadInput(MinOf(i * part, depth_), MinOf((i + 1) * part, depth_));
      gpu_.Commit();
    }
    LoadLow();
    float sums[kRights][4] = {};
    for (int i = 0; i < chunks; ++i) {
      const int chunk = first + i;
      float expanded[kLeftsEach][kHiddenChunk / 8][4] = {};
      if (i == 0) {
        gpu_.template Wait<3>();
        gpu_.Sync();
        Expand(chunk, 0, MinOf(part, depth_), expanded);
        gpu_.template Wait<2>();
        gpu_.Sync();
        Expand(chunk, MinOf(part, depth_), MinOf(2 * part, depth_), expanded);
        gpu_.template Wait<1>();
        gpu_.Sync();
        Expand(chunk, MinOf(2 * part, depth_), MinOf(3 * part, depth_), expanded);
        gpu_.template Wait<0>();
        gpu_.Sync();
        Expand(chunk, MinOf(3 * part, depth_), depth_, expanded);
      } else {
        gpu_.template Wait<0>();
        gpu_.Sync();
        Expand(chunk, 0, depth_, expanded);
      }
      if (i + 1 < chunks) {  // into what everybody has left since the barrier
        LoadExpand(chunk + 1);
        LoadProject(chunk + 1);
      }
      KeepExpanded(chunk, expanded);
      gpu_.Sync();
      Depthwise(chunk);
      if constexpr (Tile::kProjects) {
        gpu_.Sync();
        if (i + 1 < chunks) LoadAddend(chunk + 1);
        Project(chunk, sums);
      }
      gpu_.Commit();
    }
    if constexpr (Tile::kProjects) Finish(sums);
  }

 private:
  static constexpr int kLeftsEach = LeftsEach(Tile::kStride);
  static constexpr int kSplitDepth = 64;
  static constexpr int kLeftRows = Tile::kProjects ? Tile::kPixels / 16 : 1;
  static constexpr int kWarpsEach = Tile::kProjects ? kResidualWarps / kLeftRows : 1;  // warps that share 16 pixels
  static constexpr int kRights = Tile::kProjects ? Tile::kOut / 8 / kWarpsEach : 1;    // 8-channel sums a warp has
  static_assert(!Tile::kProjects || (kLeftRows * kWarpsEach == kResidualWarps && kRights % 2 == 0));

  // Two copies, used in turn.
  LIPS_KERNEL Half* ExpandWeights(int chunk) const {
    const int bytes = (args_.hidden_at - args_.weights_at) / (Tile::kProjects ? 2 : 1);
    return reinterpret_cast<Half*>(gpu_.shared() + args_.weights_at + (Tile::kProjects ? chunk % 2 * bytes : 0));
  }
  LIPS_KERNEL Half* ProjectWeights(int chunk) const { return ExpandWeights(chunk) + kHiddenChunk * pitch_; }

  // Where pixel `at` of the region lies in the halo.
  LIPS_KERNEL int HaloIndex(int at) const {
    const int row = at / region_width_;
    return (top_ - halo_top_ + row) * halo_width_ + left_ - halo_left_ + at - row * region_width_;
  }
  LIPS_KERNEL int PictureIndex(int at) const {
    const int row = at / region_width_;
    return (top_ + row) * args_.width + left_ + at - row * region_width_;
  }

  // The depthwise convolution sees zeros outside the picture.
  LIPS_KERNEL void ClearBorder() {
    constexpr int kPieces = kHiddenChunk / kPiece;
    for (int at = gpu_.thread(); at < halo_height_ * halo_width_ * kPieces; at += kResidualThreads) {
      const int y = halo_top_ + at / kPieces / halo_width_;
      const int x = halo_left_ + at / kPieces % halo_width_;
      if (y >= 0 && y < args_.height && x >= 0 && x < args_.width) continue;
      *reinterpret_cast<Piece*>(hidden_ + at / kPieces * kChunkPitch + at % kPieces * kPiece) = Piece{{0, 0, 0, 0}};
    }
  }

  // What is added to the expansion, to where the expansion will be.
  LIPS_KERNEL void LoadAddend(int chunk) {
    if (!args_.addend.given()) return;
    constexpr int kPieces = kHiddenChunk / kPiece;
    const Half* from = reinterpret_cast<const Half*>(args_.addend.Image(image_)) + chunk * kHiddenChunk;
    for (int at = gpu_.thread(); at < region_ * kPieces; at += kResidualThreads) {
      const int piece = at % kPieces * kPiece;
      gpu_.CopyAsync(hidden_ + HaloIndex(at / kPieces) * kChunkPitch + piece,
                     from + static_cast<ptrdiff_t>(PictureIndex(at / kPieces)) * args_.hidden + piece, true);
    }
  }

  // Channels [begin, end) of x, all of the region; the rows that fill up the last 16 are zeros.
  LIPS_KERNEL void LoadInput(int begin, int end) {
    end = MinOf(end, args_.x_channels);
    const int pieces = (end - begin) / kPiece;
    if (pieces <= 0) return;
    const Half* from = reinterpret_cast<const Half*>(args_.x.Image(image_));
    const int rows = (region_ + 15) / 16 * 16;
    for (int at = gpu_.thread(); at < rows * pieces; at += kResidualThreads) {
      const int row = at / pieces;
      const int channel = begin + (at - row * pieces) * kPiece;
      const bool valid = row < region_;
      const ptrdiff_t pixel = valid ? PictureIndex(row) : 0;
      gpu_.CopyAsync(input_ + row * pitch_ + channel, from + pixel * args_.x_channels + channel, valid);
    }
  }

  // The smaller map, bilinearly enlarged.
  LIPS_KERNEL void LoadLow() {
    if (!args_.low.given()) return;
    const Half* from = reinterpret_cast<const Half*>(args_.low.Image(image_));
    const int pieces = args_.low_channels / kPiece;
    const int rows = (region_ + 15) / 16 * 16;
    for (int at = gpu_.thread(); at < rows * pieces; at += kResidualThreads) {
      const int row = at / pieces;
      const int channel = (at - row * pieces) * kPiece;
      Piece out = {{0, 0, 0, 0}};
      if (row < region_) out = Enlarged(from + channel, PictureIndex(row));
      *reinterpret_cast<Piece*>(input_ + row * pitch_ + args_.x_channels + channel) = out;
    }
  }

  struct Blend {
    int low, high;
    float fraction;
  };
  LIPS_KERNEL Blend BlendAt(int at, int in, int out) const {
    const float twice = args_.align_corners != 0 ? static_cast<float>(at) * static_cast<float>(in - 1) /
                                                       static_cast<float>(MaxOf(out - 1, 1))
                                                 : PositiveOf((static_cast<float>(at) + 0.5f) * 0.5f - 0.5f);
    const int low = MinOf(static_cast<int>(twice), in - 1);
    return {low, MinOf(low + 1, in - 1), twice - static_cast<float>(low)};
  }

  LIPS_KERNEL Piece Enlarged(const Half* from, int pixel) const {
    const int y = pixel / args_.width;
    const Blend rows = BlendAt(y, args_.low_height, args_.height);
    const Blend columns = BlendAt(pixel - y * args_.width, args_.low_width, args_.width);
    const auto at = [&](int row, int column) {
      return *reinterpret_cast<const Piece*>(from + static_cast<ptrdiff_t>(row * args_.low_width + column) *
                                                        args_.low_channels);
    };
    const Piece corners[4] = {at(rows.low, columns.low), at(rows.low, columns.high), at(rows.high, columns.low),
                              at(rows.high, columns.high)};
    Piece out;
    for (int i = 0; i < 4; ++i) {
      const Floats2 a = UnpackHalves(corners[0].pairs[i]), b = UnpackHalves(corners[1].pairs[i]);
      const Floats2 c = UnpackHalves(corners[2].pairs[i]), d = UnpackHalves(corners[3].pairs[i]);
      const auto blend = [&](float p, float q, float r, float s) {
        const float upper = p + columns.fraction * (q - p);
        const float lower = r + columns.fraction * (s - r);
        return upper + rows.fraction * (lower - upper);
      };
      out.pairs[i] = PackHalves(blend(a.low, b.low, c.low, d.low), blend(a.high, b.high, c.high, d.high));
    }
    return out;
  }

  LIPS_KERNEL void LoadExpand(int chunk) {
    const int pieces = depth_ / kPiece;
    Half* const to = ExpandWeights(chunk);
    const Half* from = args_.expand + static_cast<ptrdiff_t>(chunk) * kHiddenChunk * depth_;
    for (int at = gpu_.thread(); at < kHiddenChunk * pieces; at += kResidualThreads) {
      const int row = at / pieces;
      const int channel = (at - row * pieces) * kPiece;
      gpu_.CopyAsync(to + row * pitch_ + channel, from + row * depth_ + channel, true);
    }
  }

  LIPS_KERNEL void LoadProject(int chunk) {
    if constexpr (Tile::kProjects) {
      constexpr int kPieces = kHiddenChunk / kPiece;
      Half* const to = ProjectWeights(chunk);
      const Half* from = args_.project + chunk * kHiddenChunk;
      for (int at = gpu_.thread(); at < Tile::kOut * kPieces; at += kResidualThreads) {
        const int row = at / kPieces;
        const int channel = at % kPieces * kPiece;
        const bool valid = row < args_.out_channels;
        gpu_.CopyAsync(to + row * kChunkPitch + channel,
                       valid ? from + static_cast<ptrdiff_t>(row) * args_.hidden + channel : from, valid);
      }
    }
  }

  // Adds the product over depth [begin, end) for this warp's pixels.
  LIPS_KERNEL void Expand(int chunk, int begin, int end, float (&sums)[kLeftsEach][kHiddenChunk / 8][4]) {
    const int warp = gpu_.thread() / kWarp;
    const int lefts = (region_ + 15) / 16;
    if (warp >= lefts) return;
    const Half* weights = ExpandWeights(chunk);
    for (int at = begin; at < end; at += kStep) {
      uint32_t right[kHiddenChunk / 16][4], left[4];
      LIPS_UNROLL
      for (int j = 0; j < kHiddenChunk / 16; ++j) LoadRight(gpu_, right[j], weights, pitch_, 16 * j, at);
      LIPS_UNROLL
      for (int i = 0; i < kLeftsEach; ++i) {
        if (warp + i * kResidualWarps >= lefts) break;
        LoadLeft(gpu_, left, input_, pitch_, 16 * (warp + i * kResidualWarps), at);
        LIPS_UNROLL
        for (int j = 0; j < kHiddenChunk / 16; ++j) {
          gpu_.Multiply(sums[i][2 * j], left, right[j][0], right[j][1]);
          gpu_.Multiply(sums[i][2 * j + 1], left, right[j][2], right[j][3]);
        }
      }
    }
  }

  // Bias, addend and Relu, to the halo.
  LIPS_KERNEL void KeepExpanded(int chunk, const float (&sums)[kLeftsEach][kHiddenChunk / 8][4]) {
    const SumPlace place(gpu_.thread());
    const float* bias = args_.expand_bias + chunk * kHiddenChunk;
    LIPS_UNROLL
    for (int i = 0; i < kLeftsEach; ++i) {
      LIPS_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int pixel = 16 * (gpu_.thread() / kWarp + i * kResidualWarps) + place.row + 8 * half;
        if (pixel >= region_) continue;
        Half* const to = hidden_ + HaloIndex(pixel) * kChunkPitch;
        LIPS_UNROLL
        for (int j = 0; j < kHiddenChunk / 8; ++j) {
          const int channel = 8 * j + place.column;
          float low = sums[i][j][2 * half] + bias[channel];
          float high = sums[i][j][2 * half + 1] + bias[channel + 1];
          auto* const pair = reinterpret_cast<uint32_t*>(to + channel);
          if (args_.addend.given()) {
            const Floats2 addend = UnpackHalves(*pair);
            low += addend.low;
            high += addend.high;
          }
          *pair = PackHalves(PositiveOf(low), PositiveOf(high));
        }
      }
    }
  }

  // A thread has two channels and makes four pixels of a row at a time.
  LIPS_KERNEL void Depthwise(int chunk) {
    constexpr int kPairs = kHiddenChunk / 2, kRun = 4, kColumns = (kRun - 1) * Tile::kStride + 3;
    const int channel = gpu_.thread() % kPairs * 2;
    const int hidden_channel = chunk * kHiddenChunk + channel;
    float low[9], high[9];
    LIPS_UNROLL
    for (int tap = 0; tap < 9; ++tap) {
      low[tap] = args_.depth_weights[tap * args_.hidden + hidden_channel];
      high[tap] = args_.depth_weights[tap * args_.hidden + hidden_channel + 1];
    }
    const float low_bias = args_.depth_bias[hidden_channel], high_bias = args_.depth_bias[hidden_channel + 1];
    const int runs = (args_.tile_width + kRun - 1) / kRun;
    for (int at = gpu_.thread() / kPairs; at < args_.tile_height * runs; at += kResidualThreads / kPairs) {
      const int row = at / runs;
      const int column = (at - row * runs) * kRun;
      float sums[kRun][2];
      LIPS_UNROLL
      for (int i = 0; i < kRun; ++i) {
        sums[i][0] = low_bias;
        sums[i][1] = high_bias;
      }
      LIPS_UNROLL
      for (int tap_row = 0; tap_row < 3; ++tap_row) {
        const Half* from =
            hidden_ + ((row * Tile::kStride + tap_row) * halo_width_ + column * Tile::kStride) * kChunkPitch + channel;
        Floats2 line[kColumns];
        LIPS_UNROLL
        for (int i = 0; i < kColumns; ++i) {
          const bool inside = column * Tile::kStride + i < halo_width_;
          line[i] = inside ? UnpackHalves(*reinterpret_cast<const uint32_t*>(from + i * kChunkPitch)) : Floats2{0, 0};
        }
        LIPS_UNROLL
        for (int i = 0; i < kRun; ++i) {
          LIPS_UNROLL
          for (int tap = 0; tap < 3; ++tap) {
            sums[i][0] += low[3 * tap_row + tap] * line[i * Tile::kStride + tap].low;
            sums[i][1] += high[3 * tap_row + tap] * line[i * Tile::kStride + tap].high;
          }
        }
      }
      LIPS_UNROLL
      for (int i = 0; i < kRun; ++i) {
        if (column + i >= args_.tile_width) continue;
        const uint32_t pair = PackHalves(PositiveOf(sums[i][0]), PositiveOf(sums[i][1]));
        KeepDepth(row, column + i, channel, hidden_channel, pair);
      }
    }
  }

  LIPS_KERNEL void KeepDepth(int row, int column, int channel, int hidden_channel, uint32_t pair) {
    if constexpr (Tile::kProjects) {
      *reinterpret_cast<uint32_t*>(depth_map_ + (row * args_.tile_width + column) * kChunkPitch + channel) = pair;
    } else {
      const int y = out_top_ + row;
      const int x = out_left_ + column;
      if (y >= args_.out_height || x >= args_.out_width) return;
      auto* const out = reinterpret_cast<Half*>(args_.out.Image(image_));
      *reinterpret_cast<uint32_t*>(out + static_cast<ptrdiff_t>(y * args_.out_width + x) * args_.hidden +
                                   hidden_channel) = pair;
    }
  }

  LIPS_KERNEL void Project(int chunk, float (&sums)[kRights][4]) {
    const int warp = gpu_.thread() / kWarp;
    const Half* weights = ProjectWeights(chunk);
    LIPS_UNROLL
    for (int at = 0; at < kHiddenChunk; at += kStep) {
      uint32_t left[4];
      LoadLeft(gpu_, left, depth_map_, kChunkPitch, warp % kLeftRows * 16, at);
      LIPS_UNROLL
      for (int j = 0; j < kRights / 2; ++j) {
        uint32_t right[4];
        LoadRight(gpu_, right, weights, kChunkPitch, (warp / kLeftRows * kRights / 2 + j) * 16, at);
        gpu_.Multiply(sums[2 * j], left, right[0], right[1]);
        gpu_.Multiply(sums[2 * j + 1], left, right[2], right[3]);
      }
    }
  }

  // Bias and residual.
  LIPS_KERNEL void Finish(const float (&sums)[kRights][4]) {
    const int warp = gpu_.thread() / kWarp;
    const SumPlace place(gpu_.thread());
    auto* const out = reinterpret_cast<Half*>(args_.out.Image(image_));
    const Half* residual =
        args_.residual.given() ? reinterpret_cast<const Half*>(args_.residual.Image(image_)) : nullptr;
    LIPS_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int pixel = warp % kLeftRows * 16 + place.row + 8 * half;
      const int row = pixel / args_.tile_width;
      const int y = out_top_ + row;
      const int x = out_left_ + pixel - row * args_.tile_width;
      if (y >= args_.out_height || x >= args_.out_width) continue;
      const ptrdiff_t at = static_cast<ptrdiff_t>(y * args_.out_width + x) * args_.out_channels;
      LIPS_UNROLL
      for (int j = 0; j < kRights; ++j) {
        const int channel = warp / kLeftRows * kRights * 8 + 8 * j + place.column;
        if (channel >= args_.out_channels) break;
        float low = sums[j][2 * half] + args_.project_bias[channel];
        float high = sums[j][2 * half + 1] + args_.project_bias[channel + 1];
        if (residual != nullptr) {
          const Floats2 both = UnpackHalves(*reinterpret_cast<const uint32_t*>(residual + at + channel));
          low += both.low;
          high += both.high;
        }
        *reinterpret_cast<uint32_t*>(out + at + channel) = PackHalves(low, high);
      }
    }
  }

  Gpu& gpu_;
  const ResidualArgs& args_;
  int image_, out_top_, out_left_;
  int halo_top_, halo_left_, halo_height_, halo_width_;
  int top_, left_, region_width_, region_;  // of the halo, what lies in the picture
  int depth_, pitch_;
  Half *input_, *hidden_, *depth_map_;
};

// Grid: x over images and their tiles, y over chunks where the depth map goes out.
template <typename Tile, typename Gpu>
LIPS_KERNEL void ResidualKernel(Gpu& gpu, const ResidualArgs& args) {
  ResidualBlock<Tile, Gpu>(gpu, args).Run();
}

}  // namespace lips::cuda
