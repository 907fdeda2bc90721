// Bilinear enlargement to twice the size, in Half.
#pragma once

#include "engine/cuda/gpu.h"

namespace lips::cuda {

// Where position `at` of an enlarged axis comes from.
struct Blend {
  LIPS_KERNEL Blend(int at, int in, float scale, int align_corners) {
    const float from =
        align_corners != 0 ? static_cast<float>(at) * scale : PositiveOf((static_cast<float>(at) + 0.5f) * 0.5f - 0.5f);
    low = MinOf(static_cast<int>(from), in - 1);
    step = MinOf(low + 1, in - 1) - low;
    fraction = from - static_cast<float>(low);
  }
  int low, step;  // the lower of two positions, and how far the other is
  float fraction;
};

// Where an enlarged pixel comes from: the upper left of four, the steps to the others, in pixels.
struct LowPixel {
  LIPS_KERNEL LowPixel(const Blend& rows, const Blend& columns, int width)
      : at(rows.low * width + columns.low),
        right(columns.step),
        below(rows.step * width),
        fractions(PackHalves(columns.fraction, rows.fraction)) {}

  // A piece of the enlarged pixel; `from` is that piece of the smaller map's first pixel.
  LIPS_KERNEL Piece Enlarge(const Half* from, int channels) const {
    const auto corner = [&](int offset) {
      return *reinterpret_cast<const Piece*>(from + static_cast<unsigned>((at + offset) * channels));
    };
    const Piece a = corner(0), b = corner(right), c = corner(below), d = corner(below + right);
    const uint32_t across = (fractions & 0xffffu) * 0x10001u, down = (fractions >> 16) * 0x10001u;
    Piece out;
    LIPS_UNROLL
    for (int i = 0; i < 4; ++i) {
      out.pairs[i] =
          BlendHalves(BlendHalves(a.pairs[i], b.pairs[i], across), BlendHalves(c.pairs[i], d.pairs[i], across), down);
    }
    return out;
  }

  int at, right, below;
  uint32_t fractions;  // of Half: to the right, below
};

}  // namespace lips::cuda
