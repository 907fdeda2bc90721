// Changes of B, G, R pixels applied to the Y'CbCr samples that show them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

// Fixed-point factors of one matrix and range: 15 fractional bits. Each chroma triple sums to zero, so grey stays grey.
struct BgrToYuvFactors {
  int16_t b_to_y = 0;
  int16_t g_to_y = 0;
  int16_t r_to_y = 0;
  int16_t b_to_u = 0;
  int16_t g_to_u = 0;
  int16_t r_to_u = 0;
  int16_t b_to_v = 0;
  int16_t g_to_v = 0;
  int16_t r_to_v = 0;
};

// b[i], g[i], r[i] = now - was of pixel i, for n interleaved pixels. Nothing past n is read or written.
using BgrDifferenceRowFn = void(int16_t* b, int16_t* g, int16_t* r, const uint8_t* now, const uint8_t* was, size_t n);

// y[i] = clamp(y[i] + floor((b[i] b_to_y + g[i] g_to_y + r[i] r_to_y) / 2^15 + 1/2)) for n samples; the differences
// are in [-255, 255]. Zero differences change nothing. Nothing past n is read or written.
using AddLumaRowFn = void(uint8_t* y, const int16_t* b, const int16_t* g, const int16_t* r, size_t n,
                          const BgrToYuvFactors& f);

// Two rows of differences, one plane each: b[0] belongs to the upper row, b[1] to the lower.
struct DifferenceRows {
  const int16_t* b[2];
  const int16_t* g[2];
  const int16_t* r[2];
};
// The same for n samples of both chroma planes: sample i moves by the mean over the 2x2 block of columns 2 i and
// 2 i + 1, so 2 n columns are read: u[i] = clamp(u[i] + floor((B b_to_u + G g_to_u + R r_to_u) / 2^17 + 1/2)) with B, G
// and R the blocks' sums.
using AddChromaRowFn = void(uint8_t* u, uint8_t* v, const DifferenceRows& rows, size_t n, const BgrToYuvFactors& f);

BgrDifferenceRowFn BgrDifferenceRow_scalar;  // the definitions; every other one equals them bit for bit
BgrDifferenceRowFn BgrDifferenceRow_avx2;
BgrDifferenceRowFn BgrDifferenceRow_avx512;

AddLumaRowFn AddLumaRow_scalar;
AddLumaRowFn AddLumaRow_avx2;
AddLumaRowFn AddLumaRow_avx512;

AddChromaRowFn AddChromaRow_scalar;
AddChromaRowFn AddChromaRow_avx2;
AddChromaRowFn AddChromaRow_avx512;

}  // namespace lips::kernels
