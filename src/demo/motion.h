// How the person moves by herself: head, eyes, brows and breath while nobody tells her anything.
#pragma once

#include <cstdint>
#include <vector>

#include "demo/pose.h"

namespace lips::demo {

// One pose a frame at 25 fps. As a loop it has no seam: after the last frame comes the first. `calm` scales how far the
// head moves (1: as in talk).
//
// `frames` in [1, 10^6]. Equal arguments give equal poses on every machine.
std::vector<Pose> IdleMotion(int64_t frames, uint32_t seed, float calm = 1);

}  // namespace lips::demo
