// lipstream bench all: every benchmark after the other, one report.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "base/file.h"
#include "bench/machine.h"
#include "cli/bench.h"

namespace lips::cli {
namespace {

Result<ExitCode> RunAll(const BenchFlags& flags) {
  constexpr double kRenderSeconds = 4;
  const MeasuredMachine machine = MeasureMachine(flags);
  const std::pair<const char*, std::function<Result<BenchReport>()>> parts[] = {
      {"network", [&] { return BenchNetwork({.bench = flags}, machine.peaks); }},
      {"audio", [&] { return BenchAudio(flags); }},
      {"composite", [&] { return BenchComposite(flags); }},
      {"render", [&] { return BenchRender(flags, kRenderSeconds); }},
      {"start", [&] { return BenchStart(flags); }},
  };
  Json all = Json::Object({{"machine", machine.facts}});
  if (!flags.json) std::printf("%s\n", MachineLine(machine.facts).c_str());
  for (const auto& [name, measure] : parts) {
    auto report = measure();
    if (!report.ok()) return std::move(report).TakeError().Within(std::string("bench ") + name);
    all.Set(name, Json::Object({{"results", report.value().results}, {"skipped", report.value().skipped}}));
    if (flags.json) continue;
    std::printf("\n%s%s\n\n", flags.markdown ? "### " : "", name);
    PrintRows(flags, report.value());
    std::fflush(stdout);  // the next part may take minutes
  }
  if (flags.json) std::printf("%s\n", all.Dump().c_str());
  if (!flags.output.empty()) RETURN_IF_ERROR(WriteFileAtomically(flags.output, all.Dump() + "\n"));
  return kOk;
}

}  // namespace

void AddBenchAll(CLI::App& bench, Commands& commands) {
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* command = AddBenchCommand(bench,
                                      {.name = "all",
                                       .description = "Every benchmark, with each one's own defaults",
                                       .examples = "  lipstream bench all --avatar anna -o bench.json\n"},
                                      *flags);
  command->callback([&commands, flags] { commands.run = [flags] { return RunAll(*flags); }; });
}

}  // namespace lips::cli
