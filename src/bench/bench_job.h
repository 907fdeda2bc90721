// What every benchmark of whole stages is asked: an avatar, engines, and how often.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "avatar/avatar.h"
#include "base/file.h"
#include "bench/report.h"
#include "engine/generator.h"

namespace lips {

struct BenchJob {
  Path avatar;
  AvatarOptions avatar_options;
  std::optional<Path> audio;  // default: a built-in test signal
  std::vector<Backend> engines;
  std::vector<Precision> precisions = {Precision::kF32, Precision::kBf16, Precision::kInt8};  // of kCpu
  std::vector<int> threads = {1};
  int rounds = 0;  // 0: as each benchmark finds sensible
  BenchProgress progress;

  Status Report(int64_t done, int64_t total) const { return progress ? progress(done, total) : Status(); }
  int RoundsOr(int otherwise) const { return rounds > 0 ? rounds : otherwise; }
};

// An engine in one of its precisions; f32 where it has no other, f16 where it has no other either.
struct EngineVariant {
  Backend engine = Backend::kOnnxRuntime;
  Precision precision = Precision::kF32;
};
std::vector<EngineVariant> Variants(const BenchJob& job);

// The options to open a variant with, without proof. `spin`: see SessionOptions.
GeneratorOptions OptionsOf(const EngineVariant& variant, int threads, bool spin);

// The report if it has results or nothing was skipped, else the error that says why nothing could be measured.
Result<BenchReport> UnlessEmpty(BenchReport report);

}  // namespace lips
