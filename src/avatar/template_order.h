// In which order template frames are shown.
#pragma once

#include <cstdint>

namespace lips {

enum class Loop : uint8_t {
  kPingPong,  // triangle wave of period 2 (L - 1): 0 1 ... L-1 L-2 ... 1 0 1 ...
  kForward,   // 0 1 ... L-1 0 1 ...
};

// The template frame shown at output frame `n` of a template of `length` >= 1 frames, when output frame 0 shows phase
// `start`. Always in [0, length). Any n >= 0, any start (negative too). The reference starts at 1.
int64_t TemplateFrame(int64_t n, int64_t length, int64_t start, Loop loop);

}  // namespace lips
