// Speech as a WAV file.
#pragma once

#include <span>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// 16-bit PCM, one channel. Samples are clamped to [-1, 1); those read from 16-bit files come out as they went in.
// Atomic. Errors: kInvalidInput (rate), kResourceLimit (more than the format's 4 GB), kIo.
Status WriteSpeechWav(const Path& path, std::span<const float> samples, int rate_hz);

}  // namespace lips
