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
//
// `feather` is how much of the way from the edge to the middle the fading takes, kMinFeather .. kMaxFeather: with more
// of it the chin would no longer be all the mouth's.
inline constexpr double kMinFeather = 0.05;
inline constexpr double kUsualFeather = 0.2;
inline constexpr double kMaxFeather = 0.35;
std::vector<uint8_t> JawMask(int size_px, double feather = kUsualFeather);

}  // namespace lips
