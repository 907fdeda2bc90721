// A turned square of a picture, sampled as a network takes it.
#pragma once

#include <cstdint>
#include <span>

#include "image/view.h"

namespace lips {

// In pixels of the picture, whose first pixel covers [0, 1) by [0, 1). `angle` in radians, clockwise as seen.
struct SquareRegion {
  double centre_x = 0;
  double centre_y = 0;
  double side = 0;
  double angle = 0;
};

// Where (u, v) of the patch, each 0..1 from its upper left corner, lies in the picture.
struct PatchPoint {
  double x = 0;
  double y = 0;
};
PatchPoint InPicture(const SquareRegion& region, double u, double v);

// What a network wants of the patch: value = level * scale + offset.
struct PatchFormat {
  int size_px = 0;
  float scale = 1.0F / 255;
  float offset = 0;
  bool bgr = false;            // else R, G, B
  bool black_outside = false;  // else the picture's edge pixels repeated
};

// Bilinear, with up to 4x4 samples a pixel where the patch is smaller than the region. `planes` is
// [3, size_px, size_px]. The picture has a pixel at least.
void SamplePatch(ConstImageView picture, const SquareRegion& region, const PatchFormat& format,
                 std::span<float> planes);

}  // namespace lips
