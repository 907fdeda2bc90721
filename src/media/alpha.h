// How opaque a decoded picture is, whatever FFmpeg keeps that in. Private to this folder.
#pragma once

#include "image/view.h"

struct AVFrame;

namespace lips {

// Whether the picture's format has an alpha channel; a palette counts when one of its colours is not opaque.
bool HasAlpha(const AVFrame& picture);

// The alpha of each pixel, 0..255, nearest; 255 everywhere when the picture has none. `out` has the picture's size.
void CopyAlpha(const AVFrame& picture, PlaneView out);

}  // namespace lips
