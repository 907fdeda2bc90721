// The soft jaw-shaped mask of a mouth picture: the pixels that natural compositing uses, and how much of each.
#pragma once

#include <cstdint>
#include <vector>

namespace lips {

// Weights [size_px, size_px], row after row, 0..255: 255 over mouth and jaw, fading to 0 towards the cheeks' sides, the
// nose tip above and the neck below; 0 on the picture's border and outside the shape. Mirror-symmetric. `size_px`
// >= 16.
//
// The shape is a superellipse, boxy above and round below, placed by where the landmark rectangle puts a face: the nose
// tip at a sixth of the height, the mouth at two fifths, the chin at three quarters. It is widest between mouth and
// nose, nearly as wide as the picture: where a closed mouth's jaw is wider than that of the open one which replaces it,
// the mask has to reach beyond the wider one, or both show. Further down it narrows as a jaw does: what stands beside a
// neck (a collar, a microphone) is none of the mouth's business.
//
// `feather` is how soft the edge is, kMinFeather .. kMaxFeather: the part of the picture's side in which it fades is
// 0.45 times that, and 0.6 times below. With more of it than that the template's chin would show through.
inline constexpr double kMinFeather = 0.05;
inline constexpr double kUsualFeather = 0.2;
inline constexpr double kMaxFeather = 0.35;
std::vector<uint8_t> JawMask(int size_px, double feather = kUsualFeather);

}  // namespace lips
