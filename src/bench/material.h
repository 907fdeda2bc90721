// What benchmarks feed networks with: real faces of an avatar and real speech.
#pragma once

#include <optional>
#include <vector>

#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "model/binding.h"
#include "talker/face_samples.h"

namespace lips {

// Mono 16-bit PCM at 16 kHz. Errors: kIo.
Status WriteWav(const Path& path, const std::vector<float>& samples_16k);

// `frames` frames of `avatar` for a network bound so, with the first ten seconds of `audio`, or as SampleFaces chooses.
// Errors: those of every part; kInvalidInput when the network works on another face size or audio than the avatar's.
Result<FaceSamples> LoadBenchMaterial(const Avatar& avatar, const GeneratorBinding& binding,
                                      const std::optional<Path>& audio, int frames);

}  // namespace lips
