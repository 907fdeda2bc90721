// The eyes: lids, lashes, white, iris and the lights in them, drawn for each frame.
#pragma once

#include "demo/colour.h"
#include "demo/layer.h"
#include "demo/pose.h"

namespace lips::demo {

// Whether an eye can touch that place of the face.
bool NearEye(float x, float y);

// The eye over `skin` at (x, y) of the face. `pixel` is the size of one in head units.
Paint DrawEye(const Pose& pose, float x, float y, float pixel, Paint skin);

// Where the skin seen at `p` is when the brows rest.
Point BrowsAtRest(const Pose& pose, Point p);

}  // namespace lips::demo
