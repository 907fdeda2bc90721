#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/log.h"
#include "engine/remote/connection.h"

namespace lips::cli {
namespace {

constexpr std::string_view kRemotePrefix = "remote=";

std::optional<Path> OptionalPath(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<Path>(text);
}

// The number that `text` spells, if it is nothing but a finite number.
std::optional<double> FiniteNumber(const std::string& text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// What is wrong with the values of several options together: option and sentence, or nothing.
std::optional<std::pair<std::string, std::string>> EngineConflict(const EngineFlags& flags) {
  const auto provider = ParseProvider(flags.provider);
  const auto precision = ParsePrecision(flags.precision);
  if (!provider.ok() || !precision.ok()) return {};  // said by their own checks
  const auto named = ParseBackend(flags.engine);     // fails for auto and remote=HOST:PORT
  const Backend backend =
      named.ok() ? named.value() : UsualBackend({.provider = provider.value(), .precision = precision.value()});
  const bool remote = flags.engine.starts_with(kRemotePrefix);
  if (!Offers(remote ? Backend::kNull : backend, precision.value())) {
    return std::pair(std::string("--precision"), flags.precision + " needs --engine " +
                                                     std::string(WhoOffers(precision.value())) + ", not " +
                                                     (remote ? flags.engine : std::string(Name(backend))));
  }
  if (provider.value() == Provider::kCpu || (!remote && backend == Backend::kOnnxRuntime)) return {};
  return std::pair(std::string("--provider"), flags.provider + " needs --engine ort, not " + flags.engine);
}

}  // namespace

std::string CheckPositiveNumber(const std::string& text) {
  const auto value = FiniteNumber(text);
  return value && *value > 0 ? "" : "'" + text + "' is no number above 0";
}

std::string CheckNonNegativeNumber(const std::string& text) {
  const auto value = FiniteNumber(text);
  return value && *value >= 0 ? "" : "'" + text + "' is no number of 0 or more";
}

StopFlag& Stop() {
  static StopFlag flag;
  return flag;
}

CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer("Examples:\n" + examples);
  return command;
}

Result<GeneratorOptions> EngineFlags::Resolve() const {
  if (const auto conflict = EngineConflict(*this)) {
    return Error(ErrorCode::kInvalidInput, conflict->first + " " + conflict->second);
  }
  GeneratorOptions options;
  options.prove = !no_proof;
  options.session.threads = threads;
  ASSIGN_OR_RETURN(options.session.provider, ParseProvider(provider));
  ASSIGN_OR_RETURN(options.session.precision, ParsePrecision(precision));
  if (engine.starts_with(kRemotePrefix)) {
    if (!may_be_remote) {
      return Error(ErrorCode::kUnsupported, "--engine " + engine + ": this command runs its networks itself");
    }
    options.remote = engine.substr(kRemotePrefix.size());
    RETURN_IF_ERROR(remote::ParseAddress(options.remote));
    return options;
  }
  if (engine == "auto" && auto_is_exact) {
    options.session.backend = UsualBackend(options.session);
  } else {
    RETURN_IF_ERROR(ChooseBackend(engine, options.session));
  }
  return options;
}

void AddEngineFlags(CLI::App& command, EngineFlags& flags) {
  command
      .add_option(
          "--engine", flags.engine,
          std::string("what runs the networks: auto (") +
              (flags.auto_is_exact ? "cpu" : "cuda where a device is, else cpu") +
              "; ort for another --provider), cpu (our own), cuda (our own, on an NVIDIA device), ort (ONNX Runtime), "
              "reference (slow, exact), null (no network: the mouth stays the template's)" +
              std::string(flags.may_be_remote ? ", remote=HOST:PORT (lipstream serve --role generator there)" : ""))
      ->check([](const std::string& text) {
        return text.starts_with(kRemotePrefix)
                   ? std::string()
                   : CLI::IsMember({"auto", "cpu", "cuda", "ort", "reference", "null"})(text);
      })
      ->capture_default_str();
  command.add_option("--provider", flags.provider, "ONNX Runtime's device: cpu, cuda, tensorrt")
      ->check(CLI::IsMember({"cpu", "cuda", "tensorrt"}))
      ->capture_default_str();
  command.add_option("--threads", flags.threads, "compute threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command
      .add_option("--precision", flags.precision,
                  "numbers the engine computes in: auto (of cpu the fastest that stays exact enough, of cuda f16), f32 "
                  "(not of cuda); bf16, int8 (of cpu); f16 (of cuda and ort)")
      ->check([](const std::string& text) {
        const auto precision = ParsePrecision(text);
        return precision.ok() ? std::string() : precision.error().message();
      })
      ->capture_default_str();
  command.add_flag("--no-proof", flags.no_proof,
                   "skip the check of the engine against the reference on first use of a model");
  command.parse_complete_callback([&flags] {  // rather than run otherwise without a word
    if (const auto conflict = EngineConflict(flags)) throw CLI::ValidationError(conflict->first, conflict->second);
  });
}

Result<std::optional<bool>> ParseRest(const std::string& text) {
  if (text == "auto") return std::optional<bool>();
  if (text == "template" || text == "network") return std::optional<bool>(text == "template");
  return Error(ErrorCode::kInvalidInput, "rest '" + text + "'; expected auto, template or network");
}

Result<JobRequest> JobFlags::Resolve() const {
  JobRequest request;
  request.avatar = avatar;
  request.audio = audio;
  request.avatar_options.inputs = inputs == "package"   ? InputSource::kPackage
                                  : inputs == "derived" ? InputSource::kDerived
                                                        : InputSource::kAuto;
  request.avatar_options.model = OptionalPath(model);
  request.avatar_options.audio_encoder = OptionalPath(audio_encoder);
  request.features = OptionalPath(features);
  request.edge = edge == "repeat" ? WindowEdge::kRepeat : WindowEdge::kZeros;
  ASSIGN_OR_RETURN(request.composite, ParseCompositeMode(composite));
  request.feather = feather;
  if (rectangles != "auto") request.rectangles = rectangles == "smooth" ? Rectangles::kSmooth : Rectangles::kPackage;
  if (silence_gate != "auto") request.silence_gate = silence_gate == "on";
  ASSIGN_OR_RETURN(request.avatar_options.rests, ParseRest(rest));
  request.mouth_gain = mouth_gain;
  request.smooth_audio = smooth_audio;
  request.av_offset_ms = av_offset_ms;
  if (duration_s > 0) request.duration_s = duration_s;
  ASSIGN_OR_RETURN(request.engine, engine.Resolve());
  return request;
}

void AddJobFlags(CLI::App& command, JobFlags& flags) {
  command.add_option("-a,--avatar", flags.avatar, "avatar package: a folder or a pack (.lips)")->required();
  command.add_option("--audio", flags.audio, "speech: any audio or video file FFmpeg reads")->required();
  command
      .add_option("--inputs", flags.inputs,
                  "the network's pictures: package (the avatar's own), derived (from the full frames), auto")
      ->check(CLI::IsMember({"auto", "package", "derived"}))
      ->capture_default_str();
  command.add_option("--model", flags.model, "generator network (.onnx) instead of the avatar's");
  command.add_option("--audio-encoder", flags.audio_encoder, "audio encoder network (.onnx) instead of the avatar's");
  command.add_option("--features", flags.features,
                     "precomputed feature rows (.npy or raw .bin) instead of hearing the audio");
  command.add_option("--edge", flags.edge, "feature rows before the start and after the end: zeros, repeat")
      ->check(CLI::IsMember({"zeros", "repeat"}))
      ->capture_default_str();
  command.add_option("--duration", flags.duration_s, "use only the first SECONDS of the audio")
      ->check(CheckPositiveNumber);
  flags.engine.may_be_remote = true;
  AddEngineFlags(command, flags.engine);
}

void AddCompositeFlag(CLI::App& command, JobFlags& flags) {
  command
      .add_option("--composite", flags.composite,
                  "how the mouth joins its frame: natural (soft mask, colours matched), compatible (hard paste)")
      ->check(CLI::IsMember({"natural", "compatible"}))
      ->capture_default_str();
  command
      .add_option("--rectangles", flags.rectangles,
                  "what faces are cut out by: package (as a detector found them), smooth (without their trembling, "
                  "between pixels), auto (smooth with --composite natural, unless --inputs package)")
      ->check(CLI::IsMember({"auto", "package", "smooth"}))
      ->capture_default_str();
  command
      .add_option("--feather", flags.feather,
                  "how softly the natural mask fades: a part of the way to its middle, 0.05 to 0.35")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
}

void AddSpeechFlags(CLI::App& command, JobFlags& flags) {
  command
      .add_option("--silence-gate", flags.silence_gate,
                  "ease the mouth to rest in silence: on, off, auto (on with --composite natural)")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  command
      .add_option(
          "--rest", flags.rest,
          "what a gated silence shows: template (as it is, where its own mouth is at rest), network (its mouth at "
          "rest), auto (template where the avatar says so)")
      ->check(CLI::IsMember({"auto", "template", "network"}))
      ->capture_default_str();
  command.add_option("--mouth-gain", flags.mouth_gain, "how wide the mouth moves: 0 (at rest) to 2, 1 as trained")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--smooth-audio", flags.smooth_audio,
                  "calm the mouth by mixing neighbouring moments of the audio, without delay: 0 (not) to 1")
      ->check(CheckNonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--av-offset-ms", flags.av_offset_ms,
                  "the mouth comes so much later than the sound, earlier if negative; within 1000")
      ->check(
          [](const std::string& text) { return CheckNonNegativeNumber(text.starts_with("-") ? text.substr(1) : text); })
      ->capture_default_str();
}

}  // namespace lips::cli
