// Neck, shoulders and clothes.
#pragma once

#include "demo/layer.h"

namespace lips::demo {

Layer PaintBody(float density);

}  // namespace lips::demo
