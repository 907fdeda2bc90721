// The skin of the face, without eyes and lips: its shape, and what light makes of it.
#pragma once

#include "demo/layer.h"

namespace lips::demo {

// Where things are on the face, in head units; the face looks straight at the viewer, its middle at x = 0.
inline constexpr float kEyeX = 0.385F;  // and -0.385
inline constexpr float kEyeY = -0.05F;
inline constexpr float kMouthY = 0.70F;
inline constexpr float kChinY = 1.235F;
inline constexpr float kContourX = 0.92F;  // half the face at the height of the eyes

// Half the width of the face at height y; 0 above its top and below the chin.
float FaceHalfWidth(float y);

// How far the surface stands out towards the viewer, smooth enough to find one's way back from a turned head.
// 0 is the plane of the ears, the tip of the nose about 1.2.
float FaceDepth(float x, float y);

// The lit skin, `density` texels to the unit; its coverage is the face's outline. `shadow_of_hair` in [0, 1], any grid.
Layer PaintFace(float density, const Field& shadow_of_hair);

}  // namespace lips::demo
