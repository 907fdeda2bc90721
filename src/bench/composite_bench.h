// Putting mouths into frames: our instruction sets side by side.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "bench/bench_job.h"

namespace lips {

// Runs this program again (`bench composite-turn`) with LIPSTREAM_ISA set to every instruction set this CPU has, in
// turns, since a process chooses its kernels once. Of `job` only rounds and progress count. Rows, one thread:
//   {"step", "isa", "median_ms", "p95_ms", "min_ms", "ratio_to_scalar"}
// over the turns' medians. The same steps with OpenCV are measured by bench/composite.cc, which may link it.
Result<BenchReport> MeasureComposite(const BenchJob& job);

// What such a child measures and prints: {step: median ms of one turn}.
Json CompositeTurn();

}  // namespace lips
