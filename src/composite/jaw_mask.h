// The soft jaw-shaped mask of a mouth picture: the pixels that natural compositing uses, and how much of each.
#pragma once

#include <cstdint>
#include <vector>

namespace lips {

// Weights [size_px, size_px], row after row, 0..255: 255 over mouth and jaw, fading to 0 towards the cheeks' sides, the
// nose tip above and the neck below; 0 on the picture's border and outside the shape. Mirror-symmetric. `size_px`
// >= 16.
//
// The shape is a superellipse whose upper half is boxier than its lower one, placed by where the landmark rectangle
// puts a face: the nose tip at a sixth of the height, the mouth at two fifths, the chin at three quarters.
std::vector<uint8_t> JawMask(int size_px);

}  // namespace lips
