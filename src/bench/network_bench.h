// The network alone: every engine, precision and cache level side by side in one run.
#pragma once

#include <optional>
#include <vector>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "bench/device_peak.h"
#include "bench/peak.h"
#include "bench/report.h"
#include "engine/session.h"

namespace lips {

struct NetworkBenchRequest {
  Path avatar;
  AvatarOptions avatar_options;
  std::optional<Path> audio;     // see LoadBenchMaterial
  std::vector<Backend> engines;  // kOnnxRuntime, kCpu, kCuda, kReference
  // Other than kCpu: ONNX Runtime is measured on that device, in `precisions`, whole and with its template part
  // computed before; beside it kCuda, if wanted, and no other.
  Provider device = Provider::kCpu;
  bool resident = false;  // of kCpu: as on a device, its memory being this computer's; how that is tested
  std::vector<Precision> precisions = {Precision::kF32, Precision::kBf16, Precision::kInt8};  // of kCpu
  // 0: nothing kept; of kCpu else TemplateLevel, of kCuda the highest
  std::vector<int> cache_levels = {0, 1, 2, 3};
  bool mouth_only =
      false;  // only what JawMask uses, at every level; else everything, and that at the highest level too
  std::vector<int> batches = {1, 4};
  std::vector<int> threads = {1};
  int rounds = 20;
  std::vector<Peak> peaks;               // one per entry of `threads`
  std::vector<DevicePeak> device_peaks;  // of the device, one per precision
  BenchProgress progress;
};

// Takes turns: in each round every configuration makes one untimed frame, which brings its weights back into the
// processor's caches, and then one batch of each size, timed; so whatever else the machine does meets all alike. A few
// untimed frames come before the first round. Configurations that would together need too much memory run in groups,
// each with the peer. The reference engine, being slow, sits out after three rounds.
//
// The peer is ONNX Runtime with the whole network (its workers spinning, as is best for it alone); it is measured even
// if not among `engines`. On a device the peer is the same on that device, in f16 where that is among `precisions`;
// every frame of a batch there has a template of its own. Rows of kCuda are: nothing kept, the highest level, and that
// for the mouth alone; on Provider::kCpu, too, where they are held against ONNX Runtime on the CPU.
// Result rows, times per frame:
//   {"engine", "device", "precision", "cache", "mouth_only", "threads", "batch", "first_ms", "median_ms", "p95_ms",
//    "min_ms", "frames_per_s", "sessions", "ratio_to_ort", "gflops", "peak_fraction", "psnr_db"}
//   device: "cpu", "cuda" or "tensorrt"; the machine's "device" then names it. Of engine cuda it is "cuda".
//   cache: 0 for all work on every frame, else the TemplateLevel kept; ONNX Runtime with its template part computed
//     before keeps what level 2 keeps.
//   first_ms: the first frame after opening, alone. A batch's latency is batch * median_ms.
//   frames_per_s: of calls with that batch, one after the other. sessions: derived from it, a twenty-fifth, rounded
//     down: as many as the network alone would hold at 25 frames a second.
//   ratio_to_ort: the peer's median over this median, same threads, batch and rounds; null without ONNX Runtime.
//   gflops: twice the whole network's multiply-accumulates over the median, whatever was really computed: saving work
//     counts as speed. peak_fraction: that over the peak for this precision and thread count, or
//     over the device's for products of matrices; null where that is not known.
//   psnr_db: of the 8-bit picture, on all frames, against the reference engine's; over used pixels with mouth_only.
//     kIdenticalDb when equal.
//
// Errors: those of every part, ProviderDevice's first unless kCuda is all that is wanted; what the first skipped row
// said, when none of `engines` could be measured.
Result<BenchReport> MeasureNetwork(const NetworkBenchRequest& request);

}  // namespace lips
