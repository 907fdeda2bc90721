// lipstream features: the audio path alone, as NPY.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "avatar/avatar.h"
#include "cli/app.h"
#include "render/speech_features.h"
#include "tensor/npy.h"

namespace lips::cli {
namespace {

struct Flags {
  std::string audio, output, stage = "encoder", avatar, encoder, edge = "zeros";
  EngineFlags engine;
  bool quiet = false;
};

Result<FilePart> FindEncoder(const Flags& flags) {
  if (!flags.encoder.empty()) return FilePart::Open(flags.encoder);
  if (flags.avatar.empty()) {
    return Error(ErrorCode::kInvalidInput,
                 "stage '" + flags.stage + "' needs an audio encoder: give --avatar A or --audio-encoder FILE");
  }
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(flags.avatar, {}));
  return avatar.audio_encoder_model();
}

Result<ExitCode> RunFeatures(const Flags& flags) {
  JobRequest job;  // without the avatar: new features may well go into its folder
  job.audio = flags.audio;
  RETURN_IF_ERROR(CheckOutputPath(job, flags.output));
  const FeatureStage stage = flags.stage == "mel"      ? FeatureStage::kMel
                             : flags.stage == "window" ? FeatureStage::kWindow
                                                       : FeatureStage::kEncoder;
  std::unique_ptr<AudioEncoder> encoder;
  if (stage != FeatureStage::kMel) {
    ASSIGN_OR_RETURN(const FilePart model, FindEncoder(flags));
    ASSIGN_OR_RETURN(const GeneratorOptions options, flags.engine.Resolve());
    ASSIGN_OR_RETURN(encoder, OpenAudioEncoder(model, options));
  }
  const WindowEdge edge = flags.edge == "repeat" ? WindowEdge::kRepeat : WindowEdge::kZeros;
  ASSIGN_OR_RETURN(const Tensor tensor, ComputeSpeechFeatures(flags.audio, stage, encoder.get(), edge));
  RETURN_IF_ERROR(WriteNpy(flags.output, tensor));
  if (!flags.quiet) std::printf("%s: %s f32\n", flags.output.c_str(), ToString(tensor.dims()).c_str());
  return kOk;
}

}  // namespace

void AddFeatures(Commands& commands) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = AddCommand(*commands.app, "features", "Write what the network hears, as NPY",
                                 "  lipstream features speech.wav --stage mel -o mel.npy\n"
                                 "  lipstream features speech.wav --avatar anna -o features.npy\n");
  command->add_option("audio", flags->audio, "any audio or video file FFmpeg reads")->required();
  command->add_option("-o,--output", flags->output, "NPY file to write")->required();
  command
      ->add_option("--stage", flags->stage,
                   "mel [columns,80]; encoder [rows,512], one row per 25-fps frame; window [rows,32,16,16]")
      ->check(CLI::IsMember({"mel", "encoder", "window"}))
      ->capture_default_str();
  command->add_option("-a,--avatar", flags->avatar, "use this package's audio encoder");
  command->add_option("--audio-encoder", flags->encoder, "audio encoder network (.onnx)");
  command->add_option("--edge", flags->edge, "rows outside the audio: zeros, repeat")
      ->check(CLI::IsMember({"zeros", "repeat"}))
      ->capture_default_str();
  flags->engine.auto_is_exact = true;
  AddEngineFlags(*command, flags->engine);
  command->add_flag("-q,--quiet", flags->quiet, "print errors only");
  command->callback([&commands, flags] { commands.run = [flags] { return RunFeatures(*flags); }; });
}

}  // namespace lips::cli
