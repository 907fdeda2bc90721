// The two passes of a four-tap resize of 8-bit B, G, R rows, in OpenCV's fixed point.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

constexpr int kCubicTaps = 4;
constexpr int kCubicBits = 11;  // fractional bits of a factor; both passes together shift by twice that

// Across: out[3 x + c] = sum over k of row[offsets[x] + 3 k + c] * factors[4 x + k], for n output pixels.
// `offsets` are in bytes. 16 bytes are read from every offset (12 count), so the row has 4 spare bytes at its end.
// Nothing past out[3 n - 1] is written. The magnitudes of a pixel's factors sum to at most 2^13.
using CubicAcrossFn = void(int32_t* out, const uint8_t* row, const int32_t* offsets, const int16_t* factors, size_t n);

// Down: out[i] = clamp(floor((sum over k of rows[k][i] * factors[k]) / 2^22 + 1/2)) for n samples. The sum fits 32 bits
// for rows made by Across. Nothing past n is read or written.
using CubicDownFn = void(uint8_t* out, const int32_t* const* rows, const int16_t* factors, size_t n);

CubicAcrossFn CubicAcross_scalar;  // the definitions; every other one equals them bit for bit
CubicAcrossFn CubicAcross_avx2;
CubicAcrossFn CubicAcross_avx512;

CubicDownFn CubicDown_scalar;
CubicDownFn CubicDown_avx2;
CubicDownFn CubicDown_avx512;

}  // namespace lips::kernels
