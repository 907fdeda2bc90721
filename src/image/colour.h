// Between planar Y'CbCr 4:2:0 and B, G, R.
#pragma once

#include "image/view.h"

namespace lips {

// Converts the whole view in the matrix and range of `from.format`. Equal to the bit to what FFmpeg's swscale gives
// FFmpeg's and OpenCV's users on x86 (bgr24, default rounding, width of whole 8 pixels, even height): chroma is
// repeated, products are rounded down one by one. Sizes are equal. docs/numerics.md has the measurement.
void YuvToBgr(ConstYuvView from, ImageView to);

// Same for the pixels of `rect` only (anywhere inside `from`, odd edges allowed); `to` has the rect's size.
// Bit-equal to cropping a whole conversion.
void YuvToBgr(ConstYuvView from, Rect rect, ImageView to);

// The nearest Y'CbCr to each pixel; chroma is the mean of the pixels it covers. Sizes are equal; the matrix and range
// are those of `to.format`. For pictures that never were YUV: it undoes YuvToBgr only to about 2 levels.
void BgrToYuv(ConstImageView from, YuvView to);

// full range -> limited range of the same matrix (JPEG pictures into video). Sizes equal; in place allowed.
void FullToLimited(ConstYuvView from, YuvView to);
// limited range -> full range of the same matrix (video into JPEG pictures). Sizes equal; in place allowed. Levels
// outside the limited range are clipped.
void LimitedToFull(ConstYuvView from, YuvView to);

}  // namespace lips
