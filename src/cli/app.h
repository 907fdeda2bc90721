// What every command shares: registration, exit codes, the options for avatars and engines, and how errors are shown.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/stop.h"
#include "render/job.h"

namespace CLI {
class App;
}

namespace lips::cli {

// What the process tells its caller.
enum ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the world failed: files, formats, devices
  kUsage = 2,        // the command line is wrong
  kNotVerified = 3,  // a check found a difference or a fault
};

// Raised by the first SIGINT or SIGTERM; a second one ends the process at once.
StopFlag& Stop();

// Runs a subcommand. An error is printed as one sentence and becomes kFailed.
using Run = std::function<Result<ExitCode>()>;

// Collects the chosen command's action while CLI11 parses.
struct Commands {
  CLI::App* app = nullptr;
  Run run;
};

// A subcommand of `parent` with a description and examples in its help.
CLI::App* AddCommand(CLI::App& parent, const std::string& name, const std::string& description,
                     const std::string& examples);

// What CLI11's own number checks lack: they let NaN pass and spell the largest double out in their message.
// Each returns what is wrong, or nothing.
std::string CheckPositiveNumber(const std::string& text);
std::string CheckNonNegativeNumber(const std::string& text);

// --engine, --provider, --threads, --precision, --no-proof. The returned object must outlive parsing; Resolve()
// afterwards.
struct EngineFlags {
  std::string engine = "auto";
  std::string provider = "cpu";
  std::string precision = "auto";
  int threads = 0;
  bool no_proof = false;
  bool may_be_remote = false;  // the command can do with a generator elsewhere
  bool auto_is_exact = false;  // "auto" is no device: what the command makes is kept, or compared to many digits
  // "auto": ChooseBackend's. Errors: kUnsupported (remote=HOST:PORT where it may not be).
  Result<GeneratorOptions> Resolve() const;
};
void AddEngineFlags(CLI::App& command, EngineFlags& flags);

// What --rest asks for: template, network, or auto (nothing: as the avatar says). kInvalidInput lists the choices.
Result<std::optional<bool>> ParseRest(const std::string& text);

// --avatar, --audio, --inputs, --model, --audio-encoder, --features, --edge and the engine's flags: a job.
struct JobFlags {
  std::string avatar, audio, inputs = "auto", model, audio_encoder, features, edge = "zeros", composite = "natural",
                             rectangles = "auto";
  double feather = kUsualFeather;
  double duration_s = 0;
  std::string silence_gate = "auto", rest = "auto";
  double mouth_gain = 1, smooth_audio = 0, av_offset_ms = 0;
  EngineFlags engine;
  Result<JobRequest> Resolve() const;
};
void AddJobFlags(CLI::App& command, JobFlags& flags);
void AddCompositeFlag(CLI::App& command, JobFlags& flags);  // of commands that make frames
void AddSpeechFlags(CLI::App& command, JobFlags& flags);    // ... and whose mouth may be tuned

// One function a command; each adds its subcommand to the app and sets commands.run when it is chosen.
void AddRender(Commands& commands);
void AddAvatar(Commands& commands);
void AddAvatarCreate(Commands& commands, CLI::App& parent);  // avatar create
void AddAvatarImport(Commands& commands, CLI::App& parent);  // avatar import
void AddAvatarJudge(Commands& commands, CLI::App& parent);   // avatar judge
void AddAvatarDemo(Commands& commands, CLI::App& parent);    // avatar demo
void AddModel(Commands& commands);
void AddModelConvert(Commands& commands, CLI::App& parent);  // model convert
void AddFeatures(Commands& commands);
void AddExport(Commands& commands);
void AddFrame(Commands& commands);
void AddVerify(Commands& commands);
void AddTrain(Commands& commands);
void AddBench(Commands& commands);

}  // namespace lips::cli
