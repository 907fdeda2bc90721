// lipstream bench: what the engines and everything around them cost, side by side in one run.
#include "cli/bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/file.h"
#include "base/thread_pool.h"
#include "bench/machine.h"
#include "cli/live.h"
#include "cli/table.h"

namespace lips::cli {

int BenchFlags::ThreadCount() const { return ThreadsOrCores(threads); }

std::vector<int> BenchFlags::ThreadCounts() const {
  return ThreadCount() == 1 ? std::vector<int>{1} : std::vector<int>{1, ThreadCount()};
}

std::vector<Backend> BenchFlags::Engines(std::vector<Backend> otherwise) const {
  if (engines.empty()) return otherwise;
  std::vector<Backend> parsed;
  for (const std::string& name : engines) {
    if (const auto backend = ParseBackend(name); backend.ok()) parsed.push_back(backend.value());
  }
  return parsed;
}

std::vector<Precision> BenchFlags::Precisions() const {
  std::vector<Precision> parsed;
  for (const std::string& name : precisions) {
    if (const auto precision = ParsePrecision(name); precision.ok()) parsed.push_back(precision.value());
  }
  if (parsed.empty()) return {Precision::kF32, Precision::kBf16, Precision::kInt8};
  return parsed;
}

CLI::App* AddBenchCommand(CLI::App& bench, const BenchCommand& what, BenchFlags& flags) {
  CLI::App* command = AddCommand(bench, what.name, what.description, what.examples);
  if (what.takes_avatar) {
    command->add_option("-a,--avatar", flags.avatar, "avatar package: a folder")->required();
    command->add_option("--audio", flags.audio,
                        "speech; default: the avatar's packaged features, or a built-in test signal");
    command->add_option("--model", flags.model, "generator network (.onnx) instead of the avatar's");
    command->add_option("--audio-encoder", flags.audio_encoder,
                        "audio encoder network (.onnx) instead of the avatar's");
  }
  if (!what.engines.empty()) {
    std::string list;
    for (const std::string& engine : what.engines) list += (list.empty() ? "" : ", ") + engine;
    command->add_option("--engines", flags.engines, "which engines, of " + list + "; default: ort, cpu")
        ->delimiter(',')
        ->check(CLI::IsMember(what.engines));
    command->add_option("--precisions", flags.precisions, "of engine cpu: f32, bf16, int8; default: all")
        ->delimiter(',')
        ->check(CLI::IsMember({"f32", "bf16", "int8", "f16", "fp32", "fp16"}));
  }
  command->add_option("--threads", flags.threads, "measure with 1 and with this many threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--rounds", flags.rounds, "measurements of each configuration; 0: a sensible number")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  command->add_flag("--json", flags.json, "print JSON instead of a table");
  command->add_flag("--markdown", flags.markdown, "print the table as markdown");
  command->add_option("-o,--output", flags.output, "also write the JSON to this file");
  command->add_flag("-q,--quiet", flags.quiet, "show no progress");
  return command;
}

Status ShowReport(const BenchFlags& flags, const Json& machine, const BenchReport& report) {
  const Json json = report.ToJson(machine);
  if (!flags.output.empty()) RETURN_IF_ERROR(WriteFileAtomically(flags.output, json.Dump() + "\n"));
  if (flags.json) {
    std::printf("%s\n", json.Dump().c_str());
    return {};
  }
  std::printf("%s\n\n", MachineLine(machine).c_str());
  PrintRows(flags, report);
  return {};
}

void PrintRows(const BenchFlags& flags, const BenchReport& report) {
  const TableStyle style = flags.markdown ? TableStyle::kMarkdown : TableStyle::kText;
  std::fputs(RowTable(report.results, style).c_str(), stdout);
  for (const Json& skipped : report.skipped) {
    std::printf("%sskipped: engine %s %s: %s\n", &skipped == report.skipped.data() ? "\n" : "",
                skipped.Find("engine")->as_string().c_str(), skipped.Find("precision")->as_string().c_str(),
                skipped.Find("why")->as_string().c_str());
  }
}

BenchJob JobOf(const BenchFlags& flags, std::vector<Backend> default_engines, Progress& bar) {
  BenchJob job;
  job.avatar = flags.avatar;
  if (!flags.model.empty()) job.avatar_options.model = flags.model;
  if (!flags.audio_encoder.empty()) job.avatar_options.audio_encoder = flags.audio_encoder;
  if (!flags.audio.empty()) job.audio = flags.audio;
  job.engines = flags.Engines(std::move(default_engines));
  job.precisions = flags.Precisions();
  job.threads = flags.ThreadCounts();
  job.rounds = flags.rounds;
  job.progress = [&bar](int64_t done, int64_t total) {
    bar.Update(done, total);
    return Stop().Check();
  };
  return job;
}

MeasuredMachine MeasureMachine(const BenchFlags& flags) {
  MeasuredMachine machine;
  Json::Array peaks;
  for (const int threads : flags.ThreadCounts()) {
    machine.peaks.push_back(MeasurePeak(threads));
    peaks.push_back(machine.peaks.back().ToJson());
  }
  machine.facts = MachineFacts(flags.ThreadCount());
  machine.facts.Set("peaks", std::move(peaks));
  return machine;
}

void AddBench(Commands& commands) {
  CLI::App* bench = commands.app->add_subcommand("bench", "Measure engines and stages side by side in one run");
  bench->require_subcommand(0, 1);  // or --live
  AddBenchNetwork(*bench, commands);
  AddBenchStages(*bench, commands);
  AddBenchAll(*bench, commands);
  AddBenchLive(*bench, commands);
}

}  // namespace lips::cli
