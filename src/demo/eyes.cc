#include "demo/eyes.h"

#include "demo/face.h"

namespace lips::demo {
namespace {

constexpr float kHalfWidth = 0.212F;
constexpr float kIris = 0.104F;
constexpr float kPupil = 0.044F;

struct Lids {
  float upper = 0, lower = 0;  // y of their edges
  float open = 0;              // between them when open, for the crease
};

// At u in [-1, 1], inner to outer corner.
Lids LidsAt(float u, float blink) {
  const float q = std::max(0.F, 1 - u * u);
  const float tilt = kEyeY - 0.024F * u;
  const float open = tilt - 0.130F * std::sqrt(q) * Lerp(std::sqrt(q), 1, 0.35F) * (1 - 0.10F * u);
  const float lower = tilt + 0.066F * q * (1 + 0.22F * u) - 0.012F * blink * q;
  return {Lerp(open, lower + 0.004F, blink), lower, open};
}

Light Ball(const Pose& pose, float side, float x, float y, float pixel, const Lids& lids) {
  const float white = 1 - 0.30F * Square((x - side * kEyeX) / 0.2F) - 0.25F * Square((y - kEyeY) / 0.15F);
  Light ball = Light{0.76F, 0.735F, 0.715F} * white;
  const float inner = Bump(side * x, y, kEyeX - 0.175F, kEyeY + 0.012F, 0.030F, 0.028F);
  ball = Mix(ball, {0.62F, 0.30F, 0.27F}, 0.7F * inner);
  const float ix = side * kEyeX + 0.050F * pose.gaze_x;
  const float iy = kEyeY - 0.020F + 0.032F * pose.gaze_y + 0.012F * pose.blink;
  const float dx = x - ix;
  const float dy = y - iy;
  const float r = std::sqrt(dx * dx + dy * dy);
  if (r < kIris + 2 * pixel) {
    const float inv = 1 / (r + 1e-5F);
    const float fibres = 0.5F + 0.5F * Noise(dx * inv * 9 + 20 * side, dy * inv * 9 + r * 22, 51);
    Light iris = Mix({0.030F, 0.085F, 0.095F}, {0.19F, 0.34F, 0.31F}, 0.30F + 0.70F * fibres);
    iris = Mix(iris, {0.33F, 0.22F, 0.085F}, 0.62F * Bump(r, 0.046F, 0.020F) * (0.55F + 0.45F * fibres));
    iris = iris * (0.60F + 0.75F * Smooth(-0.07F, 0.08F, dy + 0.25F * dx));  // lit from above, it glows below
    iris = Mix(iris, {0.012F, 0.022F, 0.028F}, 0.85F * Smooth(kIris - 0.020F, kIris - 0.002F, r));
    iris = Mix(iris, {0.004F, 0.004F, 0.005F}, Smooth(kPupil + 0.004F + 0.5F * pixel, kPupil - 0.5F * pixel, r));
    ball = Mix(ball, iris, Smooth(kIris + 0.003F + 0.5F * pixel, kIris - 0.003F - 0.5F * pixel, r));
  }
  ball = ball * (0.42F + 0.58F * Smooth(lids.upper - 0.005F, lids.upper + 0.062F, y));  // the lid's shadow
  const float window =
      Smooth(0.0245F, 0.0165F, std::max(std::abs(dx + 0.034F + 0.15F * dy), 0.92F * std::abs(dy + 0.034F)));
  const float second = Smooth(0.014F, 0.006F, std::sqrt(Square(dx - 0.036F) + Square(dy - 0.042F)));
  ball = Mix(ball, {0.97F, 0.98F, 1.0F}, 0.92F * window);
  return Mix(ball, {0.60F, 0.70F, 0.75F}, 0.45F * second);
}

}  // namespace

bool NearEye(float x, float y) {
  return std::abs(y - kEyeY + 0.03F) < 0.25F && std::abs(std::abs(x) - kEyeX - 0.02F) < 0.29F;
}

Paint DrawEye(const Pose& pose, float x, float y, float pixel, Paint skin) {
  const float side = x < 0 ? -1.F : 1.F;
  const float u = side * (x - side * kEyeX) / kHalfWidth;
  const Lids lids = LidsAt(std::clamp(u, -1.F, 1.F), pose.blink);
  const float ends = Smooth(1.0F + pixel / kHalfWidth, 1.0F - pixel / kHalfWidth, std::abs(u));
  // The crease above the lid, and the soft bag below.
  const float crease_y = lids.open - 0.040F - 0.010F * u + 0.014F * pose.blink - 0.012F * Clamp01(pose.brow);
  const float crease = Bump(y, crease_y, 0.0095F) * Smooth(1.12F, 0.72F, std::abs(u + 0.02F));
  skin = Shade(skin, Mix({1, 1, 1}, {0.52F, 0.38F, 0.33F}, 0.72F * crease));
  const float above = Smooth(crease_y, crease_y + 0.03F, y) * Smooth(lids.upper + 0.01F, lids.upper, y) *
                      Smooth(1.1F, 0.8F, std::abs(u));
  skin = Shade(skin, Mix({1, 1, 1}, {0.80F, 0.66F, 0.60F}, 0.55F * above));
  const float bag = Bump(y, lids.lower + 0.040F, 0.014F) * Smooth(1.0F, 0.4F, std::abs(u));
  skin = Shade(skin, 1 - 0.09F * bag);

  const float soft = 0.6F * pixel;
  const float inside =
      Smooth(lids.upper - soft, lids.upper + soft, y) * Smooth(lids.lower + soft, lids.lower - soft, y) * ends;
  Paint place = skin;
  if (inside > 0) place = Over(ToPaint(Ball(pose, side, x, y, pixel, lids), inside), place);
  // The wet rim of the lower lid.
  const float rim = Bump(y, lids.lower + 0.003F, 0.0065F) * Smooth(1.02F, 0.85F, std::abs(u));
  place = Over(ToPaint({0.66F, 0.40F, 0.36F}, 0.55F * rim), place);

  // Upper lashes: a line that thickens outwards and ends in a wing, with single lashes above it.
  const Light kLash = {0.012F, 0.008F, 0.007F};
  const float wing = Clamp01((u - 0.55F) / 0.65F);
  const float beyond = std::max(0.F, std::abs(u) - 1);
  const float line_y = lids.upper - 0.034F * wing * wing * (1 - 0.6F * pose.blink) + (u < 0 ? 0.2F * beyond : 0.F);
  const float thick = 0.0075F + 0.0105F * Smooth(-0.9F, 0.7F, u) * Smooth(1.22F, 0.9F, u);
  const float reach = Smooth(1.13F, 1.02F, u) * Smooth(-1.04F, -0.94F, u);
  const float line = Smooth(thick + 0.5F * pixel, thick - 0.5F * pixel, std::abs(y - line_y + 0.003F)) * reach;
  const float fan = u + (y - line_y) * Lerp(2.0F, 5.5F, Clamp01(0.5F * (u + 1)));  // lashes lean outwards
  const float comb = std::abs(fan * 11 - static_cast<float>(FloorInt(fan * 11)) - 0.5F) * 2;
  const float length = (0.020F + 0.042F * Smooth(-0.6F, 0.9F, u)) * (1 - 0.2F * HashUnit(FloorInt(fan * 11), 0, 52));
  const float up = (line_y - y) * (pose.blink > 0.5F ? -1.F : 1.F);
  const float lash = Smooth(0.50F * (1 - up / length), 0.50F * (1 - up / length) - 0.35F, comb) *
                     Smooth(length, 0.4F * length, up) * Smooth(-0.004F, 0.004F, up) * reach * Smooth(1.02F, 0.86F, u);
  place = Over(ToPaint(kLash, std::max(0.93F * line, 0.72F * lash)), place);
  // Lower lashes, faint.
  const float down = y - lids.lower;
  const float low_comb = std::abs((u - 2.F * down) * 9 - static_cast<float>(FloorInt((u - 2.F * down) * 9)) - 0.5F) * 2;
  const float low = Smooth(0.45F, 0.1F, low_comb) * Smooth(0.028F, 0.006F, down) * Smooth(0, 0.006F, down) *
                    Smooth(-0.2F, 0.5F, u) * Smooth(1.05F, 0.9F, u);
  return Over(ToPaint(kLash, 0.40F * low), place);
}

Point BrowsAtRest(const Pose& pose, Point p) {
  if (p.y > 0.6F) return p;  // far away
  const float raise = 0.055F * pose.brow;
  p.y += raise * Bump(std::abs(p.x), p.y, 0.40F, -0.37F, 0.42F, 0.15F);
  return p;
}

}  // namespace lips::demo
