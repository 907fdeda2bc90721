// The hair: thousands of painted strands, one layer behind the neck and one before the face.
#pragma once

#include <cstdint>

#include "demo/layer.h"

namespace lips::demo {

// How far the hair before the face stands out, as FaceDepth.
float HairDepth(float x, float y);

struct Hair {
  Layer behind;
  Layer before;
  Field shadow;  // on the face, 0..1
};
Hair PaintHair(float density, uint32_t seed);

}  // namespace lips::demo
