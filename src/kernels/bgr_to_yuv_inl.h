// Changes of B, G, R to changes of Y'CbCr for every vector width (see lanes.h).
#pragma once

#include "kernels/bgr_to_yuv.h"
#include "kernels/interleave_inl.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

// out[i] = now[i] - was[i] for kBytes samples.
inline void StoreDifference(int16_t* out, Vec now, Vec was) {
  // Each lane's 16 samples are 32 bytes of result: low halves to the even 16 bytes, high halves to the odd ones.
  const Vec low = Sub16(UnpackLow8(now, Zero()), UnpackLow8(was, Zero()));
  const Vec high = Sub16(UnpackHigh8(now, Zero()), UnpackHigh8(was, Zero()));
  StoreLanes(out, 32, low);
  StoreLanes(out + 8, 32, high);
}

inline void DifferenceVector(int16_t* b, int16_t* g, int16_t* r, const uint8_t* now, const uint8_t* was) {
  const BgrVecs n = LoadBgr(now);
  const BgrVecs w = LoadBgr(was);
  StoreDifference(b, n.b, w.b);
  StoreDifference(g, n.g, w.g);
  StoreDifference(r, n.r, w.r);
}

struct LumaFactors {
  Vec bg;       // b_to_y, g_to_y
  Vec r_round;  // r_to_y, one half
};

// 8 kLanes samples.
inline void AddLumaVector(uint8_t* y, const int16_t* b, const int16_t* g, const int16_t* r, const LumaFactors& f) {
  const Vec vb = Load(b), vg = Load(g), vr = Load(r);
  const Vec one = Set16(1);
  const Vec low = Add32(MulAddPairs16(UnpackLow16(vb, vg), f.bg), MulAddPairs16(UnpackLow16(vr, one), f.r_round));
  const Vec high = Add32(MulAddPairs16(UnpackHigh16(vb, vg), f.bg), MulAddPairs16(UnpackHigh16(vr, one), f.r_round));
  StoreClamped8(y, Add16(LoadWiden8(y), Pack32To16(ShiftRight32<15>(low), ShiftRight32<15>(high))));
}

// The sums of 8 kLanes blocks as words, in order.
inline Vec BlockSums(const int16_t* const rows[2], size_t first_block) {
  const int16_t* upper = rows[0] + 2 * first_block;
  const int16_t* lower = rows[1] + 2 * first_block;
  const Vec one = Set16(1);
  // Lane k has to end up with blocks 8 k .. 8 k + 7: four from the first 16 bytes of its columns, four from the second.
  const Vec first = MulAddPairs16(Add16(LoadLanes(upper, 32), LoadLanes(lower, 32)), one);
  const Vec second = MulAddPairs16(Add16(LoadLanes(upper + 8, 32), LoadLanes(lower + 8, 32)), one);
  return Pack32To16(first, second);
}

struct ChromaFactors {
  Vec bg;
  Vec r_round;
};

// Adds to 8 kLanes samples. The sums are in [-1020, 1020], so pairs of products stay far inside 32 bits.
inline void AddChroma(uint8_t* samples, Vec b, Vec g, Vec r, const ChromaFactors& f) {
  const Vec four = Set16(4);  // times 2^14 is one half in 17 fractional bits
  const Vec low = Add32(MulAddPairs16(UnpackLow16(b, g), f.bg), MulAddPairs16(UnpackLow16(r, four), f.r_round));
  const Vec high = Add32(MulAddPairs16(UnpackHigh16(b, g), f.bg), MulAddPairs16(UnpackHigh16(r, four), f.r_round));
  StoreClamped8(samples, Add16(LoadWiden8(samples), Pack32To16(ShiftRight32<17>(low), ShiftRight32<17>(high))));
}

constexpr int16_t kRound = 1 << 14;

}  // namespace

void LIPS_ISA(BgrDifferenceRow)(int16_t* b, int16_t* g, int16_t* r, const uint8_t* now, const uint8_t* was, size_t n) {
  if (n < kBytes) return BgrDifferenceRow_scalar(b, g, r, now, was, n);
  for (size_t i = 0; i < n; i += kBytes) {
    if (i + kBytes > n) i = n - kBytes;  // the last step overlaps its neighbour instead of leaving a remainder
    DifferenceVector(b + i, g + i, r + i, now + 3 * i, was + 3 * i);
  }
}

void LIPS_ISA(AddLumaRow)(uint8_t* y, const int16_t* b, const int16_t* g, const int16_t* r, size_t n,
                          const BgrToYuvFactors& f) {
  constexpr size_t kStep = 8 * kLanes;
  const LumaFactors factors = {SetPair16(f.b_to_y, f.g_to_y), SetPair16(f.r_to_y, kRound)};
  size_t i = 0;
  for (; i + kStep <= n; i += kStep) AddLumaVector(y + i, b + i, g + i, r + i, factors);
  AddLumaRow_scalar(y + i, b + i, g + i, r + i, n - i, f);  // in place: an overlapping step would add twice
}

void LIPS_ISA(AddChromaRow)(uint8_t* u, uint8_t* v, const DifferenceRows& rows, size_t n, const BgrToYuvFactors& f) {
  constexpr size_t kStep = 8 * kLanes;
  const ChromaFactors to_u = {SetPair16(f.b_to_u, f.g_to_u), SetPair16(f.r_to_u, kRound)};
  const ChromaFactors to_v = {SetPair16(f.b_to_v, f.g_to_v), SetPair16(f.r_to_v, kRound)};
  size_t i = 0;
  for (; i + kStep <= n; i += kStep) {
    const Vec b = BlockSums(rows.b, i), g = BlockSums(rows.g, i), r = BlockSums(rows.r, i);
    AddChroma(u + i, b, g, r, to_u);
    AddChroma(v + i, b, g, r, to_v);
  }
  const auto rest = [i](const int16_t* row) { return row + 2 * i; };
  AddChromaRow_scalar(
      u + i, v + i,
      {{rest(rows.b[0]), rest(rows.b[1])}, {rest(rows.g[0]), rest(rows.g[1])}, {rest(rows.r[0]), rest(rows.r[1])}},
      n - i, f);
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
