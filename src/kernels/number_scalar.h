// One float to and from each number type: the definition of every rounding. Not for files with CPU flags of their own.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/number.h"

namespace lips::kernels {

inline float FloatFromBf16(uint16_t number) { return std::bit_cast<float>(uint32_t{number} << 16); }

inline uint16_t Bf16FromFloat(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<uint16_t>(bits >> 16 | 0x40U);    // NaN, made quiet
  if (magnitude < 0x00800000U) return static_cast<uint16_t>(bits >> 16 & 0x8000U);  // as the instruction does
  return static_cast<uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

// The definition of the kernels' maximum and minimum: the second operand where either is NaN or both are equal.
inline float MaxOf(float a, float b) { return a > b ? a : b; }
inline float MinOf(float a, float b) { return a < b ? a : b; }

inline float Dequantise(uint8_t level, float scale, float zero) { return (static_cast<float>(level) - zero) * scale; }

inline uint8_t Quantise(float value, float inverse, float zero) {
  return static_cast<uint8_t>(std::nearbyint(MinOf(MaxOf(std::fma(value, inverse, zero), 0.0f), 255.0f)));
}

// Element i of a row; its channel is c.
inline float LoadNumber(const void* row, size_t i, NumberType type, const Quantisation& q, size_t c) {
  switch (type) {
    case NumberType::kF32: return static_cast<const float*>(row)[i];
    case NumberType::kBf16: return FloatFromBf16(static_cast<const uint16_t*>(row)[i]);
    case NumberType::kU8: break;
  }
  return Dequantise(static_cast<const uint8_t*>(row)[i], q.scale[c], q.zero[c]);
}

inline void StoreNumber(void* row, size_t i, float value, NumberType type, const Quantisation& q, size_t c) {
  switch (type) {
    case NumberType::kF32: static_cast<float*>(row)[i] = value; return;
    case NumberType::kBf16: static_cast<uint16_t*>(row)[i] = Bf16FromFloat(value); return;
    case NumberType::kU8: static_cast<uint8_t*>(row)[i] = Quantise(value, q.inverse[c], q.zero[c]); return;
  }
}

}  // namespace lips::kernels
