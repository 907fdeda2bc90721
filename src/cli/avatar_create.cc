// lipstream avatar create: from a video of somebody talking to an avatar package.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/app.h"
#include "cli/avatar_flags.h"
#include "cli/progress.h"
#include "face/create.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string video, output, audio, rects = "smooth", detector, landmarks, mean_face;
  std::string engine = "auto";
  double start_s = 0, duration_s = 0;
  NetworkFlags networks;
  ReportFlags report;
};

Result<CreateRequest> Resolve(const Flags& flags) {
  CreateRequest request;
  request.video = flags.video;
  request.output = flags.output;
  request.audio = Given(flags.audio);
  request.start_s = flags.start_s;
  if (flags.duration_s > 0) request.duration_s = flags.duration_s;
  if (flags.rects == "compatible") {
    request.rule = RectRule::kCompatible;
  } else if (flags.rects != "smooth") {
    request.hand_rects = flags.rects;
  }
  request.detector = Given(flags.detector);
  request.landmarks = Given(flags.landmarks);
  request.mean_face = Given(flags.mean_face);
  if (flags.engine != "auto") {
    ASSIGN_OR_RETURN(request.engine.backend, ParseBackend(flags.engine));
  }
  flags.networks.Apply(request);
  request.stop = &Stop();
  return request;
}

void Print(const CreateReport& report, const Flags& flags) {
  std::printf("%s: %lld frames, %dx%d, %s of video at 25 frames per second\n", flags.output.c_str(),
              static_cast<long long>(report.frames), report.width, report.height,
              ClockText(static_cast<double>(report.frames) / 25).c_str());
  if (report.rects == "by hand") {
    std::printf("rectangles by hand, %d to %d px wide\n", report.side_min, report.side_max);
  } else {
    std::printf("face found in %lld frames, guessed in %lld; rectangles %s, %d to %d px wide\n",
                static_cast<long long>(report.found), static_cast<long long>(report.interpolated), report.rects.c_str(),
                report.side_min, report.side_max);
    std::printf("%s, %s: %.1f ms a frame\n", report.detector.c_str(), report.landmarker.c_str(),
                report.track_ms_per_frame);
  }
  for (const std::string& warning : report.warnings) std::printf("warning: %s\n", warning.c_str());
  std::printf("look at %s/preview.png", flags.output.c_str());
  if (!report.has_generator)
    std::printf("; it has no networks yet: lipstream train, or --from an avatar that has some");
  std::printf("\n");
}

Result<ExitCode> RunCreate(const Flags& flags) {
  ASSIGN_OR_RETURN(CreateRequest request, Resolve(flags));
  Result<CreateReport> report = Error(ErrorCode::kCancelled, "");
  {
    StageProgress progress(flags.report.silent());
    request.progress = progress.Callback();
    report = CreateAvatar(request);
  }
  if (!report.ok()) return std::move(report).TakeError();
  PrintReport(flags.report, report.value().ToJson(), [&] { Print(report.value(), flags); });
  return kOk;
}

}  // namespace

void AddAvatarCreate(Commands& commands, CLI::App& parent) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(parent, "create", "Make an avatar of a video of somebody talking",
                                 "  lipstream avatar create anna.mp4 -o anna\n"
                                 "  lipstream avatar create anna.mov -o anna --start 2.5 --duration 180\n"
                                 "  lipstream avatar create anna.mp4 -o anna --from ben\n"
                                 "  lipstream avatar create anna.mp4 -o anna --rects rects.csv\n");
  command->add_option("video", flags->video, "a person facing the camera and talking; any video FFmpeg reads")
      ->required();
  command->add_option("-o,--output", flags->output, "folder for the avatar; must not exist yet")->required();
  command->add_option("--audio", flags->audio, "the recording, instead of the video's own sound");
  command->add_option("--start", flags->start_s, "begin at SECONDS")->check(CheckNonNegativeNumber);
  command->add_option("--duration", flags->duration_s, "use only SECONDS")->check(CheckPositiveNumber);
  command
      ->add_option("--rects", flags->rects,
                   "face rectangles: smooth (steady), compatible (each frame by itself, as other programs do), or a "
                   "file with rectangles by hand (JSON, CSV)")
      ->capture_default_str();
  AddNetworkFlags(*command, flags->networks);
  command->add_option("--detector", flags->detector, "face detector of your own (.onnx, SCRFD)");
  command->add_option("--landmarks", flags->landmarks, "landmark network of your own (.onnx, PFLD, 98 or 110 points)");
  command->add_option("--mean-face", flags->mean_face, "text file of numbers to add to what --landmarks gives")
      ->needs("--landmarks");
  command->add_option("--engine", flags->engine, "what runs the face networks: auto, cpu, ort, reference")
      ->check(CLI::IsMember({"auto", "cpu", "ort", "reference"}))
      ->capture_default_str();
  AddReportFlags(*command, flags->report);
  command->callback([&commands, flags] { commands.run = [flags] { return RunCreate(*flags); }; });
}

}  // namespace lips::cli
