// How many sessions a host of a known speed takes.
#pragma once

#include <cstdint>

namespace lips {

// Sessions at `session_fps` that `frames_per_second` serve when only `headroom` of it is given away.
int64_t SpeakingSlots(double frames_per_second, double session_fps, double headroom);

// The most sessions that may be connected so that, each speaking `duty` of the time (0..1) by itself, more than `slots`
// of them speak at once with a probability below 1 %. At least `slots`; duty 1: `slots`.
int64_t ConnectedLimit(int64_t slots, double duty);

}  // namespace lips
