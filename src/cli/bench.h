// What the subcommands of `lipstream bench` share: flags, the machine line, and how a report is shown.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "bench/report.h"
#include "cli/app.h"

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

// Adds `name` below `bench` with the flags every benchmark has; which of -a, --engines and --precisions it has, too.
struct BenchCommand {
  std::string name, description, examples;
  bool takes_avatar = true;
  bool takes_engines = true;
};
CLI::App* AddBenchCommand(CLI::App& bench, const BenchCommand& what, BenchFlags& flags);

// Prints a report as the flags ask for (text, JSON, markdown) and writes it, as JSON, to --output.
Status ShowReport(const BenchFlags& flags, const Json& machine, const BenchReport& report);

// One function a subcommand.
void AddBenchNetwork(CLI::App& bench, Commands& commands);

}  // namespace lips::cli
