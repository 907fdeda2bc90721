// From the start of the process to the first frame.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "bench/bench_job.h"

namespace lips {

// Runs this program again (`bench first-frame`), engines in turns, after one uncounted round that brings the files into
// the system's cache. Of `job.threads` the last counts. Rows, wall time from the start of the process until it said
// that its first frame lies composited in memory, and the medians of the parts it reported:
//   {"engine", "precision", "threads", "median_ms", "p95_ms", "min_ms", "ratio_to_ort", "avatar_ms", "engine_ms",
//    "template_ms", "prepare_ms", "generate_ms", "composite_ms"}
// The sound is silence: the audio path is measured by MeasureAudio.
// Errors: those of running the child; the reason when no engine could be measured.
Result<BenchReport> MeasureStart(const BenchJob& job);

// What such a child does and prints: opens `job.avatar` and the one engine in `job`, makes its first frame; the parts'
// times. Errors: those of every part.
Result<Json> MakeFirstFrame(const BenchJob& job);

}  // namespace lips
