// lipstream bench network: every engine, precision and cache level on the network alone.
#include <CLI/CLI.hpp>
#include <utility>

#include "bench/network_bench.h"
#include "cli/bench.h"
#include "cli/progress.h"
#include "engine/cuda/generator.h"

namespace lips::cli {

namespace {

std::vector<Precision> DevicePrecisions(const NetworkBenchFlags& flags) {
  if (flags.bench.precisions.empty()) return {Precision::kF32, Precision::kF16};
  return flags.bench.Precisions();
}

bool MeasuresCudaAlone(const NetworkBenchFlags& flags) {
  return flags.bench.Engines({}) == std::vector{Backend::kCuda};
}

}  // namespace

Result<BenchReport> BenchNetwork(const NetworkBenchFlags& flags, const std::vector<Peak>& peaks,
                                 const std::vector<DevicePeak>& device_peaks) {
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
  ASSIGN_OR_RETURN(request.device, ParseProvider(flags.device));
  if (request.device != Provider::kCpu) {
    request.engines = flags.bench.Engines({Backend::kOnnxRuntime, Backend::kCuda});
    request.precisions = DevicePrecisions(flags);
  }
  const bool on_device = request.device != Provider::kCpu || MeasuresCudaAlone(flags);
  if (on_device) request.threads = {flags.bench.ThreadCount()};  // nothing depends on them but a peer on the CPU
  if (request.batches.empty()) request.batches = on_device ? std::vector{1, 4, 8, 16, 32} : std::vector{1, 4};
  if (job.rounds > 0) request.rounds = job.rounds;
  request.peaks = peaks;
  request.device_peaks = device_peaks;
  request.progress = std::move(job.progress);
  return MeasureNetwork(request);
}

namespace {

// What the rows of a device are measured on; of "cpu" the machine's own facts say it.
Result<std::string> DeviceNamed(const NetworkBenchFlags& flags, Provider provider) {
  if (MeasuresCudaAlone(flags)) return CudaDevice();
  return provider == Provider::kCpu ? std::string(Name(provider)) : ProviderDevice(provider);
}

// What is wrong with options of a device together, or nothing.
std::string DeviceConflict(const NetworkBenchFlags& flags) {
  if (flags.device == "cpu") return {};
  if (flags.reference) return "measures what runs on it, without --reference";
  for (const Backend engine : flags.bench.Engines({})) {
    if (engine == Backend::kOnnxRuntime || engine == Backend::kCuda) continue;
    return "measures engines ort and cuda, not " + std::string(Name(engine));
  }
  if (flags.bench.precisions.empty()) return {};
  for (const Precision precision : flags.bench.Precisions()) {
    if (!Offers(Backend::kOnnxRuntime, precision)) return "computes in f32 or f16, not " + std::string(Name(precision));
  }
  return {};
}

Result<ExitCode> RunNetwork(const NetworkBenchFlags& flags) {
  ASSIGN_OR_RETURN(const Provider provider, ParseProvider(flags.device));
  ASSIGN_OR_RETURN(const std::string device, DeviceNamed(flags, provider));
  MeasuredMachine machine = MeasureMachine(flags.bench);
  machine.facts.Set("device", device);
  std::vector<DevicePeak> device_peaks;
  if (provider != Provider::kCpu && ProviderDevice(provider).ok()) {  // without it engine cuda has no peer
    for (const Precision precision : DevicePrecisions(flags)) {
      ASSIGN_OR_RETURN(
          const DevicePeak peak,
          MeasureDevicePeak({.backend = Backend::kOnnxRuntime, .provider = provider, .precision = precision}));
      device_peaks.push_back(peak);
    }
    machine.facts.Set("device_peaks", ToJson(device_peaks));
  }
  ASSIGN_OR_RETURN(const BenchReport report, BenchNetwork(flags, machine.peaks, device_peaks));
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
                   "  lipstream bench network --avatar anna --engines cpu --precisions bf16 --cache 3 --batch 1\n"
                   "  lipstream bench network --avatar anna --device cuda --precisions fp16 -o cuda.json\n"
                   "  lipstream bench network --avatar anna --device cuda --engines cuda --cache 0,3\n",
       .engines = {"ort", "cpu", "cuda", "reference"}},
      flags->bench);
  command
      ->add_option("--cache", flags->cache_levels,
                   "cache levels of engine cpu: 0 nothing kept per template, 1 the deep features, 2 all skip "
                   "connections, 3 expanded ones too; on a device 0 the whole network, others templates cached")
      ->delimiter(',')
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command->add_option("--batch", flags->batches, "frames per call; default: 1,4, on a device 1,4,8,16,32")
      ->delimiter(',')
      ->check(CLI::Range(1, 64));
  command
      ->add_option(
          "--device", flags->device,
          "cpu, or ONNX Runtime's cuda or tensorrt: there in f32 and f16, whole and with templates cached, and "
          "engine cuda beside it")
      ->check(CLI::IsMember({"cpu", "cuda", "tensorrt"}))
      ->capture_default_str();
  command->add_flag("--mouth-only", flags->mouth_only,
                    "of engines cpu and cuda, only rows that compute what compositing uses; default: whole pictures at "
                    "every cache level, and the mouth alone at the highest");
  command->add_flag("--reference", flags->reference, "measure the slow reference engine too, three rounds of it");
  command->parse_complete_callback([flags] {
    if (const std::string why = DeviceConflict(*flags); !why.empty()) {
      throw CLI::ValidationError("--device", flags->device + " " + why);
    }
  });
  command->callback([&commands, flags] { commands.run = [flags] { return RunNetwork(*flags); }; });
}

}  // namespace lips::cli
