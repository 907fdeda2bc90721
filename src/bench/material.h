// What benchmarks feed networks with: real faces of an avatar and real speech.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "model/binding.h"

namespace lips {

// Ten seconds at 16 kHz that resemble speech to an audio encoder: voiced and unvoiced syllables with pauses.
// Deterministic.
std::vector<float> TestSpeech();

// Mono 16-bit PCM at 16 kHz. Errors: kIo.
Status WriteWav(const Path& path, const std::vector<float>& samples_16k);

struct BenchMaterial {
  struct Frame {
    FaceInputs face;
    std::vector<float> audio;  // GeneratorBinding::audio_floats()
  };
  std::vector<Frame> frames;  // spread evenly over the template, and over the speech
  std::string audio;          // "speech.wav", "packaged features", "test signal"
};

// `frames` frames of `avatar` for a network bound so. The speech is the first ten seconds of `audio`, else the
// package's features, else TestSpeech(); samples are encoded by the avatar's encoder on the best engine there is.
// Errors: those of every part; kInvalidInput when the network works on another face size or audio than the avatar's.
Result<BenchMaterial> LoadBenchMaterial(const Avatar& avatar, const GeneratorBinding& binding,
                                        const std::optional<Path>& audio, int frames);

// The first `seconds` of a file as mono 16 kHz samples. Errors: those of decoding.
Result<std::vector<float>> ReadBenchSpeech(const Path& audio, double seconds);

}  // namespace lips
