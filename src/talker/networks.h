// An avatar's networks, opened and checked against it and each other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "avatar/avatar.h"
#include "base/result.h"
#include "engine/audio_encoder.h"
#include "engine/generator.h"

namespace lips {

struct NetworkRequest {
  // `samples`, `samples_key` and `stored` are set here. With `remote` the generator's network runs there and the audio
  // encoder's here.
  GeneratorOptions engine;
  bool other_model = false;  // the avatar was opened with another generator than its own
  bool with_encoder = true;  // not needed with packaged features
};

struct Networks {
  std::unique_ptr<Generator> generator;
  std::unique_ptr<AudioEncoder> encoder;     // null without a network, or when not wanted
  std::string model_sha256, encoder_sha256;  // empty where there is none
};

// `avatar` outlives the call only. Errors: those of every part; kInvalidInput when network and package do not fit each
// other (face size, row size), naming both numbers.
Result<Networks> OpenNetworks(const Avatar& avatar, const NetworkRequest& request);

}  // namespace lips
