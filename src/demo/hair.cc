#include "demo/hair.h"

namespace lips::demo {
namespace {

constexpr Area kArea = {-1.65F, -1.75F, 1.65F, 2.45F};

// Strands are drawn between an inner guide (along the face) and an outer one (the silhouette).
struct Lock {
  std::array<Point, 8> inner;
  std::array<Point, 8> outer;
  int strands = 0;
};

// The parting lies right of the middle; most of the hair falls to the left.
constexpr Lock kLeft = {{{{0.235F, -0.985F},
                          {0.02F, -0.99F},
                          {-0.34F, -0.86F},
                          {-0.66F, -0.56F},
                          {-0.83F, -0.12F},
                          {-0.875F, 0.42F},
                          {-0.83F, 1.05F},
                          {-0.60F, 1.82F}}},
                        {{{0.22F, -1.530F},
                          {-0.12F, -1.575F},
                          {-0.60F, -1.45F},
                          {-0.98F, -1.03F},
                          {-1.13F, -0.36F},
                          {-1.15F, 0.48F},
                          {-1.22F, 1.30F},
                          {-0.98F, 2.16F}}},
                        2600};
constexpr Lock kRight = {{{{0.245F, -0.985F},
                           {0.40F, -0.96F},
                           {0.58F, -0.80F},
                           {0.75F, -0.50F},
                           {0.86F, -0.08F},
                           {0.895F, 0.44F},
                           {0.85F, 1.05F},
                           {0.63F, 1.78F}}},
                         {{{0.22F, -1.530F},
                           {0.42F, -1.518F},
                           {0.72F, -1.40F},
                           {1.00F, -1.00F},
                           {1.135F, -0.36F},
                           {1.155F, 0.48F},
                           {1.22F, 1.28F},
                           {1.00F, 2.12F}}},
                         2100};

float Dome(float x, float y) {
  return 0.95F * std::sqrt(std::max(0.02F, 1 - Square(x / 1.32F) - Square((std::min(y, 0.1F) + 0.20F) / 1.5F)));
}

Point Between(const Lock& lock, float s, float t) {
  const Point a = CurveAt(lock.inner, t);
  const Point b = CurveAt(lock.outer, t);
  return {Lerp(a.x, b.x, s), Lerp(a.y, b.y, s)};
}

// Kajiya and Kay: a hair shines where its direction is square to the halfway vector.
float StrandShine(Vec along, float shift, int doublings) {
  const float c = Dot(along, kHalfway) + shift;
  float s = std::max(0.F, 1 - c * c);
  for (int i = 0; i < doublings; ++i) s *= s;
  return s;
}

Light HairColour(float tone) {
  constexpr Light kDark = {0.020F, 0.0105F, 0.0070F};
  constexpr Light kMiddle = {0.120F, 0.056F, 0.029F};
  constexpr Light kBright = {0.330F, 0.180F, 0.092F};
  return tone < 0.5F ? Mix(kDark, kMiddle, 2 * tone) : Mix(kMiddle, kBright, 2 * tone - 1);
}

struct Style {
  float half_width = 0.006F;
  float opacity = 0.6F;
  float tone = 0;    // added to every strand's
  float spread = 0;  // how far strands leave their lock
  float first = 0;   // share of the lock, from the inner guide outwards
  float last = 1;
};

void DrawStrands(const Lock& lock, int count, const Style& style, Random& random, Layer& layer) {
  constexpr int kKnots = 30;
  constexpr int kLocks = 46;
  std::array<float, kLocks> lock_tone{};
  std::array<float, kLocks> lock_phase{};
  for (int i = 0; i < kLocks; ++i) {
    lock_tone[static_cast<size_t>(i)] = random.Normal();
    lock_phase[static_cast<size_t>(i)] = random.Unit();
  }
  for (int i = 0; i < count; ++i) {
    // Outer strands lie below, so they come first.
    const float order = 1 - (static_cast<float>(i) + random.Unit()) / static_cast<float>(count);
    const float s0 = Lerp(style.first, style.last, Clamp01(order + 0.05F * random.Normal()));
    const float lock_place = s0 * kLocks;
    const auto own_lock = static_cast<size_t>(std::clamp(FloorInt(lock_place), 0, kLocks - 1));
    const float centre = (static_cast<float>(own_lock) + 0.5F) / kLocks;
    const float wild = style.spread * random.Normal();
    const float cut = random.Unit();
    const float length = 1 - 0.16F * cut * random.Unit() - 0.09F * lock_phase[own_lock];
    const float own = 0.10F * random.Normal() + 0.085F * lock_tone[own_lock] + style.tone;
    const float phase = 6.28F * lock_phase[own_lock] + 0.5F * random.Normal();
    Stroke strand;
    strand.knots.reserve(kKnots);
    Point before = Between(lock, s0, 0);
    for (int k = 0; k < kKnots; ++k) {
      const float t = static_cast<float>(k) / (kKnots - 1) * length;
      // Strands gather in their lock towards the tip, and wave a little.
      const float gather = 0.55F * Smooth(0.25F, 1.F, t);
      const float wave = 0.045F * Smooth(0.30F, 0.9F, t) * Sin(phase + 8.5F * t);
      const float s = Lerp(s0, centre, gather) + wave + wild * t * t;
      const Point at = Between(lock, s, t);
      Vec along = {at.x - before.x, at.y - before.y, Dome(at.x, at.y) - Dome(before.x, before.y)};
      if (k == 0) along = {0.05F, 0.01F, 0.02F};
      along = Unit(along);
      const float shine = StrandShine(along, 0.10F * lock_tone[own_lock] * 0.5F, 4);
      const float glow = StrandShine(along, 0.22F, 2);
      // Turned from the light, near the parting and inside the curtain it is darker.
      const float side = 0.5F - 0.34F * at.x - 0.10F * at.y;
      const float crown = Smooth(0.15F, -0.45F, at.y);  // what lies across the light shines most
      const float inner = Smooth(0.0F, 0.16F, s0) * (0.35F + 0.65F * Smooth(0.02F, 0.10F, t));
      const float edge = 1 - 0.35F * Smooth(0.80F, 1.0F, s0);
      const float tone =
          (0.15F + 0.16F * glow + Lerp(0.46F, 0.74F, crown) * shine * Clamp01(side)) * (0.50F + 0.50F * inner) * edge +
          0.09F * Clamp01(side) + own * (0.5F + shine);
      const Light colour = HairColour(Clamp01(tone));
      const float taper = Smooth(1.0F, 0.70F, static_cast<float>(k) / (kKnots - 1)) * 0.85F + 0.15F;
      strand.knots.push_back(
          {at,
           style.half_width * taper,
           {Encode(colour.r), Encode(colour.g), Encode(colour.b), style.opacity * (0.4F + 0.6F * taper)}});
      before = at;
    }
    Draw(strand, layer);
  }
}

// The dark mass below the strands.
void Fill(const Lock& lock, float first, float last, Light colour, Layer& layer) {
  for (int i = 0; i < 260; ++i) {
    const float s = Lerp(first, last, static_cast<float>(i) / 259);
    Stroke band;
    for (int k = 0; k < 24; ++k) {
      const float t = static_cast<float>(k) / 23 * 0.90F;
      band.knots.push_back({Between(lock, s, t), 0.011F, {Encode(colour.r), Encode(colour.g), Encode(colour.b), 1}});
    }
    Draw(band, layer);
  }
}

void FillBehind(Layer& layer) {
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      const float x = layer.X(column);
      const float y = layer.Y(row);
      const float top = std::sqrt(Square(x / 1.08F) + Square((y + 0.35F) / 1.10F));
      const float half = 1.04F - 0.10F * Smooth(0.9F, 1.7F, y);
      const float sides = std::max(std::abs(x) / half, std::abs(y - 0.8F) / (1.05F + 0.13F * Noise(x * 5, 3, 63) +
                                                                             0.10F * Noise(x * 24, 5, 64)));
      const float inside = std::max(Smooth(1.01F, 0.99F, top), Smooth(1.01F, 0.99F, sides));
      const float streaks = 0.75F + 0.25F * Noise(x * 26, y * 2.2F, 61) + 0.20F * Noise(x * 70, y * 3, 62);
      layer.At(column, row) = ToPaint(Light{0.028F, 0.015F, 0.010F} * std::max(0.2F, streaks), inside);
    }
  }
}

}  // namespace

float HairDepth(float x, float y) {
  const float low = Smooth(0.1F, 1.1F, y);
  return Lerp(0.80F * Dome(x, y) + 0.05F, 0.22F, low);
}

Hair PaintHair(float density, uint32_t seed) {
  Hair hair{Layer(kArea, density), Layer(kArea, density), Field(kArea, 40)};
  Random random(seed + 71);
  FillBehind(hair.behind);
  const Style under = {0.0065F, 0.55F, -0.10F, 0.02F, 0.35F, 0.98F};
  DrawStrands(kLeft, kLeft.strands / 4, under, random, hair.behind);
  DrawStrands(kRight, kRight.strands / 4, under, random, hair.behind);
  for (const Lock* lock : {&kRight, &kLeft}) {
    Fill(*lock, 0.03F, 0.97F, {0.022F, 0.012F, 0.008F}, hair.before);
    DrawStrands(*lock, lock->strands, {0.0070F, 0.62F, 0.F, 0.012F, 0.F, 1.F}, random, hair.before);
    DrawStrands(*lock, lock->strands / 2, {0.0032F, 0.55F, 0.07F, 0.025F, 0.F, 1.F}, random, hair.before);
    DrawStrands(*lock, 46, {0.0026F, 0.38F, 0.05F, 0.07F, 0.F, 1.02F}, random, hair.before);  // flyaway
  }
  // It shades the face a little to the right and below itself.
  for (int row = 0; row < hair.shadow.height(); ++row) {
    for (int column = 0; column < hair.shadow.width(); ++column) {
      hair.shadow.At(column, row) = hair.before.Look(hair.shadow.X(column) - 0.035F, hair.shadow.Y(row) - 0.07F).a;
    }
  }
  Blur(hair.shadow, 0.055F);
  return hair;
}

}  // namespace lips::demo
