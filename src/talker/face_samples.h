// Frames of an avatar with something they say: what an engine judges its precision by.
#pragma once

#include <vector>

#include "audio/window.h"
#include "avatar/avatar.h"
#include "base/file.h"
#include "base/result.h"
#include "engine/generator.h"

namespace lips {

struct SampleSource {
  Path audio = {};  // used where the package has no features
  WindowEdge edge = WindowEdge::kZeros;
  int threads = 0;  // for its audio encoder
};

// A few frames spread over the avatar's template, with audio windows of the package's own features or, where it has
// none, of the source's audio. Windows have as many floats as the avatar's encoder makes rows of. Takes a second or
// two. Errors: those of reading, decoding and encoding.
Result<std::vector<FaceSample>> SampleFaces(const Avatar& avatar, const SampleSource& source);

}  // namespace lips
