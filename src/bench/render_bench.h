// Whole renders into a temporary file: every engine, stage by stage.
#pragma once

#include "base/result.h"
#include "bench/bench_job.h"

namespace lips {

// Engines take turns, one render each per round (default 1), H.264 (veryfast, crf 20) with the sound; `seconds` of the
// audio, or of the test signal. Of `job.threads` the last counts, as compute threads. Rows, from the round with the
// median wall time:
//   {"engine", "precision", "threads", "frames", "wall_s", "fps", "ratio_to_real_time", "ratio_to_ort",
//    "first_frame_s", "decode_ms", "features_ms", "generate_ms", "composite_ms", "encode_ms"}
//   stages: median busy time per frame; first_frame_s: until the first frame reached the encoder, opening included.
// Errors: those of Render; the reason when no engine could be measured.
Result<BenchReport> MeasureRender(const BenchJob& job, double seconds);

}  // namespace lips
