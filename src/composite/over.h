// Pictures with opacity put over others.
#pragma once

#include "image/view.h"

namespace lips {

// `frame` becomes frame * alpha + background * (1 - alpha), each sample to the nearest level; a chroma sample has the
// mean alpha of the pixels it belongs to. Alpha is straight (colours are not multiplied by it). All have one size,
// frame and background one format. Alpha 255 keeps every bit of the frame, 0 gives those of the background.
void PutOver(ConstYuvView background, ConstPlaneView alpha, YuvView frame);

}  // namespace lips
