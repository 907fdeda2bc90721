// How far two pictures are apart, in a part of them.
#pragma once

#include "image/image.h"
#include "image/view.h"

namespace lips {

inline constexpr double kEqualDb = 100;  // stands for the infinite PSNR of equal pictures, and is the most there is

struct PictureDifference {
  double psnr_db = kEqualDb;  // over B, G, R
  double ssim = 1;            // of luma: mean over 8x8 blocks every 4 pixels; Wang et al. 2004 with a flat window
  int max_error = 0;          // levels
};

// `region` is clipped to the pictures, which have one size; an empty one has no difference.
PictureDifference Difference(ConstImageView a, ConstImageView b, Rect region);

// Sum of squared differences and number of samples, for means over several regions.
struct SquaredError {
  double sum = 0;
  double samples = 0;
  double PsnrDb() const;
};
void AddSquaredError(ConstImageView a, ConstImageView b, Rect region, SquaredError& error);

// a, b and their difference (times eight about grey) side by side, `region` framed in the first two.
Image SideBySide(ConstImageView a, ConstImageView b, Rect region);

// A luma sample of a pixel B, G, R: BT.601.
inline double LumaOf(const uint8_t* pixel) { return 0.114 * pixel[0] + 0.587 * pixel[1] + 0.299 * pixel[2]; }

}  // namespace lips
