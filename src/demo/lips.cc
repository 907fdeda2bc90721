#include "demo/lips.h"

#include "demo/face.h"

namespace lips::demo {
namespace {

constexpr Light kRose = {0.580F, 0.205F, 0.190F};

// Right edges of the upper teeth from the middle outwards.
constexpr std::array<float, 6> kToothEdges = {0.064F, 0.114F, 0.163F, 0.207F, 0.247F, 0.285F};

// Where in its tooth x lies, -1..1; `index` counts from the middle.
float InTooth(float x, float scale, int& index) {
  const float ax = std::abs(x) / scale;
  float left = 0;
  for (index = 0; index < 5 && ax > kToothEdges[static_cast<size_t>(index)]; ++index) {
    left = kToothEdges[static_cast<size_t>(index)];
  }
  return 2 * (ax - left) / (kToothEdges[static_cast<size_t>(index)] - left) - 1;
}

Light Enamel(float x, float in_tooth) {
  const float arch = 1 - 0.80F * Smooth(0.06F, 0.29F, std::abs(x));
  const float rounding = 1 - 0.10F * in_tooth * in_tooth - 0.30F * Smooth(0.86F, 1.0F, std::abs(in_tooth));
  return Light{0.84F, 0.79F, 0.70F} * (arch * rounding);
}

// What is seen between the lips.
Light Inside(const LipShape& shape, const LipShape::Column& at, float x, float y, float pixel) {
  const Mouth& mouth = shape.mouth();
  const float gap = at.inner_bottom - at.inner_top;
  const float depth = Clamp01((y - at.inner_top) / (gap + 1e-4F));
  Light colour = Mix({0.050F, 0.010F, 0.011F}, {0.105F, 0.024F, 0.024F}, depth);

  // The tongue lies behind the lower teeth; it rises when the jaw is nearly closed.
  const float floor = kMouthY + shape.jaw() + 0.035F;
  const float tongue_top =
      floor - 0.045F - 0.22F * shape.jaw() - 0.02F * mouth.wide + 0.012F * Bump(x, 0, 0.03F) + 1.5F * x * x;
  const float on_tongue = Smooth(tongue_top - pixel, tongue_top + 0.015F, y) * Smooth(0.27F, 0.20F, std::abs(x));
  const float groove = 1 - 0.22F * Bump(x, 0, 0.022F) * Smooth(tongue_top, tongue_top + 0.05F, y);
  const float wet = 0.10F * Bump(x, y, -0.07F, tongue_top + 0.04F, 0.05F, 0.018F);
  const float lit = 0.30F + 0.70F * Smooth(at.inner_top - 0.01F, at.inner_top + 0.16F, y);
  colour = Mix(colour, Light{0.46F, 0.135F, 0.125F} * (lit * groove) + Light{wet, wet, wet}, on_tongue);

  // Lower teeth go with the jaw.
  int tooth = 0;
  const float in_lower = InTooth(x, 0.78F, tooth);
  const float lower_edge =
      kMouthY + shape.jaw() + 0.044F - 0.024F * mouth.teeth + 0.004F * in_lower * in_lower + 0.35F * x * x;
  const float on_lower = Smooth(lower_edge - pixel, lower_edge + pixel, y) * Smooth(0.225F, 0.195F, std::abs(x));
  colour = Mix(colour, Enamel(x * 1.2F, in_lower) * (0.74F * (0.45F + 0.55F * Smooth(0.F, 0.05F, y - at.inner_top))),
               on_lower);

  // Upper teeth stay where the skull is.
  const float in_upper = InTooth(x, 1, tooth);
  const float corner = in_upper * in_upper * in_upper * in_upper;
  const float upper_edge = kMouthY + 0.022F - (tooth == 1 ? 0.006F : 0.F) + (tooth == 2 ? 0.002F : 0.F) -
                           0.009F * corner - 0.30F * x * x * (1 - 2 * std::abs(x));
  const float on_upper = Smooth(upper_edge + pixel, upper_edge - pixel, y) * Smooth(0.285F, 0.25F, std::abs(x));
  const float lip_shadow = 0.58F + 0.42F * Smooth(0.F, 0.032F, y - at.inner_top);
  const float deep = 1 - 0.62F * mouth.round * (1 - mouth.teeth);
  colour = Mix(colour, Enamel(x, in_upper) * (lip_shadow * deep), on_upper);

  // Corners lie deep and dark.
  return colour * (1 - 0.75F * Smooth(0.62F, 0.98F, std::abs(x) / shape.half_width()));
}

Light UpperLip(const LipShape::Column& at, float x, float y, float u) {
  const float t = Clamp01((y - at.outer_top) / (at.inner_top - at.outer_top + 1e-4F));
  const Vec n = Unit({0.45F * u, -0.35F + 1.25F * t, 1});
  const float lines = 1 + 0.07F * Noise(x * 62 + 3 * t, t * 1.3F, 41);
  const float seam = 1 - 0.45F * Smooth(0.72F, 1.F, t);
  const float shine = 0.045F * Specular(n, 4) * (1 - t);
  return kRose * Irradiance(n, 0.15F) * (0.93F * lines * seam) + Light{shine, shine, shine};
}

Light LowerLip(const LipShape::Column& at, float x, float y, float u) {
  const float t = Clamp01((y - at.inner_bottom) / (at.outer_bottom - at.inner_bottom + 1e-4F));
  const Vec n = Unit({0.45F * u, -0.85F + 1.65F * t, 1});
  const float lines = 1 + 0.08F * Noise(x * 55 - 2 * t, t * 1.2F + 7, 42);
  const float seam = 1 - 0.40F * Smooth(0.16F, 0.F, t);
  const float gloss = (0.10F + 0.05F * Noise(x * 48, t * 2, 43)) * Bump(t, 0.33F, 0.17F) *
                      (Bump(u, -0.22F, 0.30F) + 0.45F * Bump(u, 0.30F, 0.22F));
  return kRose * Irradiance(n, 0.15F) * (1.05F * lines * seam) + Light{gloss, gloss, gloss};
}

}  // namespace

float SkinShade(const LipShape& shape, float x, float y) {
  const Mouth& mouth = shape.mouth();
  const float w = shape.half_width();
  const float below = shape.middle().outer_bottom;
  const float above = shape.middle().outer_top;
  const float ax = std::abs(x);
  float shade = 1;
  shade -= 0.24F * Bump(x, y, 0, below + 0.030F, 0.62F * w, 0.032F);                    // under the lower lip
  shade += 0.05F * Bump(x, y, -0.03F, above - 0.018F, 0.5F * w, 0.016F);                // its upper ridge
  shade -= 0.20F * Bump(ax, y, w + 0.020F, shape.corner_y() + 0.004F, 0.040F, 0.045F);  // corners
  shade -= (0.035F + 0.13F * mouth.wide) *
           Bump(ax - 0.25F * (y - 0.60F), 0.47F - 0.05F * mouth.round, 0.030F + 0.02F * mouth.wide) *
           Bump(y, 0.60F, 0.15F);                                         // folds from the nose
  shade += 0.05F * mouth.wide * Bump(ax, y, 0.55F, 0.42F, 0.13F, 0.11F);  // raised cheeks
  shade -= 0.10F * mouth.press * Bump(x, y, 0, above - 0.02F, 0.8F * w, 0.02F);
  return shade;
}

Paint DrawMouth(const LipShape& shape, float x, float y, float pixel, Paint skin) {
  const float w = shape.half_width();
  if (std::abs(x) > w + pixel) return skin;
  const LipShape::Column at = shape.At(x);
  const float u = x / w;
  const float soft = 0.5F * pixel + 0.009F;  // lips blend into skin
  const float end = Smooth(w + 0.5F * pixel, w - 1.5F * pixel - 0.012F, std::abs(x));
  // Where the curves are steep, a pixel is wide across them.
  const LipShape::Column next = shape.At(x + (x < 0 ? 0.3F : -0.3F) * pixel);
  const auto slant = [pixel](float a, float b) { return std::sqrt(1 + Square((a - b) / (0.3F * pixel))); };
  const float top_soft = std::min(soft * slant(at.outer_top, next.outer_top), 0.05F);
  const float bottom_soft = std::min(soft * slant(at.outer_bottom, next.outer_bottom), 0.05F);
  const float on_lips = Smooth(at.outer_top - 0.6F * top_soft, at.outer_top + top_soft, y) *
                        Smooth(at.outer_bottom + 0.6F * bottom_soft, at.outer_bottom - bottom_soft, y) * end;
  if (on_lips <= 0) return skin;
  const float gap = at.inner_bottom - at.inner_top;
  const float middle = 0.5F * (at.inner_top + at.inner_bottom);
  Light lips = y < middle ? UpperLip(at, x, y, u) : LowerLip(at, x, y, u);
  if (gap < 2 * pixel) {  // closed: only a dark line
    const float line = Smooth(0.5F * gap + pixel + 0.004F, 0.5F * gap, std::abs(y - middle));
    lips = Mix(lips, {0.15F, 0.035F, 0.033F}, 0.80F * line * (1 - Smooth(0, 2 * pixel, gap)));
  }
  const float top_edge = pixel * slant(at.inner_top, next.inner_top);
  const float bottom_edge = pixel * std::min(8.F, slant(at.inner_bottom, next.inner_bottom));
  const float inside = Smooth(at.inner_top - 0.5F * top_edge, at.inner_top + 0.7F * top_edge, y) *
                       Smooth(at.inner_bottom + 0.5F * bottom_edge, at.inner_bottom - 0.7F * bottom_edge, y) *
                       Smooth(0, 1.6F * pixel, gap);
  if (inside > 0) lips = Mix(lips, Inside(shape, at, x, y, pixel), inside);
  return Over(ToPaint(lips, 0.96F * on_lips + 0.04F * on_lips * inside), skin);
}

}  // namespace lips::demo
