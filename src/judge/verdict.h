// Sums up how rendered mouths compare with drawn ones.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "judge/judge.h"
#include "judge/mouth_look.h"

namespace lips {

// Differences of pictures, summed over samples, three a pixel.
struct PictureError {
  double squares = 0;
  int64_t samples = 0;
};

// One frame.
struct JudgedFrame {
  MouthLook drawn, rendered;
  PictureError mouth, lips, face;            // of the rendered frame: MouthOf(face), LipsArea, the face's rectangle
  PictureError resting_mouth, resting_lips;  // of the template's frame
};

// `resting` is the look of a mouth at rest. With fewer than two frames, or nothing that moves, correlations are 0.
Verdict SumUp(std::string name, const std::vector<JudgedFrame>& frames, MouthLook resting);

// Pearson's. 0 where one of the two does not vary.
double Correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace lips
