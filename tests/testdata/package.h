// Synthetic avatar packages in every layout of spec.md 1.1: the drawn person, its rectangles, constructed networks.
#pragma once

#include <string>

#include "avatar/avatar.h"
#include "tests/testdata/networks.h"

namespace lips::testdata {

struct PackageRecipe {
  AvatarLayout layout = AvatarLayout::kPackage2;
  std::string name = "drawn";  // dataset_name
  int width = 480;             // even
  int height = 360;            // even
  int frames = 30;
  uint64_t seed = 7;          // of the head's movement
  Rect mask = kMaskPackage2;  // blacked in the masked ROI
  GeneratorRecipe generator;  // its size_px decides whether crops are 328 or 168
  EncoderRecipe encoder;
};

// Writes a package into `folder`, which is made when missing. Landmarks, rectangles and masks agree with the pictures
// by construction; aud_ave holds what the encoder says of a synthetic utterance as long as the template. Layout D gets
// no weights (its .pth is another program's business); layout A and C get both networks, B and E as spec.md lists them.
// Two threads draw. Errors: kIo and those of the video encoder.
Status WritePackage(const Path& folder, const PackageRecipe& recipe);

}  // namespace lips::testdata
