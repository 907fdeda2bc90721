// Decoded sound in any of FFmpeg's sample formats as interleaved floats. Private to this folder.
#pragma once

#include <vector>

#include "base/result.h"

struct AVFrame;

namespace lips {

// Replaces `out` by the frame's samples, [samples, channels]. Integers are divided by their range, so that full scale
// is [-1, 1): an unsigned byte by (x - 128) / 128, 16 bits by x / 32768, and so on. Errors: kUnsupported (a format that
// is no PCM).
Status CopyInterleaved(const AVFrame& frame, std::vector<float>& out);

}  // namespace lips
