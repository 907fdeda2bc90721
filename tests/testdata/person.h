// A drawn talking head: sixteen parameters in, a picture and its exact landmarks out. Shows nobody.
#pragma once

#include <cstdint>
#include <vector>

#include "avatar/geometry.h"
#include "image/image.h"

namespace lips::testdata {

// Where the head is and what its face does. The neutral face is all zeros with scale 1.
//
// Angles are in units of "a clear turn" (about 20 degrees), offsets in scene units: half a face is about 1 wide.
struct Pose {
  float yaw = 0;
  float pitch = 0;
  float roll = 0;  // radians
  float shift_x = 0;
  float shift_y = 0;
  float scale = 1;
  float blink = 0;  // 0 open .. 1 shut
  float brow = 0;   // up
  float gaze_x = 0;
  float gaze_y = 0;
  // The mouth, each 0..1.
  float open = 0;
  float wide = 0;
  float round = 0;
  float teeth = 0;
  float tuck = 0;   // lower lip under the upper teeth
  float press = 0;  // lips pressed together
};

// Frame `frame` of a silent template at 25 frames per second: mouth shut, eyes that blink, a head that is never quite
// still. Any frame >= 0; `seed` chooses the movement.
Pose TemplatePose(int64_t frame, uint64_t seed);

// Draws the person into the whole picture, whose height shows 4.6 scene units. `grain` seeds a film grain of at most
// one level, which keeps gradients from banding. Equal arguments give equal pixels.
void DrawPerson(const Pose& pose, uint32_t grain, ImageView out);

// The 110 landmarks of that picture, in pixels: 0..32 the jaw from temple to temple (16 the chin, 1 and 31 the widest
// places), 33..50 the brows, 51..59 the nose (52 its bridge between the eyes), 60..83 the eyes, 84..103 the lips,
// 104..109 the pupils and the philtrum. The rule of spec.md 1.3 makes the face rectangle of them.
std::vector<Landmark> PersonLandmarks(const Pose& pose, int width, int height);

}  // namespace lips::testdata
