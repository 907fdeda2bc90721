// Where pictures and sound come in, and where pictures go out.
#pragma once

#include "engine/cuda/arguments.h"

namespace lips::cuda {

inline constexpr int kEdgeThreads = 128;

// Grid of all three: x over images * pixels in kEdgeThreads.

template <typename Gpu>
LIPS_KERNEL void PixelsKernel(Gpu& gpu, const PixelsArgs& args) {
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
LIPS_KERNEL void FacesKernel(Gpu& gpu, const FacesArgs& args) {
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

template <typename Gpu>
LIPS_KERNEL void PlanesKernel(Gpu& gpu, const PlanesArgs& args) {
  gpu.WaitForEarlier();
  const int at = gpu.block_x() * kEdgeThreads + gpu.thread();
  const int image = at / args.pixels;
  const int pixel = at - image * args.pixels;
  if (image >= args.images) return;
  float* const planes = reinterpret_cast<float*>(args.planes.Image(image)) + pixel;
  Half* const map = reinterpret_cast<Half*>(args.map.Image(image)) + static_cast<ptrdiff_t>(pixel) * args.channels;
  for (int channel = 0; channel < args.channels; channel += 2) {
    auto* const pair = reinterpret_cast<uint32_t*>(map + channel);
    const ptrdiff_t plane = static_cast<ptrdiff_t>(channel) * args.pixels;
    const bool low = channel < args.plane_count, high = channel + 1 < args.plane_count;
    if (args.to_planes != 0) {
      const Floats2 both = UnpackHalves(*pair);
      if (low) planes[plane] = both.low;
      if (high) planes[plane + args.pixels] = both.high;
    } else {
      *pair = PackHalves(low ? planes[plane] : 0.0f, high ? planes[plane + args.pixels] : 0.0f);
    }
  }
}

}  // namespace lips::cuda
