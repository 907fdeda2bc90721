// The face of the drawn person: outline, eyes, nose, mouth.
#pragma once

#include "tests/testdata/drawing.h"
#include "tests/testdata/person.h"

namespace lips::testdata {

// Head coordinates: (0, 0) between the eyes and the nose, half a face about 1, y down.
inline constexpr Colour kSkin = {0.86F, 0.64F, 0.52F};

// Where a feature lies on the turned head: relief `depth` (0 flat, 1 the tip of the nose) moves with yaw and pitch.
Point OnFace(const Pose& pose, Point at, float depth);

// Half the width of the face at height `y` (head coordinates), 0 above and below it.
float FaceHalfWidth(const Pose& pose, float y);

// Lowest point of the chin.
float ChinY(const Pose& pose);

// The lips' outline at horizontal position u (-1 left corner .. 1 right corner): upper edge, seam or upper and lower
// border of the opening, lower edge. Head coordinates.
struct LipSection {
  float x = 0;
  float outer_top = 0;
  float inner_top = 0;
  float inner_bottom = 0;
  float outer_bottom = 0;
};
LipSection Lips(const Pose& pose, float u);
Point MouthCentre(const Pose& pose);
float MouthHalfWidth(const Pose& pose);

// Paints the face over `pixel`, which lies at `at` in head coordinates.
void PaintFace(const Pose& pose, Point at, Pixel& pixel);

}  // namespace lips::testdata
