// Vectors seen as independent 16-byte lanes, so that one body makes the AVX2 and the AVX-512 kernel.
//
// For files compiled with an instruction set of their own: the compiler's flags choose the width, and LIPS_ISA(name) is
// the name with the instruction set behind it. Everything here has internal linkage, lest the linker lends such code to
// callers on any CPU. LIPS_SIMDE emulates the AVX-512 width: the tests' way to run it anywhere.
#pragma once

#if defined(LIPS_SIMDE)
#include "kernels/lanes_avx512.h"
#define LIPS_ISA(name) name##_simde
#elif defined(__AVX512BW__)
#include "kernels/lanes_avx512.h"
#define LIPS_ISA(name) name##_avx512
#else
#include "kernels/lanes_avx2.h"
#define LIPS_ISA(name) name##_avx2
#endif

// NOLINTBEGIN(misc-definitions-in-headers): included once by one source file of each instruction set
namespace lips::kernels {
namespace {

constexpr size_t kBytes = 16 * kLanes;

// `low`, `high` in every 32 bits: the second operand that MulAddPairs16 wants.
inline Vec SetPair16(int16_t low, int16_t high) {
  const uint32_t pair = static_cast<uint16_t>(low) | uint32_t{static_cast<uint16_t>(high)} << 16;
  return Set32(static_cast<int32_t>(pair));
}

}  // namespace
}  // namespace lips::kernels
// NOLINTEND(misc-definitions-in-headers)
