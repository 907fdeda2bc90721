// A rectangle whose edges lie anywhere between pixels.
#pragma once

#include <cmath>

#include "image/view.h"

namespace lips {

// Half-open, in pixels: pixel n covers [n, n + 1). Every Rect is one.
struct Place {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  Place() = default;
  Place(double left, double top, double across, double down) : x(left), y(top), width(across), height(down) {}
  Place(const Rect& rect) : x(rect.x), y(rect.y), width(rect.width), height(rect.height) {}  // NOLINT
  double right() const { return x + width; }
  double bottom() const { return y + height; }
  bool operator==(const Place&) const = default;
};

// The whole pixels nearest to its edges.
inline Rect NearestRect(const Place& place) {
  const int left = static_cast<int>(std::lround(place.x)), top = static_cast<int>(std::lround(place.y));
  return {left, top, static_cast<int>(std::lround(place.right())) - left,
          static_cast<int>(std::lround(place.bottom())) - top};
}

// The pixels that a place touches.
inline Rect RectAround(const Place& place) {
  const int left = static_cast<int>(std::floor(place.x)), top = static_cast<int>(std::floor(place.y));
  return {left, top, static_cast<int>(std::ceil(place.right())) - left,
          static_cast<int>(std::ceil(place.bottom())) - top};
}

}  // namespace lips
