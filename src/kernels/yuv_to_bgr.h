// Y'CbCr 4:2:0 rows to interleaved B, G, R.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

// Fixed-point factors of one matrix and range: 13 fractional bits.
struct YuvToBgrFactors {
  int16_t black = 0;  // the luma sample that means black
  int16_t y = 0;
  int16_t u_to_b = 0;
  int16_t u_to_g = 0;
  int16_t v_to_g = 0;
  int16_t v_to_r = 0;
};

// Converts n pixels; u[i / 2] and v[i / 2] belong to pixel i. With
//   Y = floor((y - black) * 8 * f.y / 2^16), T(c, k) = floor((c - 128) * 8 * k / 2^16):
//   b = clamp(Y + T(u, u_to_b)), g = clamp(Y + (T(u, u_to_g) + T(v, v_to_g))), r = clamp(Y + T(v, v_to_r)).
// Every product is rounded down on its own. That darkens by about one level against exact arithmetic, and is done
// because swscale's x86 code, through which FFmpeg and OpenCV decode, does just that: the networks were trained on it.
// `bgr` holds 3 n bytes and does not overlap the others. Nothing past the n pixels is read or written.
using YuvToBgrRowFn = void(uint8_t* bgr, const uint8_t* y, const uint8_t* u, const uint8_t* v, size_t n,
                           const YuvToBgrFactors& f);

YuvToBgrRowFn YuvToBgrRow_scalar;  // the definition; every other one equals it bit for bit
YuvToBgrRowFn YuvToBgrRow_avx2;
YuvToBgrRowFn YuvToBgrRow_avx512;

}  // namespace lips::kernels
