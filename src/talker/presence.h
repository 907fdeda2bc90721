// When a template whose own mouth is at rest is shown as it is, rather than with a mouth that a network drew at rest.
#pragma once

namespace lips {

// How much of the generated mouth is seen, frame by frame: all of it in speech, none of it once the network has heard
// nothing but silence for a while. Faded out only while both mouths are at rest, and in before the drawn one opens. It
// begins with none.
class Presence {
 public:
  // Of the next frame, in [0, 1]; 0: the frame is the template's to the bit, and no mouth is needed. `quiet`: all that
  // is heard for it is silence; `fps` of what is shown.
  float Next(bool quiet, double fps);

  // Quiet frames after which none is seen.
  static int FadeFrames(double fps);

 private:
  double level_ = 0;
};

}  // namespace lips
