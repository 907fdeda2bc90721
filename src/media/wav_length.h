// Whether a WAV file holds all the audio its header promises.
#pragma once

#include <cstdint>
#include <span>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// `head` is the beginning of a file of `file_bytes`. Decoders play what is left of a cut-off WAV without a word; this
// notices. ok for anything that is no RIFF WAVE, whose data chunk lies beyond `head`, or that was streamed with an
// unknown length (0 or the largest values). Errors: kCorrupted with both lengths.
Status CheckWavIsWhole(std::span<const uint8_t> head, uint64_t file_bytes);

// The same for a file; one that cannot be read is somebody else's error.
Status CheckWavIsWhole(const Path& path);

}  // namespace lips
