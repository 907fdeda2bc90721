// Colours and soft-edged shapes: what the drawn person is made of.
#pragma once

#include <algorithm>
#include <cmath>

namespace lips::testdata {

// Linear in the 8-bit value: 1 is level 255.
struct Colour {
  float r = 0;
  float g = 0;
  float b = 0;
};
inline Colour operator*(Colour a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Colour operator+(Colour a, Colour b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Colour Mix(Colour a, Colour b, float t) { return a * (1 - t) + b * t; }

struct Point {
  float x = 0;
  float y = 0;
};

inline float Clamp01(float v) { return std::clamp(v, 0.0F, 1.0F); }

// 0 below `from`, 1 above `to`, a smooth cubic between (also for from > to).
inline float SmoothStep(float from, float to, float v) {
  const float t = Clamp01((v - from) / (to - from));
  return t * t * (3 - 2 * t);
}

// Signed distance (about; exact on the outline) to an ellipse: negative inside.
inline float Ellipse(Point p, Point centre, Point radii) {
  const float x = (p.x - centre.x) / radii.x;
  const float y = (p.y - centre.y) / radii.y;
  return (std::sqrt(x * x + y * y) - 1) * std::min(radii.x, radii.y);
}

// A Gaussian spot of height 1; `spread` is where it has fallen to 1/e. Exactly 0 far away, which costs no exp().
inline float Glow(Point p, Point centre, Point spread) {
  const float x = (p.x - centre.x) / spread.x;
  const float y = (p.y - centre.y) / spread.y;
  const float d = x * x + y * y;
  return d > 9 ? 0.0F : std::exp(-d);
}

// One pixel being painted, back to front.
struct Pixel {
  Colour colour;
  float edge = 0.01F;  // half the width over which an outline fades, scene units

  // How much of the pixel a shape at this signed distance covers, 0..1.
  float Coverage(float distance) const { return Clamp01(0.5F - distance / (2 * edge)); }
  void Paint(Colour paint, float coverage) { colour = Mix(colour, paint, coverage); }
  // Multiplies the brightness by 1 + `amount`.
  void Light(float amount) { colour = colour * (1 + amount); }
};

}  // namespace lips::testdata
