// lipstream avatar import: from an avatar of another program to an avatar package.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/app.h"
#include "cli/avatar_flags.h"
#include "cli/progress.h"
#include "face/import.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string source, output, boxes, box_order = "auto", rects = "keep", fps, audio;
  NetworkFlags networks;
  ReportFlags report;
};

Result<ImportRequest> Resolve(const Flags& flags) {
  ImportRequest request;
  request.source = flags.source;
  request.boxes = Given(flags.boxes);
  if (flags.box_order == "x1y1x2y2") request.box_order = BoxOrder::kX1Y1X2Y2;
  if (flags.box_order == "y1y2x1x2") request.box_order = BoxOrder::kY1Y2X1X2;
  if (flags.rects == "smooth") {
    request.rects = ImportRects::kSmooth;
  } else if (flags.rects == "find") {
    request.rects = ImportRects::kFind;
  } else if (flags.rects != "keep") {
    request.create.hand_rects = flags.rects;
  }
  if (!flags.fps.empty()) {
    ASSIGN_OR_RETURN(request.create.fps, ParseFrameRate(flags.fps));
  }
  request.create.output = flags.output;
  request.create.audio = Given(flags.audio);
  flags.networks.Apply(request.create);
  request.create.stop = &Stop();
  return request;
}

void Print(const ImportReport& report, const Flags& flags) {
  const CreateReport& made = report.created;
  std::printf("%s: %s, %lld frames, %dx%d; rectangles %s, %d to %d px wide", flags.output.c_str(),
              report.layout.c_str(), static_cast<long long>(made.frames), made.width, made.height, made.rects.c_str(),
              made.side_min, made.side_max);
  if (made.interpolated > 0) std::printf(", guessed in %lld frames", static_cast<long long>(made.interpolated));
  std::printf("\n");
  for (const std::string& line : report.kept) std::printf("kept: %s\n", line.c_str());
  for (const std::string& line : report.lost) std::printf("lost: %s\n", line.c_str());
  for (const std::string& warning : made.warnings) std::printf("warning: %s\n", warning.c_str());
  std::printf("look at %s/preview.png", flags.output.c_str());
  if (!made.has_generator) std::printf("; it has no networks yet: lipstream train, or --from an avatar that has some");
  std::printf("\n");
}

Json ToJson(const ImportReport& report) { return report.created.ToJson(); }  // what was lost is its "origin"

Result<ExitCode> RunImport(const Flags& flags) {
  ASSIGN_OR_RETURN(ImportRequest request, Resolve(flags));
  Result<ImportReport> report = Error(ErrorCode::kCancelled, "");
  {
    StageProgress progress(flags.report.silent());
    request.create.progress = progress.Callback();
    report = ImportAvatar(request);
  }
  if (!report.ok()) return std::move(report).TakeError();
  PrintReport(flags.report, ToJson(report.value()), [&] { Print(report.value(), flags); });
  return kOk;
}

}  // namespace

void AddAvatarImport(Commands& commands, CLI::App& parent) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(parent, "import", "Make an avatar of one that another program made",
                                 "  lipstream avatar import LiveTalking/data/avatars/anna -o anna --audio anna.wav\n"
                                 "  lipstream avatar import SyncTalk_2D/dataset/May -o may --weights May/99.pth\n"
                                 "  lipstream avatar import anna.mp4 --boxes boxes.npy -o anna --rects find\n");
  command
      ->add_option("source", flags->source,
                   "an avatar of LiveTalking or MuseTalk, a training tree of Ultralight-Digital-Human or SyncTalk_2D, "
                   "any package; or a video, a picture or a folder of pictures with --boxes")
      ->required();
  command->add_option("-o,--output", flags->output, "folder for the avatar; must not exist yet")->required();
  command->add_option("--boxes", flags->boxes, "face boxes, one a frame or one for all: .pkl, .npy, .json, .csv");
  command->add_option("--box-order", flags->box_order, "order of the numbers of a box, where it cannot be told")
      ->check(CLI::IsMember({"auto", "x1y1x2y2", "y1y2x1x2"}))
      ->capture_default_str();
  command
      ->add_option("--rects", flags->rects,
                   "face rectangles: keep (as they are), smooth (without their trembling), find (look for faces anew), "
                   "or a file with rectangles by hand (JSON, CSV)")
      ->capture_default_str();
  command->add_option("--fps", flags->fps, "frames per second of pictures; default: 25");
  command->add_option("--audio", flags->audio, "the recording, where the source has none");
  AddNetworkFlags(*command, flags->networks);
  AddReportFlags(*command, flags->report);
  command->callback([&commands, flags] { commands.run = [flags] { return RunImport(*flags); }; });
}

}  // namespace lips::cli
