// What every engine's generator checks of what it is given: sizes of faces, sounds and mouths.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/generator.h"

namespace lips {

// Errors: kInvalidInput when one of both is not [size_px, size_px].
Status CheckFaces(const Generator& generator, ConstImageView roi, ConstImageView masked);

// The audio and the mouth of a job that sentences call `name`. Errors: kInvalidInput.
Status CheckJobSizes(const Generator& generator, const Generator::Job& job, const std::string& name);

}  // namespace lips
