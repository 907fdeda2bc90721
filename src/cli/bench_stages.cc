// lipstream bench audio, composite, render, start: what surrounds the network.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/audio_bench.h"
#include "bench/composite_bench.h"
#include "bench/render_bench.h"
#include "bench/start_bench.h"
#include "cli/bench.h"

namespace lips::cli {

Result<BenchReport> BenchAudio(const BenchFlags& flags) {
  Progress bar("bench audio", flags.quiet);
  return MeasureAudio(JobOf(flags, {Backend::kOnnxRuntime, Backend::kCpu}, bar));
}

Result<BenchReport> BenchComposite(const BenchFlags& flags) {
  Progress bar("bench composite", flags.quiet);
  return MeasureComposite(JobOf(flags, {}, bar));
}

Result<BenchReport> BenchRender(const BenchFlags& flags, double seconds) {
  Progress bar("bench render", flags.quiet);
  return MeasureRender(JobOf(flags, {Backend::kNull, Backend::kOnnxRuntime, Backend::kCpu}, bar), seconds);
}

Result<BenchReport> BenchStart(const BenchFlags& flags) {
  Progress bar("bench start", flags.quiet);
  return MeasureStart(JobOf(flags, {Backend::kNull, Backend::kOnnxRuntime, Backend::kCpu}, bar));
}

namespace {

using Measure = std::function<Result<BenchReport>(const BenchFlags&)>;

void SetRun(CLI::App& command, Commands& commands, std::shared_ptr<BenchFlags> flags, Measure measure) {
  command.callback([&commands, flags = std::move(flags), measure = std::move(measure)] {
    commands.run = [flags, measure]() -> Result<ExitCode> {
      const MeasuredMachine machine = MeasureMachine(*flags);
      ASSIGN_OR_RETURN(const BenchReport report, measure(*flags));
      RETURN_IF_ERROR(ShowReport(*flags, machine.facts, report));
      return kOk;
    };
  });
}

Result<ExitCode> PrintFirstFrame(const BenchFlags& flags) {
  Progress silent("", true);
  auto parts = MakeFirstFrame(JobOf(flags, {}, silent));
  if (!parts.ok() && parts.error().code() == ErrorCode::kUnsupported) {
    parts = Json::Object({{"unsupported", parts.error().message()}});  // for the parent to report, not to fail by
  }
  if (!parts.ok()) return std::move(parts).TakeError();
  std::printf("%s\n", parts.value().Dump(true).c_str());
  std::fflush(stdout);  // the parent takes the time of this line; what ends the process comes after
  return kOk;
}

// What `bench composite` and `bench start` run as children.
void AddChildren(CLI::App& bench, Commands& commands) {
  CLI::App* turn = AddCommand(bench, "composite-turn", "One turn of bench composite", "");
  turn->group("");  // not shown
  turn->callback([&commands] {
    commands.run = []() -> Result<ExitCode> {
      std::printf("%s\n", CompositeTurn().Dump(true).c_str());
      return kOk;
    };
  });
  auto flags = std::make_shared<BenchFlags>();
  CLI::App* first = AddBenchCommand(bench,
                                    {.name = "first-frame",
                                     .description = "One turn of bench start",
                                     .examples = "",
                                     .engines = {"ort", "cpu", "cuda", "reference", "null"}},
                                    *flags);
  first->group("");
  first->callback([&commands, flags] { commands.run = [flags] { return PrintFirstFrame(*flags); }; });
}

}  // namespace

void AddBenchStages(CLI::App& bench, Commands& commands) {
  auto audio = std::make_shared<BenchFlags>();
  CLI::App* audio_command =
      AddBenchCommand(bench,
                      {.name = "audio",
                       .description = "The audio path: mel and encoder per row, and ten seconds of speech to features",
                       .examples = "  lipstream bench audio --avatar anna --engines ort,cpu\n",
                       .engines = {"ort", "cpu", "cuda", "reference"}},
                      *audio);
  SetRun(*audio_command, commands, audio, BenchAudio);

  auto composite = std::make_shared<BenchFlags>();
  CLI::App* composite_command =
      AddBenchCommand(bench,
                      {.name = "composite",
                       .description = "Putting a mouth into a 720p frame, on each of our instruction sets",
                       .examples = "  lipstream bench composite\n",
                       .takes_avatar = false,
                       .engines = {}},
                      *composite);
  SetRun(*composite_command, commands, composite, BenchComposite);

  auto render = std::make_shared<BenchFlags>();
  auto seconds = std::make_shared<double>(4);
  CLI::App* render_command =
      AddBenchCommand(bench,
                      {.name = "render",
                       .description = "Whole renders to a temporary file, stage by stage",
                       .examples = "  lipstream bench render --avatar anna --duration 10 --engines cpu,ort\n",
                       .engines = {"ort", "cpu", "cuda", "reference", "null"}},
                      *render);
  render_command->add_option("--duration", *seconds, "seconds of audio")
      ->check(CheckPositiveNumber)
      ->capture_default_str();
  SetRun(*render_command, commands, render,
         [seconds](const BenchFlags& flags) { return BenchRender(flags, *seconds); });

  auto start = std::make_shared<BenchFlags>();
  CLI::App* start_command = AddBenchCommand(bench,
                                            {.name = "start",
                                             .description = "From the start of the process to the first frame",
                                             .examples = "  lipstream bench start --avatar anna\n"
                                                         "  lipstream bench start --avatar anna --engines cuda,cpu\n",
                                             .engines = {"ort", "cpu", "cuda", "reference", "null"}},
                                            *start);
  SetRun(*start_command, commands, start, BenchStart);
  AddChildren(bench, commands);
}

}  // namespace lips::cli
