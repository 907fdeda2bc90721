#include "tests/testdata/face.h"

#include <array>
#include <cmath>

namespace lips::testdata {
namespace {

constexpr std::array<float, 2> kSides = {-1.0F, 1.0F};
constexpr float kFaceCentreY = 0.05F;
constexpr float kEyeHalfWidth = 0.215F;
constexpr float kBrowHalfWidth = 0.25F;

// Vertical radius of the outline: the jaw drops with the mouth.
float FaceRadiusY(const Pose& pose, float y) { return y > 0.1F ? 1.20F + 0.17F * pose.open : 1.16F; }
float FaceRadiusX(float y) { return 0.97F - 0.10F * SmoothStep(0.15F, 1.1F, y) - 0.13F * SmoothStep(0.55F, 1.25F, y); }

bool Near(Point at, Point centre, Point reach) {
  return std::fabs(at.x - centre.x) < reach.x && std::fabs(at.y - centre.y) < reach.y;
}

void PaintIris(const Pose& pose, Point eye, Point at, Pixel& p, Colour& ball) {
  const Point iris = {eye.x + 0.05F * pose.gaze_x, eye.y - 0.012F + 0.03F * pose.gaze_y};
  const float r = std::hypot(at.x - iris.x, at.y - iris.y);
  const Colour green = Mix({0.20F, 0.36F, 0.30F}, {0.33F, 0.50F, 0.40F}, SmoothStep(0.0F, 0.09F, r));
  ball = Mix(ball, green, p.Coverage(r - 0.092F));
  ball = Mix(ball, {0.07F, 0.12F, 0.10F}, 0.8F * p.Coverage(std::fabs(r - 0.088F) - 0.008F));
  ball = Mix(ball, {0.02F, 0.02F, 0.03F}, p.Coverage(r - 0.043F));
  const float glint = std::hypot(at.x - iris.x + 0.03F, at.y - iris.y + 0.035F);
  ball = Mix(ball, {1, 1, 1}, 0.95F * p.Coverage(glint - 0.018F));
}

void PaintEye(const Pose& pose, float side, Point at, Pixel& p) {
  const Point eye = OnFace(pose, {side * 0.42F, -0.12F}, 0.75F);
  if (!Near(at, eye, {0.8F, 0.55F})) return;
  p.Light(-0.20F * Glow(at, {eye.x, eye.y - 0.03F}, {0.26F, 0.17F}));  // the socket

  const float u = (at.x - eye.x) / kEyeHalfWidth;
  const float bow = 1 - u * u;
  if (bow <= -0.3F) return;
  const float upper = eye.y - (0.105F * (1 - pose.blink) + 0.004F) * std::max(bow, 0.0F) + 0.01F * side * u;
  const float lower = eye.y + (0.075F * (1 - 0.6F * pose.blink) + 0.004F) * std::max(bow, 0.0F);
  const float ends = std::fabs(u) - 1;
  Colour ball = Colour{0.95F, 0.95F, 0.95F} * (0.86F + 0.14F * SmoothStep(upper, upper + 0.06F, at.y));
  PaintIris(pose, eye, at, p, ball);
  p.Paint(ball, p.Coverage(std::max({upper - at.y, at.y - lower, ends * kEyeHalfWidth})));

  const float lashes = std::fabs(at.y - upper) - 0.016F * (0.6F + 0.4F * bow);
  p.Paint({0.16F, 0.09F, 0.07F}, p.Coverage(std::max(lashes, (ends - 0.03F) * kEyeHalfWidth)));
  const float lower_lid = std::fabs(at.y - lower) - 0.006F;
  p.Paint({0.50F, 0.30F, 0.24F}, 0.6F * p.Coverage(std::max(lower_lid, (ends + 0.05F) * kEyeHalfWidth)));
  const float crease = std::fabs(at.y - (upper - 0.055F)) - 0.007F;
  p.Paint(p.colour * 0.78F, p.Coverage(std::max(crease, (ends + 0.1F) * kEyeHalfWidth)));
}

void PaintBrow(const Pose& pose, float side, Point at, Pixel& p) {
  const Point brow = OnFace(pose, {side * 0.42F, -0.37F - 0.06F * pose.brow}, 0.8F);
  if (!Near(at, brow, {0.4F, 0.3F})) return;
  const float u = (at.x - brow.x) / kBrowHalfWidth;
  const float middle = brow.y + 0.045F * u * u - 0.02F * side * u;
  const float thickness = 0.034F * (1 - 0.55F * Clamp01(side * u)) * (1 - 0.2F * u * u);
  const float d = std::max(std::fabs(at.y - middle) - thickness, (std::fabs(u) - 1) * kBrowHalfWidth);
  p.Paint({0.20F, 0.13F, 0.10F}, 0.92F * p.Coverage(d));
}

void PaintNose(const Pose& pose, Point at, Pixel& p) {
  const Point tip = {OnFace(pose, {0, 0}, 1.25F).x, OnFace(pose, {0, 0.22F}, 1.1F).y};
  if (!Near(at, tip, {0.7F, 1.3F})) return;
  p.Light(0.13F * Glow(at, {tip.x - 0.03F, tip.y - 0.25F}, {0.07F, 0.30F}));  // the ridge, lit from the left
  p.Light(-0.16F * Glow(at, {tip.x + 0.13F, tip.y - 0.10F}, {0.07F, 0.26F}));
  p.Light(0.14F * Glow(at, {tip.x - 0.03F, tip.y - 0.02F}, {0.07F, 0.06F}));
  p.Light(-0.25F * Glow(at, {tip.x, tip.y + 0.105F}, {0.17F, 0.045F}));
  for (const float side : kSides) {
    const float nostril = Ellipse(at, {tip.x + side * 0.075F, tip.y + 0.075F}, {0.038F, 0.020F});
    p.Paint({0.30F, 0.13F, 0.10F}, 0.85F * p.Coverage(nostril));
    p.Light(-0.20F * Glow(at, {tip.x + side * 0.155F, tip.y + 0.02F}, {0.03F, 0.07F}));
  }
}

// What shows between the lips: the dark, the tongue, two rows of teeth.
void PaintInsideMouth(const Pose& pose, const LipSection& lips, float u, Point at, Pixel& p) {
  const float half_width = MouthHalfWidth(pose);
  const float inside =
      std::max({lips.inner_top - at.y, at.y - lips.inner_bottom, (std::fabs(u) - 1) * half_width + 0.006F});
  const float coverage = p.Coverage(inside);
  if (coverage <= 0) return;
  Colour c = Mix({0.20F, 0.06F, 0.06F}, {0.09F, 0.02F, 0.03F}, SmoothStep(lips.inner_top, lips.inner_bottom, at.y));
  const float tongue = Ellipse(at, {MouthCentre(pose).x, lips.inner_bottom + 0.03F - 0.03F * pose.teeth},
                               {half_width * 0.62F, 0.055F + 0.14F * pose.open});
  const float tongue_light = 0.7F + 0.3F * SmoothStep(lips.inner_bottom - 0.15F, lips.inner_bottom, at.y);
  c = Mix(c, Colour{0.66F, 0.28F, 0.28F} * tongue_light, p.Coverage(tongue));

  const float teeth_end = lips.inner_top + 0.030F + 0.055F * pose.teeth + 0.02F * pose.open - 0.02F * u * u;
  const float teeth = std::max({lips.inner_top - 0.02F - at.y, at.y - teeth_end, (std::fabs(u) - 0.86F) * half_width});
  const float place = u * half_width / 0.062F;
  const float gap = place - std::round(place);
  const float tooth_light = (0.80F + 0.20F * SmoothStep(lips.inner_top - 0.005F, lips.inner_top + 0.05F, at.y)) *
                            (1 - 0.30F * u * u) * (1 - 0.10F * std::exp(-gap * gap * 300));
  c = Mix(c, Colour{0.95F, 0.93F, 0.88F} * tooth_light,
          p.Coverage(teeth) * (0.35F + 0.65F * Clamp01(pose.teeth + 0.4F)));
  if (pose.open > 0.15F || pose.teeth > 0.4F) {
    const float low =
        std::max(lips.inner_bottom - 0.012F - 0.03F * pose.teeth - at.y, (std::fabs(u) - 0.7F) * half_width);
    c = Mix(c, {0.69F, 0.67F, 0.64F}, 0.7F * Clamp01(pose.teeth) * p.Coverage(low));
  }
  p.Paint(c, coverage);
}

void PaintMouth(const Pose& pose, Point at, Pixel& p) {
  const Point mouth = MouthCentre(pose);
  if (!Near(at, mouth, {0.7F, 1.0F})) return;
  const float half_width = MouthHalfWidth(pose);
  const float u = (at.x - mouth.x) / half_width;
  const LipSection lips = Lips(pose, u);
  p.Light(-0.16F * Glow(at, OnFace(pose, {0, 0.43F}, 1.0F), {0.05F, 0.07F}));  // philtrum
  p.Light(-0.20F * Glow(at, {mouth.x, lips.outer_bottom + 0.055F}, {half_width * 0.7F, 0.045F}));
  p.Light(0.06F * Glow(at, {mouth.x, lips.outer_bottom + 0.23F}, {0.16F, 0.10F}));
  p.Light(-0.10F * Glow(at, {mouth.x, lips.outer_bottom + 0.14F}, {0.22F, 0.03F}));
  for (const float side : kSides) {
    const Point fold = {mouth.x + side * (half_width + 0.10F), mouth.y - 0.05F};
    p.Light(-0.14F * Glow(at, fold, {0.045F, 0.14F}) * (0.5F + pose.wide + 0.3F * pose.open));
  }

  const float ends = (std::fabs(u) - 1) * half_width;
  const float seam = (lips.inner_top + lips.inner_bottom) * 0.5F;
  constexpr Colour kLip = {0.74F, 0.36F, 0.35F};
  Colour lip;
  if (at.y < seam) {
    const float t = (at.y - lips.outer_top) / (lips.inner_top - lips.outer_top + 1e-4F);
    lip = kLip * (0.78F + 0.14F * (1 - t));
  } else {
    const float t = (at.y - lips.inner_bottom) / (lips.outer_bottom - lips.inner_bottom + 1e-4F);
    lip = kLip * (1.02F - 0.20F * t) + Colour{0.12F, 0.10F, 0.10F} * Glow({u, t}, {-0.12F, 0.32F}, {0.35F, 0.22F});
  }
  p.Paint(lip, 0.96F * p.Coverage(std::max({lips.outer_top - at.y, at.y - lips.outer_bottom, ends})));
  PaintInsideMouth(pose, lips, u, at, p);

  const float gap = lips.inner_bottom - lips.inner_top;
  if (gap < 0.03F) {
    const float line = std::max(std::fabs(at.y - seam) - 0.006F, ends);
    p.Paint({0.36F, 0.14F, 0.13F}, 0.8F * p.Coverage(line) * (1 - SmoothStep(0.01F, 0.03F, gap)));
  }
}

}  // namespace

Point OnFace(const Pose& pose, Point at, float depth) {
  return {at.x + 0.30F * pose.yaw * depth, at.y + 0.28F * pose.pitch * depth};
}

float FaceHalfWidth(const Pose& pose, float y) {
  const float v = (y - kFaceCentreY) / FaceRadiusY(pose, y);
  return v * v >= 1 ? 0.0F : FaceRadiusX(y) * std::sqrt(1 - v * v);
}

float ChinY(const Pose& pose) { return kFaceCentreY + FaceRadiusY(pose, 1.0F); }

Point MouthCentre(const Pose& pose) {
  const Point at = OnFace(pose, {0, 0.60F}, 0.95F);
  return {at.x, at.y + 0.03F * pose.open};
}

float MouthHalfWidth(const Pose& pose) { return 0.33F * (1 + 0.22F * pose.wide - 0.42F * pose.round); }

LipSection Lips(const Pose& pose, float u) {
  const Point mouth = MouthCentre(pose);
  const float open = std::max(0.0F, pose.open - 0.25F * pose.press);
  const float q = std::max(0.0F, 1 - u * u);
  const float middle = mouth.y - 0.03F * pose.wide * u * u;
  const float thickness = 1 - 0.55F * pose.press;
  LipSection lips;
  lips.x = mouth.x + u * MouthHalfWidth(pose);
  lips.inner_top = middle - (0.05F * open + 0.006F) * std::sqrt(q) * q;
  lips.inner_bottom = middle + (0.30F * open + 0.004F) * std::pow(q, 0.62F) - 0.05F * pose.tuck * q;
  lips.inner_bottom = std::max(lips.inner_bottom, lips.inner_top);
  lips.outer_top = lips.inner_top - (0.070F * thickness + 0.035F * pose.round) * std::pow(q, 0.7F) *
                                        (1 - 0.22F * std::exp(-u * u * 60));  // Cupid's bow
  lips.outer_bottom =
      lips.inner_bottom + (0.095F * thickness + 0.035F * pose.round) * (1 - 0.6F * pose.tuck) * std::pow(q, 0.6F);
  return lips;
}

void PaintFace(const Pose& pose, Point at, Pixel& pixel) {
  const Point radii = {FaceRadiusX(at.y), FaceRadiusY(pose, at.y)};
  const Point from_centre = {at.x - 0.05F * pose.yaw, at.y - kFaceCentreY};
  const float coverage = pixel.Coverage(Ellipse(from_centre, {0, 0}, radii));
  if (coverage <= 0) return;

  const float x = from_centre.x / radii.x;
  const float y = from_centre.y / radii.y;
  const float facing = std::sqrt(Clamp01(1 - x * x - y * y));
  Pixel face = pixel;
  face.colour = kSkin * (0.70F + 0.30F * facing - 0.17F * x - 0.07F * y);
  for (const float side : kSides) {
    const Point cheek = OnFace(pose, {side * 0.56F, 0.36F - 0.03F * pose.wide}, 0.7F);
    face.Paint({0.90F, 0.48F, 0.42F}, 0.26F * Glow(at, cheek, {0.26F, 0.20F}));
  }
  face.Light(0.10F * Glow(at, OnFace(pose, {-0.2F, -0.55F}, 0.7F), {0.45F, 0.25F}));
  for (const float side : kSides) {
    PaintEye(pose, side, at, face);
    PaintBrow(pose, side, at, face);
  }
  PaintNose(pose, at, face);
  PaintMouth(pose, at, face);
  pixel.Paint(face.colour, coverage);
}

}  // namespace lips::testdata
