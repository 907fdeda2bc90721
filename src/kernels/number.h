// The number types rows are stored in, and what an 8-bit number means.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lips::kernels {

// kF32: float. kBf16: uint16_t, the upper half of a float. kU8: uint8_t, a level of a Quantisation.
enum class NumberType : uint8_t { kF32, kBf16, kU8 };

// Floats become numbers, and numbers floats, so (number_scalar.h is the definition):
//   kBf16  rounded to nearest, ties to even; a subnormal float becomes zero of its sign, NaN a quiet NaN
//   kU8    value = (q - zero[c]) * scale[c]; q = clamp(round to nearest even(value * inverse[c] + zero[c]), 0, 255),
//          the product and the sum rounded once, together; NaN becomes 0
// Each array holds one value a channel of the row it is given with; null for other types. Borrowed.
struct Quantisation {
  const float* scale;
  const float* inverse;  // 1 / scale
  const float* zero;     // the level that means 0, not necessarily a whole one
};

constexpr size_t SizeOf(NumberType type) {
  return type == NumberType::kF32 ? sizeof(float) : type == NumberType::kBf16 ? sizeof(uint16_t) : sizeof(uint8_t);
}

// Rows are NHWC with their channels padded to whole blocks, so that no kernel has a remainder across channels.
constexpr int kChannelBlock = 16;
constexpr int PaddedChannels(int channels) { return (channels + kChannelBlock - 1) / kChannelBlock * kChannelBlock; }

}  // namespace lips::kernels
