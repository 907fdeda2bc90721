// Loops that do nothing but multiply and add: how fast this CPU can be at best, for benchmarks to be measured against.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/cpu.h"

namespace lips::kernels {

// Adds 1 * 1 to every accumulator, `steps` times over, in enough independent registers to hide the latency; touches no
// memory. Returns the sum of all accumulators: the multiply-accumulates done, exactly while none exceeds 2^24.
using PeakLoopFn = float(size_t steps);

PeakLoopFn PeakF32_scalar;
PeakLoopFn PeakF32_avx2;     // vfmadd
PeakLoopFn PeakF32_avx512;   // vfmadd
PeakLoopFn PeakBf16_avx512;  // vdpbf16ps
PeakLoopFn PeakInt8_avx2;    // vpmaddubsw, vpmaddwd, vpaddd: one multiply-accumulate of 8-bit numbers into 32 bits
PeakLoopFn PeakInt8_avx512;  // vpdpbusd

enum class PeakKind : uint8_t { kF32, kBf16, kInt8 };

struct PeakLoop {
  PeakLoopFn* run = nullptr;
  int64_t macs_per_step = 0;
};

// The loop over the best instructions that `isa` has for numbers of that kind. Without any it is the f32 loop: such
// numbers are then computed with as f32.
PeakLoop FastestPeakLoop(Isa isa, PeakKind kind);

}  // namespace lips::kernels
