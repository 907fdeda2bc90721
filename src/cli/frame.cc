// lipstream frame: one frame through everything, every intermediate on disk.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/app.h"
#include "render/single_frame.h"

namespace lips::cli {
namespace {

struct Flags {
  JobFlags job;
  SingleFrameRequest request;
  std::string output, loop = "pingpong";
  bool quiet = false;
};

Result<ExitCode> RunFrame(const Flags& flags) {
  SingleFrameRequest request = flags.request;
  ASSIGN_OR_RETURN(request.job, flags.job.Resolve());
  request.folder = flags.output;
  request.loop = flags.loop == "forward" ? Loop::kForward : Loop::kPingPong;
  ASSIGN_OR_RETURN(const std::vector<Path> files, RenderSingleFrame(request));
  if (flags.quiet) return kOk;
  for (const Path& file : files) std::printf("%s\n", file.c_str());
  return kOk;
}

}  // namespace

void AddFrame(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      AddCommand(*commands.app, "frame", "Render one frame and keep every intermediate picture and array",
                 "  lipstream frame --avatar anna --audio speech.wav --at 40 -o frame40\n");
  AddJobFlags(*command, flags->job);
  AddCompositeFlag(*command, flags->job);
  AddSpeechFlags(*command, flags->job);
  command->add_option("-o,--output", flags->output, "folder to write into")->required();
  command->add_option("--at", flags->request.frame, "output frame")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  command->add_option("--loop", flags->loop, "template order: pingpong, forward")
      ->check(CLI::IsMember({"pingpong", "forward"}))
      ->capture_default_str();
  command->add_option("--start-frame", flags->request.start_frame, "template frame shown first")->capture_default_str();
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->callback([&commands, flags] { commands.run = [flags] { return RunFrame(*flags); }; });
}

}  // namespace lips::cli
