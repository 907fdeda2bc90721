// Reads a finished file back before anyone else does. Private to this folder.
#pragma once

#include <cstdint>
#include <optional>

#include "base/file.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

struct ExpectedOutput {
  int64_t frames = 0;
  FrameRate fps;
  std::optional<double> audio_s;  // absent: no audio stream
};

// Errors: kCorrupted when the container does not open, or its packets do not add up to the frames, the length or the
// sound expected; kIo.
Status CheckOutput(const Path& path, const ExpectedOutput& expected);

}  // namespace lips
