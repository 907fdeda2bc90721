// What the subcommands of `lipstream bench` share: flags, the machine line, and how a report is shown.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "bench/bench_job.h"
#include "bench/device_peak.h"
#include "bench/peak.h"
#include "bench/report.h"
#include "cli/app.h"
#include "cli/progress.h"

namespace lips::cli {

struct BenchFlags {
  std::string avatar, audio, model, audio_encoder, output;
  std::vector<std::string> engines;     // empty: the command's own choice
  std::vector<std::string> precisions;  // empty: all
  int threads = 0;                      // 0: one per core
  int rounds = 0;                       // 0: the command's own choice
  bool json = false, markdown = false, quiet = false;

  int ThreadCount() const;                // at least 1
  std::vector<int> ThreadCounts() const;  // 1 and ThreadCount(), once if they are the same
  std::vector<Backend> Engines(std::vector<Backend> otherwise) const;
  std::vector<Precision> Precisions() const;
};

struct NetworkBenchFlags {
  BenchFlags bench;
  std::vector<int> cache_levels = {0, 1, 2, 3};
  std::vector<int> batches = {};  // empty: 1 and 4; on a device 1, 4, 8, 16 and 32
  std::string device = "cpu";
  bool mouth_only = false;
  bool reference = false;
};

struct BenchCommand {
  std::string name, description, examples;
  bool takes_avatar = true;
  std::vector<std::string> engines = {"ort", "cpu", "reference"};  // choices; empty: takes none
};
// Adds a subcommand of `bench` with the flags every benchmark has.
CLI::App* AddBenchCommand(CLI::App& bench, const BenchCommand& what, BenchFlags& flags);

// What the stage benchmarks are asked; progress goes to `bar`, and Ctrl-C ends them.
BenchJob JobOf(const BenchFlags& flags, std::vector<Backend> default_engines, Progress& bar);

// The machine line with the measured peaks of every thread count.
struct MeasuredMachine {
  Json facts;
  std::vector<Peak> peaks;  // one per entry of flags.ThreadCounts()
};
MeasuredMachine MeasureMachine(const BenchFlags& flags);

// Prints a report as the flags ask for (text, JSON, markdown) and writes it, as JSON, to --output.
Status ShowReport(const BenchFlags& flags, const Json& machine, const BenchReport& report);
void PrintRows(const BenchFlags& flags, const BenchReport& report);  // the table alone, and what was skipped

// The measuring behind each subcommand.
Result<BenchReport> BenchNetwork(const NetworkBenchFlags& flags, const std::vector<Peak>& peaks,
                                 const std::vector<DevicePeak>& device_peaks = {});
Result<BenchReport> BenchAudio(const BenchFlags& flags);
Result<BenchReport> BenchComposite(const BenchFlags& flags);
Result<BenchReport> BenchRender(const BenchFlags& flags, double seconds);
Result<BenchReport> BenchStart(const BenchFlags& flags);

// Each adds its subcommands of `bench`.
void AddBenchNetwork(CLI::App& bench, Commands& commands);
void AddBenchStages(CLI::App& bench, Commands& commands);
void AddBenchAll(CLI::App& bench, Commands& commands);

}  // namespace lips::cli
