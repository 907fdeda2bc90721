// Which pixels of a frame natural compositing changes, and which part of the crop fills them.
#pragma once

#include "image/place.h"
#include "image/view.h"

namespace lips {

struct ChangedPart {
  Rect rect;   // of the frame; empty where nothing changes
  Place part;  // of the crop, in its pixels; it may reach beyond
};

// `used` holds the pixels of a mouth [size_px, size_px] whose mask has any weight; its crop [crop_px, crop_px] lies at
// `place`, which may reach beyond the frame; a place of no size changes nothing.
ChangedPart PartChangedBy(const Rect& used, int size_px, int crop_px, const Place& place, int frame_width,
                          int frame_height);

}  // namespace lips
