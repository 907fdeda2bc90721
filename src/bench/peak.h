// The most arithmetic this CPU does per second, measured: the ceiling that benchmarks are held against.
#pragma once

#include "base/json.h"
#include "engine/session.h"

namespace lips {

struct Peak {
  int threads = 1;
  // Multiplications and additions per second, in units of 1e9.
  double f32_gflops = 0;
  double bf16_gflops = 0;
  double int8_gflops = 0;

  double For(Precision precision) const;  // kAuto: as kF32
  Json ToJson() const;                    // {"threads", "f32_gflops", "bf16_gflops", "int8_gflops"}
};

// The best of several runs of kernels/peak.h's loops on `threads` threads at once; takes about 0.4 s.
Peak MeasurePeak(int threads);

}  // namespace lips
