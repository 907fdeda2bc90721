// lipstream bench network: every engine, precision and cache level on the network alone.
#include <CLI/CLI.hpp>

#include "bench/machine.h"
#include "bench/network_bench.h"
#include "cli/bench.h"
#include "cli/progress.h"

namespace lips::cli {
namespace {

struct NetworkFlags {
  BenchFlags bench;
  std::vector<int> cache_levels = {0, 1, 2, 3};
  std::vector<int> batches = {1, 4};
  bool mouth_only = false, reference = false;
};

// Rows of engines that are not there are skipped, unless they are all that was asked for.
Result<BenchReport> Measure(const NetworkFlags& flags, Json& machine) {
  NetworkBenchRequest request;
  request.avatar = flags.bench.avatar;
  if (!flags.bench.model.empty()) request.avatar_options.model = flags.bench.model;
  if (!flags.bench.audio_encoder.empty()) request.avatar_options.audio_encoder = flags.bench.audio_encoder;
  if (!flags.bench.audio.empty()) request.audio = flags.bench.audio;
  request.engines = flags.bench.Engines({Backend::kOnnxRuntime, Backend::kCpu});
  if (flags.reference) request.engines.push_back(Backend::kReference);
  request.precisions = flags.bench.Precisions();
  request.cache_levels = flags.cache_levels;
  request.mouth_only = flags.mouth_only;
  request.batches = flags.batches;
  request.threads = flags.bench.ThreadCounts();
  if (flags.bench.rounds > 0) request.rounds = flags.bench.rounds;
  Json::Array peaks;
  for (const int threads : request.threads) {
    request.peaks.push_back(MeasurePeak(threads));
    peaks.push_back(request.peaks.back().ToJson());
  }
  machine = MachineFacts(flags.bench.ThreadCount());
  machine.Set("peaks", std::move(peaks));
  Progress bar("bench network", flags.bench.quiet);
  request.progress = [&bar](int64_t done, int64_t total) {
    bar.Update(done, total);
    return Stop().Check();
  };
  return MeasureNetwork(request);
}

Result<ExitCode> RunNetwork(const NetworkFlags& flags) {
  Json machine;
  ASSIGN_OR_RETURN(const BenchReport report, Measure(flags, machine));
  RETURN_IF_ERROR(ShowReport(flags.bench, machine, report));
  return kOk;
}

}  // namespace

void AddBenchNetwork(CLI::App& bench, Commands& commands) {
  auto flags = std::make_shared<NetworkFlags>();
  CLI::App* command = AddBenchCommand(
      bench,
      {.name = "network",
       .description = "The network alone: engines, precisions and cache levels in turn, against ONNX Runtime",
       .examples = "  lipstream bench network --avatar anna\n"
                   "  lipstream bench network --avatar anna --threads 2 --json -o network.json\n"
                   "  lipstream bench network --avatar anna --engines cpu --precisions bf16 --cache 3 --batch 1\n"},
      flags->bench);
  command
      ->add_option("--cache", flags->cache_levels,
                   "cache levels of engine cpu: 0 nothing kept per template, 1 the deep features, 2 all skip "
                   "connections, 3 expanded ones too")
      ->delimiter(',')
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command->add_option("--batch", flags->batches, "frames per call")
      ->delimiter(',')
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_flag("--mouth-only", flags->mouth_only,
                    "of engine cpu, only rows that compute what compositing uses; default: whole pictures at every "
                    "cache level, and the mouth alone at the highest");
  command->add_flag("--reference", flags->reference, "measure the slow reference engine too, three rounds of it");
  command->callback([&commands, flags] { commands.run = [flags] { return RunNetwork(*flags); }; });
}

}  // namespace lips::cli
