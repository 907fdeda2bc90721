// Where pictures and sound come in, and where pictures go out.
#pragma once

#include "engine/cuda/arguments.h"
#include "engine/cuda/enlarge.h"

namespace lips::cuda {

inline constexpr int kEdgeThreads = 128;

// Grid: x over images * pixels of the result by kEdgeThreads.

template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const PixelsArgs& args) {
  gpu.WaitForEarlier();
  const int at = gpu.block_x() * kEdgeThreads + gpu.thread();
  const int image = at / args.pixels;
  const int pixel = at - image * args.pixels;
  if (image >= args.images) return;
  if (args.used != nullptr && (args.used[pixel / 32] >> (pixel % 32) & 1u) == 0) return;
  const Half* x = reinterpret_cast<const Half*>(args.x.Image(image)) + static_cast<ptrdiff_t>(pixel) * args.channels;
  float sums[3] = {args.bias[0], args.bias[1], args.bias[2]};
  for (int channel = 0; channel < args.channels; channel += kPiece) {
    const Piece piece = *reinterpret_cast<const Piece*>(x + channel);
    LIPS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const Floats2 both = UnpackHalves(piece.pairs[i]);
      LIPS_UNROLL
      for (int out = 0; out < 3; ++out) {
        const float* weights = args.weights + out * args.channels + channel + 2 * i;
        sums[out] += weights[0] * both.low;
        sums[out] += weights[1] * both.high;
      }
    }
  }
  for (int out = 0; out < 3; ++out) {
    if (!IsFinite(sums[out])) args.broken[image] = 1;
    const float level = Sigmoid(sums[out]);
    if (args.floats != 0) {
      reinterpret_cast<float*>(args.out.Image(image))[out * args.pixels + pixel] = level;
    } else {
      args.out.Image(image)[3 * pixel + out] = IsFinite(sums[out]) ? static_cast<uint8_t>(level * 255.0f) : uint8_t{0};
    }
  }
}

template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const FacesArgs& args) {
  gpu.WaitForEarlier();
  const int at = gpu.block_x() * kEdgeThreads + gpu.thread();
  const int image = at / args.pixels;
  const int pixel = at - image * args.pixels;
  if (image >= args.images) return;
  const uint8_t* first = args.x.Image(image) + 3 * static_cast<ptrdiff_t>(pixel);
  const uint8_t* second = first + 3 * static_cast<ptrdiff_t>(args.pixels);
  const auto unit = [](uint8_t level) { return static_cast<float>(level) / 255.0f; };
  Piece* const out = reinterpret_cast<Piece*>(args.out.Image(image) + sizeof(Half) * 16 * static_cast<size_t>(pixel));
  out[0] = Piece{{PackHalves(unit(first[0]), unit(first[1])), PackHalves(unit(first[2]), unit(second[0])),
                  PackHalves(unit(second[1]), unit(second[2])), 0}};
  out[1] = Piece{{0, 0, 0, 0}};
}

// Grid y over pieces of channels.
template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const PlanesArgs& args) {
  gpu.WaitForEarlier();
  const int at = gpu.block_x() * kEdgeThreads + gpu.thread();
  const int image = at / args.pixels;
  const int pixel = at - image * args.pixels;
  if (image >= args.images) return;
  const int channel = gpu.block_y() * kPiece;
  const ptrdiff_t stride = args.pixels;
  float* const planes = reinterpret_cast<float*>(args.planes.Image(image)) + pixel + channel * stride;
  Half* const map = reinterpret_cast<Half*>(args.map.Image(image)) + static_cast<ptrdiff_t>(pixel) * args.channels;
  auto* const piece = reinterpret_cast<Piece*>(map + channel);
  float values[kPiece];
  if (args.to_planes != 0) {
    const Piece from = *piece;
    LIPS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const Floats2 both = UnpackHalves(from.pairs[i]);
      values[2 * i] = both.low;
      values[2 * i + 1] = both.high;
    }
    LIPS_UNROLL
    for (int i = 0; i < kPiece; ++i) {
      if (channel + i < args.plane_count) planes[i * stride] = values[i];
    }
    return;
  }
  LIPS_UNROLL
  for (int i = 0; i < kPiece; ++i) values[i] = channel + i < args.plane_count ? planes[i * stride] : 0.0f;
  Piece to;
  LIPS_UNROLL
  for (int i = 0; i < 4; ++i) to.pairs[i] = PackHalves(values[2 * i], values[2 * i + 1]);
  *piece = to;
}

// Grid y over pieces of channels.
template <typename Gpu>
LIPS_KERNEL void RunKernel(Gpu& gpu, const EnlargeArgs& args) {
  gpu.WaitForEarlier();
  const int at = gpu.block_x() * kEdgeThreads + gpu.thread();
  const int pixels = 4 * args.height * args.width;
  const int image = at / pixels;
  const int pixel = at - image * pixels;
  if (image >= args.images) return;
  const int y = pixel / (2 * args.width);
  const LowPixel low(Blend(y, args.height, args.row_scale, args.align_corners),
                     Blend(pixel - y * 2 * args.width, args.width, args.column_scale, args.align_corners), args.width);
  const int channel = gpu.block_y() * kPiece;
  const Half* const from = reinterpret_cast<const Half*>(args.x.Image(image)) + channel;
  Half* const to = reinterpret_cast<Half*>(args.out.Image(image)) + channel;
  *reinterpret_cast<Piece*>(to + static_cast<unsigned>(pixel * args.channels)) = low.Enlarge(from, args.channels);
}

}  // namespace lips::cuda
