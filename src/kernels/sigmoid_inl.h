// Sigmoids for every vector width (see float_lanes.h).
#pragma once

#include "kernels/float_lanes.h"
#include "kernels/sigmoid.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

inline F Sigmoid(F x) {
  // The operands' order lets NaN through.
  const F t = Mul(Min(SetFloats(kSigmoidLimit), Max(SetFloats(-kSigmoidLimit), x)), SetFloats(kMinusLog2E));
  const F n = RoundToEven(t);
  const F rest = Sub(t, n);
  F power = SetFloats(kExp2Factors[0]);
  for (size_t k = 1; k < sizeof(kExp2Factors) / sizeof(float); ++k) {
    power = MulAdd(power, rest, SetFloats(kExp2Factors[k]));
  }
  const F one = SetFloats(1.0f);
  return Div(one, Add(one, ScaleByPower(power, n)));
}

// Adds 0 to `bad` where x is finite, NaN elsewhere.
inline F MarkBad(F x, F bad) { return MulAdd(x, ZeroFloats(), bad); }

// Four pixels a lane, so that the bytes of a lane's twelve samples lie side by side once they are packed.
constexpr size_t kGroup = 4 * kLanes;

// The bytes of kGroup pixels, 12 at the start of each lane: pixels[j] holds the four floats of pixel 4 k + j in lane k.
inline Vec BgrOf(const Vec (&pixels)[4], F& bad) {
  const Vec samples = FromLane(_mm_setr_epi32(-1, -1, -1, 0));
  const Vec drop_fourth = FromLane(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
  Vec levels[4];
  for (size_t j = 0; j < 4; ++j) {
    const F x = FloatsOf(And(pixels[j], samples));
    bad = MarkBad(x, bad);
    levels[j] = TruncateTo32(Mul(Sigmoid(x), SetFloats(255.0f)));
  }
  return Shuffle8(Pack16To8(Pack32To16(levels[0], levels[1]), Pack32To16(levels[2], levels[3])), drop_fourth);
}

}  // namespace

bool LIPS_ISA(SigmoidRow)(float* out, const float* in, size_t n) {
  F bad = ZeroFloats();
  size_t i = 0;
  for (; i + kFloats <= n; i += kFloats) {
    const F x = LoadFloats(in + i);
    bad = MarkBad(x, bad);
    StoreFloats(out + i, Sigmoid(x));
  }
  const bool rest_finite = SigmoidRow_scalar(out + i, in + i, n - i);
  return !HasNaN(bad) && rest_finite;
}

bool LIPS_ISA(SigmoidBgrRow)(uint8_t* bgr, const float* pixels, size_t pixel_stride, size_t n) {
  F bad = ZeroFloats();
  Vec group[4];
  size_t i = 0;
  // A lane's store reaches four bytes into the next group, so a step needs a pixel more behind it, and these two.
  for (; i + kGroup + 2 <= n; i += kGroup) {
    for (size_t j = 0; j < 4; ++j) {
      group[j] = LoadLanes(pixels + (i + j) * pixel_stride, 4 * pixel_stride * sizeof(float));
    }
    StoreLanes(bgr + 3 * i, 12, BgrOf(group, bad));
  }
  while (i < n) {
    const size_t left = n - i < kGroup ? n - i : kGroup;
    float last[4][kFloats] = {};
    for (size_t p = 0; p < left; ++p) {
      for (size_t c = 0; c < 3; ++c) last[p % 4][p / 4 * 4 + c] = pixels[(i + p) * pixel_stride + c];
    }
    for (size_t j = 0; j < 4; ++j) group[j] = Load(last[j]);
    uint8_t bytes[3 * kGroup + 4];
    StoreLanes(bytes, 12, BgrOf(group, bad));
    for (size_t k = 0; k < 3 * left; ++k) bgr[3 * i + k] = bytes[k];
    i += left;
  }
  return !HasNaN(bad);
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
