// Face rectangles without their trembling: smoothed over time, at fractions of a pixel.
#pragma once

#include <span>
#include <vector>

#include "image/place.h"

namespace lips {

// Each rectangle's centre and size, averaged with its neighbours' by a Gaussian of 3 frames (sigma): zero phase, so
// that a moving head is followed without lag and the result of a reversed list is the reversed result. At both ends the
// list is continued by its mirror image, which is what a template played back and forth shows. Empty rectangles (no
// face) count nothing and get their neighbours' place.
std::vector<Place> SteadyRects(std::span<const Rect> rects);

}  // namespace lips
