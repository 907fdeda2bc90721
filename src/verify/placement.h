// Where a part of a face lies against the same part of another picture.
#pragma once

#include <cstddef>
#include <vector>

#include "verify/face_patch.h"

namespace lips {

// Pixels of the frame, and 0 where it is as large.
struct Placement {
  double dx = 0, dy = 0, zoom = 0;
};

// Shift and zoom of `shown` against `original` by one step of Lucas and Kanade (1981) over the original's gradient at
// these patch pixels, none of them on the patch's edge. A change of brightness is taken away.
Placement FindPlacement(const FacePatch& shown, const FacePatch& original, const std::vector<size_t>& pixels,
                        double px_per_patch);

}  // namespace lips
