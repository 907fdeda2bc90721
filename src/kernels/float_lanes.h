// Vectors of floats, so that one body makes the AVX2 and the AVX-512 kernel; lanes.h says how the width is chosen.
//
// F holds kFloats floats. All arithmetic rounds like its scalar twin in number_scalar.h and <cmath>, bit for bit.
#pragma once

#include "kernels/lanes.h"
#include "kernels/number.h"

#if defined(LIPS_SIMDE) || defined(__AVX512BW__)
#include "kernels/float_lanes_avx512.h"
#else
#include "kernels/float_lanes_avx2.h"
#endif

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

inline bool HasNaN(F v) {
  float at[kFloats];
  StoreFloats(at, v);
  bool found = false;
  for (const float x : at) found |= x != x;
  return found;
}

// Elements i .. i + kFloats of a row of numbers; the first one's channel is c.
template <NumberType kType>
inline F LoadNumbers(const void* row, size_t i, const Quantisation& q, size_t c) {
  if constexpr (kType == NumberType::kF32) return LoadFloats(static_cast<const float*>(row) + i);
  if constexpr (kType == NumberType::kBf16) return LoadBf16(static_cast<const uint16_t*>(row) + i);
  if constexpr (kType == NumberType::kU8)
    return LoadLevels(static_cast<const uint8_t*>(row) + i, LoadFloats(q.scale + c), LoadFloats(q.zero + c));
}

template <NumberType kType>
inline void StoreNumbers(void* row, size_t i, F v, const Quantisation& q, size_t c) {
  if constexpr (kType == NumberType::kF32) StoreFloats(static_cast<float*>(row) + i, v);
  if constexpr (kType == NumberType::kBf16) StoreBf16(static_cast<uint16_t*>(row) + i, v);
  if constexpr (kType == NumberType::kU8)
    StoreLevels(static_cast<uint8_t*>(row) + i, v, LoadFloats(q.inverse + c), LoadFloats(q.zero + c));
}

// body(TypeIs<type>()): makes a number type known at run time a template argument.
template <NumberType kValue>
struct TypeIs {
  static constexpr NumberType kType = kValue;
};
template <typename Body>
inline void WithType(NumberType type, const Body& body) {
  switch (type) {
    case NumberType::kF32: return body(TypeIs<NumberType::kF32>());
    case NumberType::kBf16: return body(TypeIs<NumberType::kBf16>());
    case NumberType::kU8: return body(TypeIs<NumberType::kU8>());
  }
}

}  // namespace
}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
