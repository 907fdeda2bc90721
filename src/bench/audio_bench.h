// The audio path alone: mel columns, encoder rows, and a whole file's features.
#pragma once

#include "base/result.h"
#include "bench/bench_job.h"

namespace lips {

// Engines and batches take turns. Rows, with `ratio_to_ort` against ONNX Runtime of the same stage, threads and batch:
//   {"stage", "engine", "precision", "threads", "batch", "median_ms", "p95_ms", "min_ms", "ratio_to_ort"}
//   mel: per feature row, samples to mel columns; engine "-".
//   encoder: per row, 1 and 8 rows a call; ONNX Runtime runs them as one batch where the network leaves it open.
//   features: ten seconds of speech, samples to feature rows, as render computes them.
// Errors: those of every part; the reason when no row could be measured.
Result<BenchReport> MeasureAudio(const BenchJob& job);

}  // namespace lips
