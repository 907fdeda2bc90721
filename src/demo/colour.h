// Colours and directions while drawing: linear light where it is computed, its square root where it is stored.
#pragma once

#include "demo/number.h"

namespace lips::demo {

// Linear light of red, green and blue; 1 is a white that is fully lit.
struct Light {
  float r = 0, g = 0, b = 0;
};
inline Light operator*(Light a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Light operator*(Light a, Light b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline Light operator+(Light a, Light b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Light Mix(Light a, Light b, float t) { return {Lerp(a.r, b.r, t), Lerp(a.g, b.g, t), Lerp(a.b, b.b, t)}; }

// What layers store: the square root of the light (about what a display's curve undoes), times the coverage `a`.
struct Paint {
  float r = 0, g = 0, b = 0, a = 0;
};
inline Paint operator*(Paint p, float s) { return {p.r * s, p.g * s, p.b * s, p.a * s}; }
inline Paint operator+(Paint p, Paint q) { return {p.r + q.r, p.g + q.g, p.b + q.b, p.a + q.a}; }
inline Paint Over(Paint top, Paint below) { return top + below * (1 - top.a); }

inline float Encode(float light) { return std::sqrt(Clamp01(light)); }
inline Paint ToPaint(Light light, float cover = 1) {
  return {Encode(light.r) * cover, Encode(light.g) * cover, Encode(light.b) * cover, cover};
}
// Darkens or brightens light that is stored: `s` is a factor of the light.
inline Paint Shade(Paint p, float s) {
  const float root = std::sqrt(std::max(0.F, s));
  return {p.r * root, p.g * root, p.b * root, p.a};
}
inline Paint Shade(Paint p, Light s) {
  return {p.r * std::sqrt(std::max(0.F, s.r)), p.g * std::sqrt(std::max(0.F, s.g)), p.b * std::sqrt(std::max(0.F, s.b)),
          p.a};
}

// x to the right, y down, z towards the viewer.
struct Vec {
  float x = 0, y = 0, z = 0;
};
inline float Dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec Unit(Vec v) {
  const float s = 1 / std::sqrt(Dot(v, v) + 1e-12F);
  return {v.x * s, v.y * s, v.z * s};
}

// One soft key light from the upper left, a cool fill from the right, a rim from behind.
inline const Vec kKeyLight = Unit({-0.50F, -0.55F, 0.78F});
inline const Vec kFillLight = Unit({0.75F, -0.10F, 0.55F});
inline const Vec kHalfway = Unit({kKeyLight.x, kKeyLight.y, kKeyLight.z + 1});  // between key light and viewer

// Light that a matt surface with unit normal `n` receives; `wrap` lets it reach around the edge, as in skin.
inline Light Irradiance(Vec n, float wrap) {
  const float key = std::max(0.F, (Dot(n, kKeyLight) + wrap) / (1 + wrap));
  const float fill = std::max(0.F, (Dot(n, kFillLight) + wrap) / (1 + wrap));
  const float sky = 0.5F - 0.5F * n.y;
  return Light{1.02F, 0.97F, 0.90F} * (0.86F * key) + Light{0.75F, 0.86F, 1.F} * (0.17F * fill) +
         Light{0.80F, 0.86F, 0.95F} * (0.16F * sky) + Light{0.10F, 0.085F, 0.08F};
}

// Highlight of a surface with roughness 1 / 2^doublings.
inline float Specular(Vec n, int doublings) {
  float s = std::max(0.F, Dot(n, kHalfway));
  for (int i = 0; i < doublings; ++i) s *= s;
  return s;
}

}  // namespace lips::demo
