// lipstream train: learns an avatar's networks from its package.
#include "train/train.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/stats.h"
#include "cli/app.h"
#include "cli/progress.h"

namespace lips::cli {
namespace {

struct Flags {
  TrainRequest request;
  std::string avatar, output, encoder, audio, more_sound, from, budget = "60m", every = "5m";
  bool quiet = false, json = false;
};

// "90", "90s", "60m", "1.5h" in seconds.
std::optional<double> Duration(const std::string& text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const double scale = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (failure != std::errc() || scale == 0 || !std::isfinite(value) || value <= 0) return std::nullopt;
  return value * scale;
}

std::string CheckDuration(const std::string& text) {
  return Duration(text) ? "" : "'" + text + "' is no duration such as 90s, 60m or 1.5h";
}

Result<ExitCode> RunTrain(Flags& flags) {
  TrainRequest& request = flags.request;
  request.avatar = flags.avatar;
  request.output = flags.output;
  if (!flags.encoder.empty()) request.audio_encoder = flags.encoder;
  if (!flags.audio.empty()) request.audio = flags.audio;
  if (!flags.more_sound.empty()) request.more_sound = flags.more_sound;
  if (!flags.from.empty()) request.from = flags.from;
  request.time_budget_s = *Duration(flags.budget);
  request.checkpoint_every_s = *Duration(flags.every);
  request.stop = &Stop();
  const Stopwatch watch;
  if (!flags.quiet) {
    request.progress = [&watch](const std::string& line) {
      std::fprintf(stderr, "%8s  %s\n", ClockText(watch.ElapsedMs() / 1000).c_str(), line.c_str());
    };
  }
  ASSIGN_OR_RETURN(const TrainReport report, Train(request));
  if (flags.json) {
    std::printf("%s\n", report.json.Dump().c_str());
  } else if (!flags.quiet) {
    std::printf("%s: %s\n", flags.output.c_str(), report.summary.c_str());
  }
  return kOk;
}

}  // namespace

void AddTrain(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  TrainRequest& request = flags->request;
  CLI::App* command =
      AddCommand(*commands.app, "train", "Learn an avatar's networks from its package (a build with LIPSTREAM_TRAIN)",
                 "  lipstream train anna -o anna-run --time-budget 60m\n"
                 "  lipstream train anna -o anna-run --width half --half\n"
                 "  lipstream train anna -o anna-run --audio-encoder encoder.onnx --held-out 60\n");
  command->add_option("avatar", flags->avatar, "package with pictures and the sound of the same moments (aud.wav)")
      ->required();
  command->add_option("-o,--output", flags->output, "folder for networks, report and checkpoints; a run there goes on")
      ->required();
  command->add_option("--width", request.width, "channels of the generator: quarter, half, full")
      ->check(CLI::IsMember({"quarter", "half", "full"}))
      ->capture_default_str();
  command
      ->add_option("--encoder-width", request.encoder_width,
                   "channels of the learned audio encoder: slim, medium, full")
      ->check(CLI::IsMember({"slim", "medium", "full"}))
      ->capture_default_str();
  command->add_option("--audio-encoder", flags->encoder, "hear through this network (.onnx) instead of learning one");
  command->add_flag("--features", request.packaged_features, "learn from the package's own feature rows (aud_ave.npy)");
  command
      ->add_option("--row-noise", request.row_noise,
                   "how much rows that are given are varied, of what each number varies by itself")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  command->add_option("--audio", flags->audio, "sound of the package's frames instead of its aud.wav");
  command->add_option("--more-sound", flags->more_sound,
                      "folder with aud.wav and mouth.npy: the audio encoder learns from them, too, without pictures");
  command->add_option("--from", flags->from,
                      "folder of another run, or a generator's .pth: begin with its weights instead of none");
  command->add_flag("--keep-hearing", request.keep_hearing,
                    "with --from: what hears stays as it is there, only drawing is learned");
  command
      ->add_option("--reference", request.reference,
                   "what frames are drawn from: random, another frame; pasted, themselves with another one's mouth")
      ->check(CLI::IsMember({"random", "pasted"}))
      ->capture_default_str();
  command->add_option("--time-budget", flags->budget, "time to compute, continuations included: 90s, 60m, 1.5h")
      ->check(CheckDuration)
      ->capture_default_str();
  command->add_option("--steps", request.steps, "this many steps instead of a time")->check(CLI::Range(0, 100000000));
  command->add_option("--checkpoint-every", flags->every, "time between checkpoints")
      ->check(CheckDuration)
      ->capture_default_str();
  command->add_option("--learning-rate", request.learning_rate, "highest learning rate")
      ->check(CheckPositiveNumber)
      ->capture_default_str();
  command->add_option("--held-out", request.held_out, "last frames kept for judging, where there is no heldout.txt")
      ->check(CLI::Range(0, 10000000))
      ->capture_default_str();
  command
      ->add_option("--sound-share", request.sound_share,
                   "of the run, for the sound alone where mouth.npy is there; 0: 0.12, with --more-sound 0.3; 1: "
                   "nothing is drawn")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--seed", request.seed, "of everything random")->capture_default_str();
  command->add_option("--threads", request.threads, "workers; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--device", request.device, "cpu, cuda, or auto: a GPU where torch has one")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--precision", request.precision, "activations: f32, bf16, or auto: bf16 where it is fast")
      ->check(CLI::IsMember({"auto", "f32", "bf16"}))
      ->capture_default_str();
  command->add_option("--batch", request.batch, "times the usual number of frames in each step; 0: 1, on a GPU 16")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  command->add_flag("--half", request.half, "store the networks in f16");
  command->add_flag("--fresh", request.fresh, "begin anew even if the folder holds a run");
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->add_flag("--json", flags->json, "print the report as JSON");
  command->callback([&commands, flags] { commands.run = [flags] { return RunTrain(*flags); }; });
}

}  // namespace lips::cli
