// What rendering, exporting and single frames share: an avatar, its networks and its audio, opened together.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "avatar/avatar.h"
#include "composite/composite.h"
#include "engine/audio_encoder.h"
#include "engine/generator.h"
#include "talker/usual_rectangles.h"
#include "talker/window_source.h"

namespace lips {

struct JobRequest {
  Path avatar;  // a package's folder
  AvatarOptions avatar_options;
  Path audio;
  std::optional<double> duration_s;  // only the beginning of the audio
  std::optional<Path> features;      // packaged features instead of the encoder's; the audio then only gives the length
  WindowEdge edge = WindowEdge::kZeros;
  GeneratorOptions engine;
  CompositeMode composite = CompositeMode::kNatural;
  double feather = kUsualFeather;  // of natural compositing: kMinFeather .. kMaxFeather
  // Nothing: smooth ones for natural compositing, unless the package's own inputs are asked for. Takes the place of
  // avatar_options.rectangles.
  std::optional<Rectangles> rectangles;
  // How the audio is heard; docs/quality.md. With packaged features only the last two count.
  std::optional<bool> silence_gate;  // rest the mouth in silence; nothing: with natural compositing
  double mouth_gain = 1;             // 0 .. 2
  double smooth_audio = 0;           // 0 .. 1: of the most that audio/shaped_features.h allows
  double av_offset_ms = 0;           // mouth later than sound; within 1000 either way

  Rectangles used_rectangles() const { return rectangles.value_or(UsualRectangles(composite, avatar_options.inputs)); }
  // Whether silence shows the template as it is, where its mouth is at rest.
  bool shows_template_at_rest() const { return composite == CompositeMode::kNatural && rests_in_silence(); }
  bool rests_in_silence() const { return silence_gate.value_or(composite == CompositeMode::kNatural); }
};

// Everything opened and checked against each other. Movable.
struct Job {
  std::unique_ptr<Avatar> avatar;
  std::unique_ptr<Generator> generator;
  std::unique_ptr<AudioEncoder> encoder;  // null with packaged features or without a network
  std::unique_ptr<WindowSource> windows;  // refers to *encoder
  SpeechFacts speech;
  std::string model_sha256, encoder_sha256, features_sha256;  // empty where there is none
};

// Errors: those of every part; kInvalidInput when network and package do not fit each other (face size, row size),
// naming both numbers.
Result<Job> OpenJob(const JobRequest& request);

// OpenJob in two steps, for who chooses the engine's options by what the avatar and the audio are.
Result<Job> OpenSources(const JobRequest& request);
Status OpenNetworks(const JobRequest& request, Job& job);

// Whether an output may go to `output` (a file or a folder). Errors: kInvalidInput when it is the audio file itself, or
// lies in the avatar's folder, where it would replace or join the package's own files.
Status CheckOutputPath(const JobRequest& request, const Path& output);

}  // namespace lips
