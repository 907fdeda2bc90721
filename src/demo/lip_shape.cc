#include "demo/face.h"
#include "demo/lips.h"

namespace lips::demo {
namespace {

float Root(float x) { return std::sqrt(std::max(0.F, x)); }

// The line between closed lips, below kMouthY, at u in [-1, 1] from corner to corner.
float Seam(float u) {
  return 0.009F * Bump(u, 0, 0.20F) - 0.006F * (Bump(u, 0.40F, 0.20F) + Bump(u, -0.40F, 0.20F)) -
         0.030F * u * u * u * u;
}

}  // namespace

LipShape::LipShape(const Mouth& mouth) : mouth_(mouth) {
  const float free = 1 - 0.94F * mouth.press;  // pressed lips stay together whatever the jaw does
  const float open = mouth.open * free;
  const float teeth = mouth.teeth * free;
  const float tuck = mouth.tuck * free;
  half_width_ = 0.325F * (1 + 0.20F * mouth.wide - 0.40F * mouth.round - 0.05F * open + 0.03F * mouth.press);
  jaw_ = 0.30F * open * (1 - 0.6F * tuck);
  lift_ = 0.028F * open + 0.040F * teeth * (1 - 0.5F * mouth.round) * (1 - 0.75F * tuck) + 0.012F * tuck;
  drop_ = jaw_ + 0.038F * teeth * (1 - tuck) + 0.002F * tuck;
  // Rounded lips always leave a hole.
  lift_ += 0.010F * mouth.round * free;
  drop_ += 0.034F * mouth.round * free;
  // The wider the jaw, the farther towards the corners the lips part.
  const float parted = Clamp01((lift_ + drop_) * 7);
  opening_half_width_ = half_width_ * Lerp(0.74F, 0.95F - 0.13F * mouth.round, parted);
  corner_y_ = kMouthY - 0.012F - 0.026F * mouth.wide + 0.22F * jaw_;
  upper_ = 0.082F * (1 - 0.50F * mouth.press) * (1 + 0.30F * mouth.round - 0.16F * mouth.wide - 0.10F * open);
  lower_ = 0.108F * (1 - 0.42F * mouth.press) * (1 + 0.24F * mouth.round - 0.14F * mouth.wide) * (1 - 0.45F * tuck);
  const auto moved = {mouth.open, mouth.wide, mouth.round, mouth.teeth, mouth.tuck, mouth.press};
  still_ = std::ranges::all_of(moved, [](float value) { return value == 0; });
  middle_ = At(0);
}

LipShape::Column LipShape::At(float x) const {
  const float u = std::clamp(x / half_width_, -1.F, 1.F);
  const float q = 1 - u * u;
  const float v = std::clamp(x / opening_half_width_, -1.F, 1.F);
  const float p = 1 - v * v;
  // The middle of the lips hangs between the corners, which the jaw takes along a little.
  const float seam = kMouthY + Seam(u) + (corner_y_ - kMouthY) * u * u * (2 - u * u);
  const auto above = [&](float rest) { return lift_ * Root(rest) * Root(Root(rest)); };
  const auto below = [&](float rest) { return drop_ * Root(rest) * Lerp(Root(Root(rest)), 1, 0.8F); };
  Column column;
  column.inner_top = seam - above(p);
  column.inner_bottom = std::max(column.inner_top, seam + below(p));
  // Where the opening ends before the corner, lips go around it.
  const float bow = 1 - 0.23F * Bump(u, 0, 0.13F) - 0.10F * u * u;
  column.outer_top = seam - above(q) - upper_ * bow * Root(q) * Lerp(Root(Root(q)), Root(q), 0.5F);
  column.outer_bottom = seam + below(q) + lower_ * q * (1 + 0.62F * u * u);
  return column;
}

Area LipShape::reach() const {
  return {-half_width_ - 0.28F, kMouthY - 0.34F, half_width_ + 0.28F, kMouthY + jaw_ + 0.42F};
}

Point LipShape::AtRest(Point p) const {
  if (still_) return p;
  const float side = 1 - 0.55F * Smooth(0.30F, 0.80F, std::abs(p.x));
  p.y -= jaw_ * side * Smooth(kMouthY - 0.16F, kMouthY + 0.12F + jaw_, p.y);
  const float near = Bump(p.x, p.y, 0, kMouthY + 0.4F * jaw_, 0.42F, 0.24F);
  p.x *= 1 - near * (0.13F * mouth_.wide - 0.16F * mouth_.round);
  p.y += 0.35F * lift_ * Bump(p.x, p.y, 0, kMouthY - 0.10F, 0.30F, 0.12F);
  p.y += 0.022F * mouth_.wide * Bump(std::abs(p.x), p.y, 0.46F, 0.45F, 0.2F, 0.25F);
  return p;
}

}  // namespace lips::demo
