// How the person holds head, eyes and mouth in one frame.
#pragma once

namespace lips::demo {

// Head and eyes. All zero but scale: facing the viewer, eyes open.
struct Pose {
  float yaw = 0;     // radians, positive towards the right of the picture; drawn well within 0.3
  float pitch = 0;   // radians, positive down
  float roll = 0;    // radians, positive clockwise
  float tx = 0;      // head units to the right
  float ty = 0;      // head units down
  float scale = 1;   // nearer or farther
  float blink = 0;   // 0 open, 1 closed
  float brow = 0;    // -1 down, 1 up
  float gaze_x = 0;  // -1 left, 1 right
  float gaze_y = 0;  // -1 up, 1 down
  float breath = 0;  // 0 out, 1 in
};

// The mouth, each 0..1; all 0 is a mouth at rest, lips lightly closed.
struct Mouth {
  float open = 0;   // the jaw dropped, as for a
  float wide = 0;   // corners drawn apart, as for i
  float round = 0;  // lips rounded, as for u
  float teeth = 0;  // teeth nearly together and seen, as for s
  float tuck = 0;   // lower lip at the upper teeth, as for f
  float press = 0;  // lips pressed together, as for m; wins over open
};

}  // namespace lips::demo
