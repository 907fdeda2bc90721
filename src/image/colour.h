// Between planar Y'CbCr 4:2:0 and B, G, R.
#pragma once

#include "image/view.h"

namespace lips {

// Converts the whole view in the matrix and range of `from.format`. Chroma is repeated (nearest), as the
// reference's decoder does. Sizes are equal. docs/numerics.md gives the rounding.
void YuvToBgr(ConstYuvView from, ImageView to);

// Same for the pixels of `rect` only (anywhere inside `from`, odd edges allowed); `to` has the rect's size.
// Bit-equal to cropping a whole conversion.
void YuvToBgr(ConstYuvView from, Rect rect, ImageView to);

// The inverse; chroma is the mean of its 2x2 block. For pictures that never were YUV.
void BgrToYuv(ConstImageView from, YuvView to);

// full range -> limited range of the same matrix (JPEG pictures into video). Sizes equal; in place allowed.
void FullToLimited(ConstYuvView from, YuvView to);

}  // namespace lips
