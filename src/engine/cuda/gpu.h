// What kernels of engine cuda are written with, so that one source runs on a device (launch.cu) and, thread by thread,
// in the simulator of the tests (simulator.h).
//
// A kernel is a template over `Gpu`, which stands for the thread that runs it:
//   int thread(), block_x(), block_y()        its place
//   uint8_t* shared()                         its block's shared memory, 16-byte aligned
//   void Sync()                               the block's barrier
//   void WaitForEarlier()                     from here on what earlier launches wrote is there, and may be overwritten
//   void CopyAsync(to, from, valid)           16 bytes from global to shared memory, or zeros; 16-byte aligned; ended
//   by void Commit(); template <int kNewer> void Wait()   all but the newest kNewer groups are there, for this thread
//   void LoadMatrices(out, row)               ldmatrix.x4: of four 8x8 matrices of Half, the thread's two of each;
//   thread
//                                             l's `row` is row l % 8 of matrix l / 8
//   void Multiply(sum, a, b0, b1)             mma.m16n8k16: sum[16][8] += a[16][16] * b[16][8] in f32, fragments as PTX
//                                             has them
// The last two are a warp's. Source of the layouts: PTX ISA 8.x, "Matrix Fragments for mma.m16n8k16".
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __CUDACC__  // launch.cu has included cuda_fp16.h
#define LIPS_KERNEL __device__ __forceinline__
#define LIPS_UNROLL _Pragma("unroll")
#define LIPS_UNROLL_2 _Pragma("unroll 2")
#define LIPS_UNROLL_4 _Pragma("unroll 4")
#else
#include <bit>
#include <cmath>
#define LIPS_KERNEL inline
#define LIPS_UNROLL
#define LIPS_UNROLL_2
#define LIPS_UNROLL_4
#endif

namespace lips::cuda {

using Half = uint16_t;  // IEEE binary16, as its bits

inline constexpr int kWarp = 32;
inline constexpr int kPiece = 8;  // Halves moved at once: 16 bytes

struct alignas(16) Piece {
  uint32_t pairs[4];  // of Half, the lower half first
};

struct Floats2 {
  float low, high;
};

#ifdef __CUDACC__

LIPS_KERNEL uint32_t PackHalves(float low, float high) {
  const __half2 packed = __floats2half2_rn(low, high);
  return *reinterpret_cast<const uint32_t*>(&packed);
}
LIPS_KERNEL Floats2 UnpackHalves(uint32_t pair) {
  const float2 both = __half22float2(*reinterpret_cast<const __half2*>(&pair));
  return {both.x, both.y};
}
// Of both halves, rounded to Half: a + b, a * b + c, the larger of a and 0 (NaN stays).
LIPS_KERNEL uint32_t AddHalves(uint32_t a, uint32_t b) {
  const __half2 sum = __hadd2(*reinterpret_cast<const __half2*>(&a), *reinterpret_cast<const __half2*>(&b));
  return *reinterpret_cast<const uint32_t*>(&sum);
}
LIPS_KERNEL uint32_t FuseHalves(uint32_t a, uint32_t b, uint32_t c) {
  const __half2 sum = __hfma2(*reinterpret_cast<const __half2*>(&a), *reinterpret_cast<const __half2*>(&b),
                              *reinterpret_cast<const __half2*>(&c));
  return *reinterpret_cast<const uint32_t*>(&sum);
}
LIPS_KERNEL uint32_t PositiveHalves(uint32_t a) {
  const __half2 larger = __hmax2_nan(*reinterpret_cast<const __half2*>(&a), __half2(0, 0));
  return *reinterpret_cast<const uint32_t*>(&larger);
}
LIPS_KERNEL float Sigmoid(float x) { return 1.0f / (1.0f + __expf(-x)); }
LIPS_KERNEL bool IsFinite(float x) { return isfinite(x); }

#else

// The nearest Half, to even in the middle; infinity beyond the range.
inline Half ToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint32_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<Half>(sign | 0x7e00u);  // NaN
  if (magnitude >= 0x477ff000u) return static_cast<Half>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {  // below 2^-14: a multiple of 2^-24
    const float scaled = std::nearbyint(std::bit_cast<float>(magnitude) * 16777216.0f);
    return static_cast<Half>(sign | static_cast<uint32_t>(scaled));
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u);
  return static_cast<Half>(sign | ((rounded >> 13) - 0x1c000u));
}

inline float FromHalf(Half half) {
  const uint32_t sign = (half & 0x8000u) << 16;
  const uint32_t magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  const float value = magnitude < 0x400u ? static_cast<float>(magnitude) / 16777216.0f
                                         : std::bit_cast<float>((magnitude << 13) + 0x38000000u);
  return sign != 0 ? -value : value;
}

inline uint32_t PackHalves(float low, float high) {
  return static_cast<uint32_t>(ToHalf(low)) | static_cast<uint32_t>(ToHalf(high)) << 16;
}
inline Floats2 UnpackHalves(uint32_t pair) {
  return {FromHalf(static_cast<Half>(pair & 0xffffu)), FromHalf(static_cast<Half>(pair >> 16))};
}
inline uint32_t AddHalves(uint32_t a, uint32_t b) {
  const Floats2 x = UnpackHalves(a), y = UnpackHalves(b);
  return PackHalves(x.low + y.low, x.high + y.high);
}
inline uint32_t FuseHalves(uint32_t a, uint32_t b, uint32_t c) {
  const Floats2 x = UnpackHalves(a), y = UnpackHalves(b), z = UnpackHalves(c);
  return PackHalves(x.low * y.low + z.low, x.high * y.high + z.high);
}
inline uint32_t PositiveHalves(uint32_t a) {
  const Floats2 x = UnpackHalves(a);
  return PackHalves(x.low < 0 ? 0 : x.low, x.high < 0 ? 0 : x.high);
}
inline float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
inline bool IsFinite(float x) { return std::isfinite(x); }

#endif

// Both halves of a + fraction * (b - a), each step rounded to Half; `fraction` has the same number twice.
LIPS_KERNEL uint32_t BlendHalves(uint32_t a, uint32_t b, uint32_t fraction) {
  return FuseHalves(fraction, AddHalves(b, a ^ 0x80008000u), a);
}

// at / by for 0 <= at < 2^22 and 0 < by < 2^12, with inverse = 1.0f / by: (at + 0.5) / by is at least 0.5 / by from any
// integer, and two roundings leave less than that.
LIPS_KERNEL int Quotient(int at, float inverse) { return static_cast<int>((static_cast<float>(at) + 0.5f) * inverse); }

LIPS_KERNEL float PositiveOf(float x) { return x < 0.0f ? 0.0f : x; }  // NaN stays
LIPS_KERNEL int MinOf(int a, int b) { return a < b ? a : b; }
LIPS_KERNEL int MaxOf(int a, int b) { return a > b ? a : b; }

}  // namespace lips::cuda
