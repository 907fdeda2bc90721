// A part of a picture in planes.
#pragma once

#include "image/view.h"

namespace lips {

// `rect` lies within `image` and starts at even x and y, so that chroma keeps its place.
inline ConstYuvView CropEven(ConstYuvView image, Rect rect) {
  const Rect half = {rect.x / 2, rect.y / 2, (rect.width + 1) / 2, (rect.height + 1) / 2};
  return {image.y.Crop(rect), image.u.Crop(half), image.v.Crop(half), image.format};
}

}  // namespace lips
