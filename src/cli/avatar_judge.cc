// lipstream avatar judge: how well networks make the drawn person speak.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/app.h"
#include "cli/avatar_flags.h"
#include "cli/progress.h"
#include "judge/judge.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string avatar, speech, output, weights, composite = "natural";
  uint32_t seed = 1;
  bool videos = false;
  EngineFlags engine;
  ReportFlags report;
};

void Print(const Verdict& verdict) {
  std::printf("%-44s %6lld %8.2f %6.2f %6.2f %9.2f %8.2f %8.2f %8.2f %8.2f %8.1f\n", verdict.name.c_str(),
              static_cast<long long>(verdict.frames), verdict.opening, verdict.width, verdict.round,
              verdict.mouth_psnr_db, verdict.resting_mouth_psnr_db, verdict.lips_psnr_db, verdict.resting_lips_psnr_db,
              verdict.face_psnr_db, 100 * verdict.closed_opening);
}

void Print(const JudgeReport& report, const Flags& flags) {
  std::printf("%-44s %6s %8s %6s %6s %9s %8s %8s %8s %8s %8s\n", "held-out sentences", "frames", "opening", "width",
              "round", "mouth dB", "at rest", "lips dB", "at rest", "face dB", "closed %");
  for (const Verdict& sentence : report.sentences) Print(sentence);
  for (const Verdict& kind : report.kinds) Print(kind);
  Print(report.all);
  std::printf("opening, width, round: correlation with the drawing; look at %s/sheet.png\n", flags.output.c_str());
}

Result<ExitCode> RunJudge(const Flags& flags) {
  JudgeRequest request;
  request.avatar = flags.avatar;
  request.seed = flags.seed;
  request.speech = flags.speech;
  request.output = flags.output;
  request.keep_videos = flags.videos;
  if (!flags.weights.empty()) {
    request.model = Path(flags.weights) / "generator.onnx";
    request.audio_encoder = Path(flags.weights) / "audio_encoder.onnx";
  }
  ASSIGN_OR_RETURN(request.engine, flags.engine.Resolve());
  ASSIGN_OR_RETURN(request.composite, ParseCompositeMode(flags.composite));
  request.stop = &Stop();
  Result<JudgeReport> report = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("judge", flags.report.silent());
    request.progress = [&progress](int64_t done, int64_t total) { progress.Update(done, total); };
    report = Judge(request);
  }
  if (!report.ok()) return std::move(report).TakeError();
  PrintReport(flags.report, report.value().ToJson(), [&] { Print(report.value(), flags); });
  return kOk;
}

}  // namespace

void AddAvatarJudge(Commands& commands, CLI::App& parent) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      AddCommand(parent, "judge", "Measure how well networks make the drawn person speak, against true drawings",
                 "  lipstream avatar judge anna speech -o verdict\n"
                 "  lipstream avatar judge anna speech --weights run -o verdict --json\n");
  command->add_option("avatar", flags->avatar, "what lipstream avatar demo wrote")->required();
  command->add_option("speech", flags->speech, "folder of heldout_NAME.wav with their NAME.phones")->required();
  command->add_option("-o,--output", flags->output, "folder for report.json and sheet.png")->required();
  command->add_option("--weights", flags->weights,
                      "folder with generator.onnx and audio_encoder.onnx, instead of the avatar's own");
  command->add_option("--seed", flags->seed, "with which the avatar was drawn")->capture_default_str();
  command->add_option("--composite", flags->composite, "how the mouth joins its frame: natural, compatible")
      ->check(CLI::IsMember({"natural", "compatible"}))
      ->capture_default_str();
  command->add_flag("--videos", flags->videos, "keep NAME.rendered.mkv and NAME.drawn.mkv, for eyes and for verify");
  AddEngineFlags(*command, flags->engine);
  AddReportFlags(*command, flags->report);
  command->callback([&commands, flags] { commands.run = [flags] { return RunJudge(*flags); }; });
}

}  // namespace lips::cli
