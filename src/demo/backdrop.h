// The room behind the person, out of focus.
#pragma once

#include "demo/layer.h"

namespace lips::demo {

// One texel a pixel, opaque.
Layer PaintBackdrop(int width, int height);

}  // namespace lips::demo
