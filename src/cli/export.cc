// lipstream export: preprocessed tensors for other programs.
#include "render/export.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/app.h"

namespace lips::cli {
namespace {

struct Flags {
  JobFlags job;
  ExportRequest request;
  std::string output, loop = "pingpong";
  bool quiet = false;
};

Result<ExitCode> RunExport(const Flags& flags) {
  ExportRequest request = flags.request;
  ASSIGN_OR_RETURN(request.job, flags.job.Resolve());
  request.folder = flags.output;
  request.loop = flags.loop == "forward" ? Loop::kForward : Loop::kPingPong;
  request.stop = &Stop();
  ASSIGN_OR_RETURN(const ExportReport report, ExportTensors(request));
  if (flags.quiet) return kOk;
  std::printf("%lld frames exported\n", static_cast<long long>(report.frames));
  for (const Path& file : report.files) std::printf("  %s\n", file.c_str());
  return kOk;
}

}  // namespace

void AddExport(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(
      *commands.app, "export", "Write the network's inputs as raw tensors (visual_input.bin, audio_input.bin)",
      "  lipstream export --avatar anna --audio speech.wav -o tensors --frames 50\n"
      "  lipstream export --avatar anna --audio speech.wav -o tensors --start 100 --frames 10 --npy\n");
  AddJobFlags(*command, flags->job);
  command->add_option("-o,--output", flags->output, "folder to write into")->required();
  command->add_option("--start", flags->request.start_frame, "first output frame")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  command->add_option("--frames", flags->request.frames, "how many frames; 0: to the end of the audio")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  command->add_option("--loop", flags->loop, "template order: pingpong, forward")
      ->check(CLI::IsMember({"pingpong", "forward"}))
      ->capture_default_str();
  command->add_flag("--npy", flags->request.npy, "also write roi, masked, mel and features as NPY");
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->callback([&commands, flags] { commands.run = [flags] { return RunExport(*flags); }; });
}

}  // namespace lips::cli
