// Y'CbCr to B, G, R for every vector width (see lanes.h).
#pragma once

#include "kernels/interleave_inl.h"
#include "kernels/yuv_to_bgr.h"

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

// The samples of even and of odd pixels as bytes, brought back into one order.
inline Vec Merge(Vec even, Vec odd) {
  const Vec packed = Pack16To8(even, odd);  // per lane 8 even pixels, then 8 odd ones
  return Shuffle8(packed, FromLane(_mm_setr_epi8(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15)));
}

// kBytes pixels. Even and odd pixels stay apart until the end: either half then has exactly one word of chroma for each
// word of luma.
inline void ConvertVector(uint8_t* bgr, const uint8_t* y, const uint8_t* u, const uint8_t* v,
                          const YuvToBgrFactors& f) {
  const Vec samples = Load(y);
  const Vec black = Set16(static_cast<int16_t>(8 * f.black));
  const Vec y_factor = Set16(f.y);
  const Vec even = MulHigh16(Sub16(ShiftLeft16<3>(And(samples, Set16(0xff))), black), y_factor);
  const Vec odd = MulHigh16(Sub16(ShiftLeft16<3>(ShiftRightUnsigned16<8>(samples)), black), y_factor);

  const Vec middle = Set16(8 * 128);
  const Vec cb = Sub16(ShiftLeft16<3>(LoadWiden8(u)), middle);
  const Vec cr = Sub16(ShiftLeft16<3>(LoadWiden8(v)), middle);
  const Vec to_b = MulHigh16(cb, Set16(f.u_to_b));
  const Vec to_g = Add16(MulHigh16(cb, Set16(f.u_to_g)), MulHigh16(cr, Set16(f.v_to_g)));
  const Vec to_r = MulHigh16(cr, Set16(f.v_to_r));
  StoreBgr(bgr, {Merge(Add16(even, to_b), Add16(odd, to_b)), Merge(Add16(even, to_g), Add16(odd, to_g)),
                 Merge(Add16(even, to_r), Add16(odd, to_r))});
}

}  // namespace

void LIPS_ISA(YuvToBgrRow)(uint8_t* bgr, const uint8_t* y, const uint8_t* u, const uint8_t* v, size_t n,
                           const YuvToBgrFactors& f) {
  if (n % 2 == 1) {
    --n;
    YuvToBgrRow_scalar(bgr + 3 * n, y + n, u + n / 2, v + n / 2, 1, f);
  }
  if (n < kBytes) return YuvToBgrRow_scalar(bgr, y, u, v, n, f);
  for (size_t i = 0; i < n; i += kBytes) {
    if (i + kBytes > n) i = n - kBytes;  // the last step overlaps its neighbour instead of leaving a remainder; even
    ConvertVector(bgr + 3 * i, y + i, u + i / 2, v + i / 2, f);
  }
}

}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
