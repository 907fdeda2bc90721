// Inverted residuals, tile by tile, with the expansion in shared memory alone.
#pragma once

#include "engine/cuda/arguments.h"
#include "engine/cuda/enlarge.h"
#include "engine/cuda/tile_matrix.h"

namespace lips::cuda {

inline constexpr int kHiddenChunk = 32;  // hidden channels at a time
inline constexpr int kResidualThreads = 256;
inline constexpr int kResidualWarps = kResidualThreads / kWarp;
inline constexpr int kChunkPitch = Pitch(kHiddenChunk);

// How far the tile of an expansion reaches, its border of zeros included.
constexpr int HaloSide(int tile_side, int stride) { return (tile_side - 1) * stride + 3; }

// A warp makes half the channels of a chunk for every kRowWarps-th 16 pixels of the expansion.
inline constexpr int kRowWarps = kResidualWarps / 2;

// Tiles of kernels that project have 8 rows.
inline constexpr int kProjectedRows = 8;
// How often a warp of them does that, whatever lies outside the picture; and of others at most.
constexpr int LeftsEach(int pixels, int stride) {
  if (pixels == 0) return stride == 1 ? 4 : 6;
  const int halo = HaloSide(kProjectedRows, stride) * HaloSide(pixels / kProjectedRows, stride);
  return (halo + 16 * kRowWarps - 1) / (16 * kRowWarps);
}
// Pixels of the expansion that a tile may need.
constexpr int MostRegion(int pixels, int stride) { return 16 * LeftsEach(pixels, stride) * kRowWarps; }

// What a kernel is compiled for. kPixels: of a tile, with up to kOut channels each; 0: the depth map goes out.
template <int kPixelsOf, int kOutOf, int kStrideOf>
struct ResidualTile {
  static constexpr int kPixels = kPixelsOf, kOut = kOutOf, kStride = kStrideOf;
  static constexpr bool kProjects = kPixels > 0;
};

// The constants of one chunk of kHiddenChunk hidden channels, as they lie in global and in shared memory:
//   expand   Half [kHiddenChunk][Pitch(depth)]
//   bias     float [kHiddenChunk], of the expansion
//   taps     Half [9 + 1][kHiddenChunk], of the depthwise convolution, and its bias
//   project  Half [out_channels][kChunkPitch]
// Rows are padded to their pitch, so that copying is one run of bytes.
constexpr int ChunkBiasAt(int depth) { return static_cast<int>(sizeof(Half)) * kHiddenChunk * Pitch(depth); }
constexpr int ChunkTapsAt(int depth) { return ChunkBiasAt(depth) + static_cast<int>(sizeof(float)) * kHiddenChunk; }
constexpr int ChunkProjectAt(int depth) {
  return ChunkTapsAt(depth) + static_cast<int>(sizeof(Half)) * 10 * kHiddenChunk;
}
constexpr int ChunkBytes(int depth, int out_channels) {
  return ChunkProjectAt(depth) + static_cast<int>(sizeof(Half)) * out_channels * kChunkPitch;
}

// What a block knows of a pixel of its region: the part of the halo that lies in the picture.
struct RegionPixel {
  int picture;  // its index in the picture
  int halo;     // and in the halo
};

// Bytes behind the chunk of the expansion that may be read and are not used: a run of pixels may reach beyond its row.
inline constexpr int kOverread = static_cast<int>(sizeof(Half)) * 8 * kChunkPitch;

// Shared memory, in this order: the expansion's input [region, depth]; the constants of a chunk, twice where there are
// several; the chunk of the expansion [halo, kHiddenChunk]; that of the depth map; RegionPixels; LowPixels. Sets what
// `args` says of it and returns the bytes. `region` is the most pixels of the picture a halo covers.
inline int ResidualShared(ResidualArgs& args, int region, int halo, int tile_pixels, int out_channels, int stride) {
  const auto bytes = [](int rows, int pitch) { return static_cast<int>(sizeof(Half)) * rows * pitch; };
  const int depth = args.x_channels + args.low_channels;
  const bool projects = args.project_bias != nullptr;
  const int rows = projects ? MostRegion(tile_pixels, stride) : (region + 15) / 16 * 16;
  args.chunk_at = bytes(rows, Pitch(depth));
  args.hidden_at = args.chunk_at + (projects ? 2 * ChunkBytes(depth, out_channels) : ChunkProjectAt(depth));
  args.depth_at = args.hidden_at + bytes(halo, kChunkPitch);
  args.region_at = args.depth_at + (projects ? bytes(tile_pixels, kChunkPitch) : 0);
  args.low_at = args.region_at + rows * static_cast<int>(sizeof(RegionPixel));
  const int bytes_used = args.low_at + (args.low_channels > 0 ? rows * static_cast<int>(sizeof(LowPixel)) : 0);
  return bytes_used > args.depth_at + kOverread ? bytes_used : args.depth_at + kOverread;
}

template <typename Tile, typename Gpu>
class ResidualBlock {
 public:
  LIPS_KERNEL ResidualBlock(Gpu& gpu, const ResidualArgs& args) : gpu_(gpu), args_(args) {
    const auto tile = static_cast<int>(args.tiles[gpu.block_x() % args.tile_count]);
    image_ = gpu.block_x() / args.tile_count;
    out_top_ = (tile >> 16) * tile_height();
    out_left_ = (tile & 0xffff) * tile_width();
    halo_top_ = out_top_ * Tile::kStride - 1;
    halo_left_ = out_left_ * Tile::kStride - 1;
    top_ = MaxOf(halo_top_, 0);
    left_ = MaxOf(halo_left_, 0);
    region_width_ = MinOf(halo_left_ + halo_width(), args.width) - left_;
    region_ = (MinOf(halo_top_ + halo_height(), args.height) - top_) * region_width_;
    depth_ = args.x_channels + args.low_channels;
    pitch_ = Pitch(depth_);
    input_ = reinterpret_cast<Half*>(gpu.shared());
    hidden_ = reinterpret_cast<Half*>(gpu.shared() + args.hidden_at);
    depth_map_ = reinterpret_cast<Half*>(gpu.shared() + args.depth_at);
    pixels_ = reinterpret_cast<RegionPixel*>(gpu.shared() + args.region_at);
    low_pixels_ = reinterpret_cast<LowPixel*>(gpu.shared() + args.low_at);
  }

  LIPS_KERNEL void Run() {
    const int chunks = Tile::kProjects ? args_.hidden / kHiddenChunk : 1;
    const int first = Tile::kProjects ? 0 : gpu_.block_y();
    LoadChunk(first);
    ListRegion();
    ClearBorder();
    gpu_.Sync();
    gpu_.WaitForEarlier();
    LoadAddend(first);
    if constexpr (Tile::kProjects) {
      LoadInput(0, depth_);
      gpu_.Commit();
    } else {  // in parts, so that the product of one is made while the next comes
      for (int i = 0; i < 4; ++i) {
        LoadInput(MinOf(i * args_.part, depth_), MinOf((i + 1) * args_.part, depth_));
        gpu_.Commit();
      }
    }
    LoadLow();
    uint32_t residual[kRights][2];
    LoadResidual(residual);
    float sums[kRights][4] = {};
    for (int i = 0; i < chunks; ++i) {
      const int chunk = first + i;
      float expanded[kLeftsEach][kHalfChunk / 8][4];
      if constexpr (Tile::kProjects) {
        gpu_.template Wait<0>();
        gpu_.Sync();
        Begin(chunk, expanded);
        Expand(chunk, 0, depth_, expanded);
      } else {
        const int part = args_.part;
        gpu_.template Wait<3>();
        gpu_.Sync();
        Begin(chunk, expanded);
        Expand(chunk, 0, part, expanded);
        if (part < depth_) {
          gpu_.template Wait<2>();
          gpu_.Sync();
          Expand(chunk, part, MinOf(2 * part, depth_), expanded);
          gpu_.template Wait<1>();
          gpu_.Sync();
          Expand(chunk, MinOf(2 * part, depth_), MinOf(3 * part, depth_), expanded);
          gpu_.template Wait<0>();
          gpu_.Sync();
          Expand(chunk, MinOf(3 * part, depth_), depth_, expanded);
        }
      }
      if (i + 1 < chunks) LoadChunk(chunk + 1);  // into what everybody has left since the barrier
      KeepExpanded(expanded);
      gpu_.Sync();
      Depthwise(chunk);
      if constexpr (Tile::kProjects) {
        gpu_.Sync();
        if (i + 1 < chunks) LoadAddend(chunk + 1);
        Project(chunk, sums);
      }
      gpu_.Commit();
    }
    if constexpr (Tile::kProjects) Finish(sums, residual);
  }

 private:
  static constexpr int kLeftsEach = LeftsEach(Tile::kPixels, Tile::kStride);
  static constexpr int kHalfChunk = kHiddenChunk / 2;
  static constexpr int kRun = 4;  // pixels a thread makes at a time
  static constexpr int kLeftRows = Tile::kProjects ? Tile::kPixels / 16 : 1;
  static constexpr int kWarpsEach = Tile::kProjects ? kResidualWarps / kLeftRows : 1;  // warps that share 16 pixels
  static constexpr int kRights = Tile::kProjects ? Tile::kOut / 8 / kWarpsEach : 1;    // 8-channel sums a warp has
  static_assert(!Tile::kProjects || (kLeftRows * kWarpsEach == kResidualWarps && kRights % 2 == 0));

  // Known when compiled where the kernel projects.
  LIPS_KERNEL int tile_height() const { return Tile::kProjects ? kProjectedRows : args_.tile_height; }
  LIPS_KERNEL int tile_width() const { return Tile::kProjects ? Tile::kPixels / kProjectedRows : args_.tile_width; }
  LIPS_KERNEL int halo_height() const { return HaloSide(tile_height(), Tile::kStride); }
  LIPS_KERNEL int halo_width() const { return HaloSide(tile_width(), Tile::kStride); }

  // The constants of a chunk in shared memory: two copies, used in turn.
  LIPS_KERNEL uint8_t* ChunkOf(int chunk) const {
    const int bytes = (args_.hidden_at - args_.chunk_at) / 2;
    return gpu_.shared() + args_.chunk_at + (Tile::kProjects ? chunk % 2 * bytes : 0);
  }

  LIPS_KERNEL void LoadChunk(int chunk) {
    const int stored = ChunkBytes(depth_, args_.out_channels);
    const int bytes = Tile::kProjects ? stored : ChunkProjectAt(depth_);
    const uint8_t* from = args_.chunks + static_cast<ptrdiff_t>(chunk) * stored;
    uint8_t* const to = ChunkOf(chunk);
    for (int at = gpu_.thread() * 16; at < bytes; at += kResidualThreads * 16) gpu_.CopyAsync(to + at, from + at, true);
  }

  LIPS_KERNEL void ListRegion() {
    const float inverse = 1.0f / static_cast<float>(region_width_);
    for (int at = gpu_.thread(); at < region_; at += kResidualThreads) {
      const int row = Quotient(at, inverse);
      const int column = at - row * region_width_;
      pixels_[at] = {(top_ + row) * args_.width + left_ + column,
                     (top_ - halo_top_ + row) * halo_width() + left_ - halo_left_ + column};
      if (args_.low_channels == 0) continue;
      const Blend rows(top_ + row, args_.low_height, args_.row_scale, args_.align_corners);
      const Blend columns(left_ + column, args_.low_width, args_.column_scale, args_.align_corners);
      low_pixels_[at] = LowPixel(rows, columns, args_.low_width);
    }
  }

  // The depthwise convolution sees zeros outside the picture.
  LIPS_KERNEL void ClearBorder() {
    if (region_ == halo_height() * halo_width()) return;
    constexpr int kPieces = kHiddenChunk / kPiece;
    const float inverse = 1.0f / static_cast<float>(halo_width());
    for (int at = gpu_.thread(); at < halo_height() * halo_width(); at += kResidualThreads) {
      const int row = Quotient(at, inverse);
      const int y = halo_top_ + row;
      const int x = halo_left_ + at - row * halo_width();
      if (y >= 0 && y < args_.height && x >= 0 && x < args_.width) continue;
      LIPS_UNROLL
      for (int i = 0; i < kPieces; ++i) {
        *reinterpret_cast<Piece*>(hidden_ + at * kChunkPitch + i * kPiece) = Piece{{0, 0, 0, 0}};
      }
    }
  }

  // What is added to the expansion, to where the expansion will be.
  LIPS_KERNEL void LoadAddend(int chunk) {
    if (!args_.addend.given()) return;
    constexpr int kPieces = kHiddenChunk / kPiece;
    const Half* from = reinterpret_cast<const Half*>(args_.addend.Image(image_)) + chunk * kHiddenChunk;
    for (int at = gpu_.thread(); at < region_ * kPieces; at += kResidualThreads) {
      const RegionPixel pixel = pixels_[at / kPieces];
      const int piece = at % kPieces * kPiece;
      gpu_.CopyAsync(hidden_ + pixel.halo * kChunkPitch + piece,
                     from + static_cast<unsigned>(pixel.picture * args_.hidden + piece), true);
    }
  }

  // Calls each(row, piece) for this thread's share of `rows` times `pieces`; shift is log2(pieces), or -1.
  template <typename Each>
  LIPS_KERNEL void ShareOut(int rows, int pieces, int shift, Each each) {
    if (shift >= 0) {  // then a thread keeps its piece
      const int piece = gpu_.thread() & (pieces - 1);
      for (int row = gpu_.thread() >> shift; row < rows; row += kResidualThreads >> shift) each(row, piece);
    } else {
      for (int at = gpu_.thread(); at < rows * pieces; at += kResidualThreads) {
        const int row = at / pieces;
        each(row, at - row * pieces);
      }
    }
  }

  // Channels [begin, end) of x, all of the region. What fills up the last 16 rows may be anything: so is only what is
  // made of it, which nobody keeps.
  LIPS_KERNEL void LoadInput(int begin, int end) {
    end = MinOf(end, args_.x_channels);
    if (end <= begin) return;
    const Half* from = reinterpret_cast<const Half*>(args_.x.Image(image_)) + begin;
    ShareOut(region_, (end - begin) / kPiece, Tile::kProjects ? args_.whole_x_shift : args_.x_shift,
             [&](int row, int piece) {
               gpu_.CopyAsync(input_ + row * pitch_ + begin + piece * kPiece,
                              from + static_cast<unsigned>(pixels_[row].picture * args_.x_channels + piece * kPiece),
                              true);
             });
  }

  // The smaller map, bilinearly enlarged.
  LIPS_KERNEL void LoadLow() {
    if (args_.low_channels == 0) return;
    const Half* const from = reinterpret_cast<const Half*>(args_.low.Image(image_));
    ShareOut(region_, args_.low_channels / kPiece, args_.low_shift, [&](int row, int piece) {
      const Piece out = low_pixels_[row].Enlarge(from + piece * kPiece, args_.low_channels);
      *reinterpret_cast<Piece*>(input_ + row * pitch_ + args_.x_channels + piece * kPiece) = out;
    });
  }

  // Sums begin with the bias.
  LIPS_KERNEL void Begin(int chunk, float (&sums)[kLeftsEach][kHalfChunk / 8][4]) {
    const auto* bias = reinterpret_cast<const float*>(ChunkOf(chunk) + ChunkBiasAt(depth_)) + FirstColumn() +
                       SumPlace(gpu_.thread()).column;
    LIPS_UNROLL
    for (int j = 0; j < kHalfChunk / 8; ++j) {
      const float low = bias[8 * j], high = bias[8 * j + 1];
      LIPS_UNROLL
      for (int i = 0; i < kLeftsEach; ++i) {
        sums[i][j][0] = sums[i][j][2] = low;
        sums[i][j][1] = sums[i][j][3] = high;
      }
    }
  }

  // Of a chunk, this warp's first channel; and of the expansion its first 16 pixels.
  LIPS_KERNEL int FirstColumn() const { return gpu_.thread() / kWarp % 2 * kHalfChunk; }
  LIPS_KERNEL int FirstLeft() const { return gpu_.thread() / kWarp / 2; }

  // Adds the product over depth [begin, end) for this warp's pixels.
  LIPS_KERNEL void Expand(int chunk, int begin, int end, float (&sums)[kLeftsEach][kHalfChunk / 8][4]) {
    const Half* weights = reinterpret_cast<const Half*>(ChunkOf(chunk));
    if constexpr (Tile::kProjects) {
      LIPS_UNROLL_2
      for (int at = begin; at < end; at += kStep) {
        uint32_t right[4], left[kLeftsEach][4];
        LoadRight(gpu_, right, weights, pitch_, FirstColumn(), at);
        LIPS_UNROLL
        for (int i = 0; i < kLeftsEach; ++i) {
          LoadLeft(gpu_, left[i], input_, pitch_, 16 * (FirstLeft() + i * kRowWarps), at);
        }
        LIPS_UNROLL
        for (int i = 0; i < kLeftsEach; ++i) {
          gpu_.Multiply(sums[i][0], left[i], right[0], right[1]);
          gpu_.Multiply(sums[i][1], left[i], right[2], right[3]);
        }
      }
    } else {
      const int lefts = (region_ + 15) / 16;
      LIPS_UNROLL
      for (int i = 0; i < kLeftsEach; ++i) {
        if (FirstLeft() + i * kRowWarps >= lefts) break;
        LIPS_UNROLL_4
        for (int at = begin; at < end; at += kStep) {
          uint32_t right[4], left[4];
          LoadRight(gpu_, right, weights, pitch_, FirstColumn(), at);
          LoadLeft(gpu_, left, input_, pitch_, 16 * (FirstLeft() + i * kRowWarps), at);
          gpu_.Multiply(sums[i][0], left, right[0], right[1]);
          gpu_.Multiply(sums[i][1], left, right[2], right[3]);
        }
      }
    }
  }

  // Addend and Relu, to the halo.
  LIPS_KERNEL void KeepExpanded(const float (&sums)[kLeftsEach][kHalfChunk / 8][4]) {
    const SumPlace place(gpu_.thread());
    const bool has_addend = args_.addend.given();
    LIPS_UNROLL
    for (int i = 0; i < kLeftsEach; ++i) {
      LIPS_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int pixel = 16 * (FirstLeft() + i * kRowWarps) + place.row + 8 * half;
        if (pixel >= region_) continue;
        auto* const to =
            reinterpret_cast<uint32_t*>(hidden_ + pixels_[pixel].halo * kChunkPitch + FirstColumn() + place.column);
        uint32_t addend[2] = {0, 0};
        if (has_addend) {
          addend[0] = to[0];
          addend[1] = to[4];
        }
        LIPS_UNROLL
        for (int j = 0; j < kHalfChunk / 8; ++j) {
          uint32_t pair = PackHalves(sums[i][j][2 * half], sums[i][j][2 * half + 1]);
          if (has_addend) pair = AddHalves(pair, addend[j]);
          to[4 * j] = PositiveHalves(pair);
        }
      }
    }
  }

  // A thread has two channels and makes four pixels of a row at a time.
  LIPS_KERNEL void Depthwise(int chunk) {
    constexpr int kPairs = kHiddenChunk / 2, kColumns = (kRun - 1) * Tile::kStride + 3;
    const int channel = gpu_.thread() % kPairs * 2;
    const auto* from_taps = reinterpret_cast<const uint32_t*>(ChunkOf(chunk) + ChunkTapsAt(depth_)) + channel / 2;
    uint32_t taps[10];  // nine, and the bias
    LIPS_UNROLL
    for (int tap = 0; tap < 10; ++tap) taps[tap] = from_taps[tap * kPairs];
    const int runs = (tile_width() + kRun - 1) / kRun;
    int row = Quotient(gpu_.thread() / kPairs, 1.0f / static_cast<float>(runs));
    int run = gpu_.thread() / kPairs - row * runs;
    while (row < tile_height()) {
      const int column = run * kRun;
      // A run may reach beyond its row; what is made of that nobody keeps.
      const auto* from = reinterpret_cast<const uint32_t*>(
          hidden_ + (row * halo_width() + column) * Tile::kStride * kChunkPitch + channel);
      uint32_t sums[kRun];
      LIPS_UNROLL
      for (int i = 0; i < kRun; ++i) sums[i] = taps[9];
      LIPS_UNROLL
      for (int tap_row = 0; tap_row < 3; ++tap_row) {
        uint32_t line[kColumns];
        LIPS_UNROLL
        for (int i = 0; i < kColumns; ++i) line[i] = from[i * (kChunkPitch / 2)];
        LIPS_UNROLL
        for (int i = 0; i < kRun; ++i) {
          LIPS_UNROLL
          for (int tap = 0; tap < 3; ++tap) {
            sums[i] = FuseHalves(taps[3 * tap_row + tap], line[i * Tile::kStride + tap], sums[i]);
          }
        }
        from += halo_width() * (kChunkPitch / 2);
      }
      KeepDepth(row, column, channel, chunk * kHiddenChunk + channel, sums);
      for (run += kResidualThreads / kPairs; run >= runs; run -= runs) ++row;
    }
  }

  // Relu of the pixels of a run.
  LIPS_KERNEL void KeepDepth(int row, int column, int channel, int hidden_channel, const uint32_t (&sums)[kRun]) {
    if constexpr (Tile::kProjects) {  // whose rows are whole runs
      auto* const to = reinterpret_cast<uint32_t*>(depth_map_ + (row * tile_width() + column) * kChunkPitch + channel);
      LIPS_UNROLL
      for (int i = 0; i < kRun; ++i) to[i * (kChunkPitch / 2)] = PositiveHalves(sums[i]);
    } else {
      const int y = out_top_ + row;
      const int x = out_left_ + column;
      const int there = y < args_.out_height ? MinOf(args_.out_width - x, tile_width() - column) : 0;
      auto* const to = reinterpret_cast<Half*>(args_.out.Image(image_)) +
                       static_cast<unsigned>((y * args_.out_width + x) * args_.hidden + hidden_channel);
      LIPS_UNROLL
      for (int i = 0; i < kRun; ++i) {
        if (i < there) *reinterpret_cast<uint32_t*>(to + i * args_.hidden) = PositiveHalves(sums[i]);
      }
    }
  }

  LIPS_KERNEL void Project(int chunk, float (&sums)[kRights][4]) {
    const int warp = gpu_.thread() / kWarp;
    const Half* weights = reinterpret_cast<const Half*>(ChunkOf(chunk) + ChunkProjectAt(depth_));
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

  // Calls each(j, half, offset) for every pair of channels this thread has of the output: sums[j][2 * half] and the
  // next belong to `offset`, counted in Halves.
  template <typename Each>
  LIPS_KERNEL void ForEachOutput(Each each) {
    const int warp = gpu_.thread() / kWarp;
    const SumPlace place(gpu_.thread());
    LIPS_UNROLL
    for (int half = 0; half < 2; ++half) {
      const int pixel = warp % kLeftRows * 16 + place.row + 8 * half;
      const int row = pixel / tile_width();
      const int y = out_top_ + row;
      const int x = out_left_ + pixel - row * tile_width();
      if (y >= args_.out_height || x >= args_.out_width) continue;
      const ptrdiff_t at = static_cast<ptrdiff_t>(y * args_.out_width + x) * args_.out_channels;
      LIPS_UNROLL
      for (int j = 0; j < kRights; ++j) {
        const int channel = warp / kLeftRows * kRights * 8 + 8 * j + place.column;
        if (channel < args_.out_channels) each(j, half, channel, at + channel);
      }
    }
  }

  // Early, so that it is there in the end.
  LIPS_KERNEL void LoadResidual(uint32_t (&residual)[kRights][2]) {
    if constexpr (Tile::kProjects) {
      if (!args_.residual.given()) return;
      const Half* from = reinterpret_cast<const Half*>(args_.residual.Image(image_));
      ForEachOutput([&](int j, int half, int /*channel*/, ptrdiff_t at) {
        residual[j][half] = *reinterpret_cast<const uint32_t*>(from + at);
      });
    }
  }

  // Bias and residual.
  LIPS_KERNEL void Finish(const float (&sums)[kRights][4], const uint32_t (&residual)[kRights][2]) {
    auto* const out = reinterpret_cast<Half*>(args_.out.Image(image_));
    const bool has_residual = args_.residual.given();
    ForEachOutput([&](int j, int half, int channel, ptrdiff_t at) {
      float low = sums[j][2 * half] + args_.project_bias[channel];
      float high = sums[j][2 * half + 1] + args_.project_bias[channel + 1];
      if (has_residual) {
        const Floats2 both = UnpackHalves(residual[j][half]);
        low += both.low;
        high += both.high;
      }
      *reinterpret_cast<uint32_t*>(out + at) = PackHalves(low, high);
    });
  }

  Gpu& gpu_;
  const ResidualArgs& args_;
  int image_, out_top_, out_left_;
  int halo_top_, halo_left_;
  int top_, left_, region_width_, region_;
  int depth_, pitch_;
  Half *input_, *hidden_, *depth_map_;
  RegionPixel* pixels_;
  LowPixel* low_pixels_;
};

// Grid: x over images and their tiles, y over chunks where the depth map goes out.
template <typename Tile, typename Gpu>
LIPS_KERNEL void ResidualKernel(Gpu& gpu, const ResidualArgs& args) {
  ResidualBlock<Tile, Gpu>(gpu, args).Run();
}

}  // namespace lips::cuda
