// Frames of an avatar with something they say: what an engine judges its precision by.
#pragma once

#include <vector>

#include "avatar/avatar.h"
#include "base/result.h"
#include "engine/generator.h"
#include "render/job.h"

namespace lips {

// A few frames spread over the avatar's template, with audio windows of the package's own features or, where it has
// none, of the request's audio. Windows have as many floats as the avatar's encoder makes rows of. Takes a second or
// two. Errors: those of reading, decoding and encoding.
Result<std::vector<FaceSample>> SampleFaces(const Avatar& avatar, const JobRequest& request);

}  // namespace lips
