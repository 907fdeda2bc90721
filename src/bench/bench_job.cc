#include "bench/bench_job.h"

#include <utility>

namespace lips {

std::vector<EngineVariant> Variants(const BenchJob& job) {
  std::vector<EngineVariant> variants;
  for (const Backend engine : job.engines) {
    if (engine != Backend::kCpu) {
      const bool half = engine == Backend::kCuda;
      variants.push_back({.engine = engine, .precision = half ? Precision::kF16 : Precision::kF32});
      continue;
    }
    for (const Precision precision : job.precisions) variants.push_back({.engine = engine, .precision = precision});
  }
  return variants;
}

GeneratorOptions OptionsOf(const EngineVariant& variant, int threads, bool spin) {
  GeneratorOptions options;
  options.session = {.backend = variant.engine, .threads = threads, .precision = variant.precision, .spin = spin};
  options.prove = false;
  return options;
}

Result<BenchReport> UnlessEmpty(BenchReport report) {
  if (!report.results.empty() || report.skipped.empty()) return report;
  return Error(ErrorCode::kUnsupported, report.skipped[0].Find("why")->as_string());
}

}  // namespace lips
