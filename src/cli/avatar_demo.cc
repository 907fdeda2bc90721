// lipstream avatar demo: the drawn person as a package, or speaking as a training set.
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>

#include "cli/app.h"
#include "cli/progress.h"
#include "demo/template_package.h"
#include "demo/training_set.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string output, size = "1280x720", weights, speech;
  double seconds = 12;
  uint32_t seed = 1;
  int threads = 0;
  bool sound_only = false, quiet = false;
};

// "1280x720"
Result<std::pair<int, int>> ParseSize(const std::string& text) {
  std::pair<int, int> size;
  const char* end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.first);
  if (width.ec == std::errc() && width.ptr != end && *width.ptr == 'x') {
    const auto height = std::from_chars(width.ptr + 1, end, size.second);
    if (height.ec == std::errc() && height.ptr == end) return size;
  }
  return Error(ErrorCode::kInvalidInput, "expected WIDTHxHEIGHT, such as 1280x720, not '" + text + "'");
}

std::string CheckSize(const std::string& text) {
  const auto size = ParseSize(text);
  return size.ok() ? "" : size.error().message();
}

Result<ExitCode> RunTrainingSet(const Flags& flags, int width, int height) {
  demo::TrainingSetRequest request;
  request.speech = flags.speech;
  request.folder = flags.output;
  request.width = width;
  request.height = height;
  request.seed = flags.seed;
  request.sound_only = flags.sound_only;
  request.threads = flags.threads;
  request.stop = &Stop();
  Result<demo::TrainingSetReport> written = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("draw", flags.quiet);
    request.progress = [&progress](int64_t done, int64_t total) { progress.Update(done, total); };
    written = WriteTrainingSet(request);
  }
  if (!written.ok()) return std::move(written).TakeError();
  const demo::TrainingSetReport& report = written.value();
  if (!flags.quiet) {
    std::printf("%s: %lld sentences, %lld frames (%s); the last %lld frames are to be held out\n", flags.output.c_str(),
                static_cast<long long>(report.sentences), static_cast<long long>(report.frames),
                ClockText(static_cast<double>(report.frames) / 25).c_str(),
                static_cast<long long>(report.held_out_frames));
  }
  return kOk;
}

Result<ExitCode> RunDemo(const Flags& flags) {
  ASSIGN_OR_RETURN(const auto size, ParseSize(flags.size));
  if (!flags.speech.empty()) return RunTrainingSet(flags, size.first, size.second);
  demo::TemplateRequest request;
  request.folder = flags.output;
  request.seconds = flags.seconds;
  request.width = size.first;
  request.height = size.second;
  request.seed = flags.seed;
  request.threads = flags.threads;
  if (!flags.weights.empty()) request.weights = flags.weights;
  request.stop = &Stop();
  Result<demo::TemplateReport> written = Error(ErrorCode::kCancelled, "");
  {
    Progress progress("draw", flags.quiet);
    request.progress = [&progress](int64_t done, int64_t total) { progress.Update(done, total); };
    written = WriteTemplatePackage(request);
  }
  if (!written.ok()) return std::move(written).TakeError();
  const demo::TemplateReport& report = written.value();
  if (!flags.quiet) {
    std::printf("%s: %lld frames, %dx%d\n", flags.output.c_str(), static_cast<long long>(report.frames), size.first,
                size.second);
    if (report.weights.empty()) {
      std::printf(
          "without networks: no generator.onnx and audio_encoder.onnx were found in assets/demo; give --weights, or "
          "--model and --audio-encoder when rendering\n");
    }
  }
  return kOk;
}

}  // namespace

void AddAvatarDemo(Commands& commands, CLI::App& parent) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(parent, "demo", "Draw the demo's person: a package, or a set to train its networks on",
                                 "  lipstream avatar demo -o anna\n"
                                 "  lipstream avatar demo --training-set speech -o set\n");
  command->add_option("-o,--output", flags->output, "folder to write into")->required();
  command->add_option("--seconds", flags->seconds, "length of the template, which plays in a loop")
      ->check(CheckPositiveNumber)
      ->capture_default_str();
  command->add_option("--size", flags->size, "WIDTHxHEIGHT of the frames")->check(CheckSize)->capture_default_str();
  command->add_option("--seed", flags->seed, "another one gives other hair and motion")->capture_default_str();
  command->add_option("--weights", flags->weights,
                      "folder with generator.onnx and audio_encoder.onnx; default: assets/demo beside the program");
  command->add_option("--training-set", flags->speech,
                      "instead: the person speaks NAME.wav with NAME.phones of this folder, as a set to train on");
  command
      ->add_flag("--sound-only", flags->sound_only,
                 "of the training set the sound and the mouths that go with it alone, for train --more-sound")
      ->needs("--training-set");
  command->add_option("--threads", flags->threads, "0: one a core")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->callback([&commands, flags] { commands.run = [flags] { return RunDemo(*flags); }; });
}

}  // namespace lips::cli
