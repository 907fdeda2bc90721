// Where the face lies and what the network sees of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "image/image.h"

namespace lips {

// The square pictures of one model size. Source: spec.md 1.4, 2.3.
struct FaceGeometry {
  int crop_px = 328;  // the rectangle of the full frame is resized to this
  int border_px = 4;  // the ROI is the crop without this border
  int roi_px() const { return crop_px - 2 * border_px; }
};
inline constexpr FaceGeometry kFace320{328, 4};
inline constexpr FaceGeometry kFace160{168, 4};

// The black rectangle of the masked ROI, in ROI pixels. Two conventions exist (spec.md 1.4); which one a package uses
// is measured when it is opened.
inline constexpr Rect kMaskPackage2{5, 5, 306, 301};  // x 5..310, y 5..305 inclusive
inline constexpr Rect kMaskRaw{5, 5, 310, 305};       // x 5..314, y 5..309 inclusive
Rect DefaultMask(FaceGeometry face);                  // kMaskPackage2; {5, 5, 145, 140} for 160

struct Landmark {
  double x = 0;
  double y = 0;
};

// Parses a `.lms` file: one "x y" per line. Errors: kCorrupted with the line number; fewer than 53 or more than 1000
// lines.
Result<std::vector<Landmark>> ParseLandmarks(std::string_view text);

// spec.md 1.3: x1 = L[1].x, x2 = L[31].x, y1 = L[52].y, side = x2 - x1, after truncation to int. Errors: kInvalidInput
// when the side is not positive.
Result<Rect> RectFromLandmarks(std::span<const Landmark> landmarks);

// Derives the network's inputs from a frame. Scratch memory only; one thread at a time.
//   crop: [crop_px, crop_px], the rectangle resized; roi: its inside; masked: roi with `mask` black.
// `rect` lies inside `frame`.
struct FaceInputs {
  Image crop;
  Image roi;
  Image masked;
};
void DeriveInputs(ConstImageView frame_rect_pixels, FaceGeometry face, Rect mask, FaceInputs& out);

// The second half of DeriveInputs: roi and masked of an `out.crop` that is there already.
void InputsFromCrop(FaceGeometry face, Rect mask, FaceInputs& out);

// Black rectangle into a picture; `rect` lies inside it.
void FillBlack(Rect rect, ImageView image);

}  // namespace lips
