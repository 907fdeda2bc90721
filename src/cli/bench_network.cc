// lipstream bench network: every engine, precision and cache level on the network alone.
#include <CLI/CLI.hpp>
#include <utility>

#include "bench/network_bench.h"
#include "cli/bench.h"
#include "cli/progress.h"

namespace lips::cli {

Result<BenchReport> BenchNetwork(const NetworkBenchFlags& flags, const std::vector<Peak>& peaks) {
  Progress bar("bench network", flags.bench.quiet);
  BenchJob job = JobOf(flags.bench, {Backend::kOnnxRuntime, Backend::kCpu}, bar);
  NetworkBenchRequest request;
  request.avatar = std::move(job.avatar);
  request.avatar_options = std::move(job.avatar_options);
  request.audio = std::move(job.audio);
  request.engines = std::move(job.engines);
  if (flags.reference) request.engines.push_back(Backend::kReference);
  request.precisions = std::move(job.precisions);
  request.cache_levels = flags.cache_levels;
  request.mouth_only = flags.mouth_only;
  request.batches = flags.batches;
  request.threads = std::move(job.threads);
  if (job.rounds > 0) request.rounds = job.rounds;
  request.peaks = peaks;
  request.progress = std::move(job.progress);
  return MeasureNetwork(request);
}

namespace {

Result<ExitCode> RunNetwork(const NetworkBenchFlags& flags) {
  const MeasuredMachine machine = MeasureMachine(flags.bench);
  ASSIGN_OR_RETURN(const BenchReport report, BenchNetwork(flags, machine.peaks));
  RETURN_IF_ERROR(ShowReport(flags.bench, machine.facts, report));
  return kOk;
}

}  // namespace

void AddBenchNetwork(CLI::App& bench, Commands& commands) {
  auto flags = std::make_shared<NetworkBenchFlags>();
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
