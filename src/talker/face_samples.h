// Frames of an avatar with something they say: what precisions are calibrated and judged by, and what benchmarks feed
// networks with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audio/window.h"
#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "engine/generator.h"

namespace lips {

struct SampleSource {
  std::optional<Path> audio = {};      // its first ten seconds are heard instead of the package's features
  std::optional<int> row_floats = {};  // what the network hears of each row; nothing: what the package has
  WindowEdge edge = WindowEdge::kZeros;
  int threads = 0;  // for the audio encoder
  int count = 8;
};

struct FaceSamples {
  std::vector<FaceSample> faces;
  std::string sound;  // "speech.wav", "packaged features", "sample speech"
};

// `count` frames spread over the avatar's template with windows spread over what is heard: the source's audio, else the
// package's own features, else SampleSpeech(); sound goes through the avatar's encoder. Takes a second or two. Errors:
// those of reading, decoding and encoding; kInvalidInput when the rows have another size than asked for.
Result<FaceSamples> SampleFaces(const Avatar& avatar, const SampleSource& source);

// Lets a network be calibrated with SampleFaces(avatar, {}): the same frames and sounds for a package's folder and its
// pack, whatever is rendered later, so that both run the same network. `avatar` must live as long as a generator is
// being opened with `options`.
Status UseFaceSamples(const Avatar& avatar, GeneratorOptions& options);

}  // namespace lips
