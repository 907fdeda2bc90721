#include "tests/testdata/person.h"

#include <cmath>
#include <numbers>

#include "tests/testdata/face.h"
#include "tests/testdata/seeded.h"

namespace lips::testdata {
namespace {

constexpr float kSceneHeight = 4.6F;  // what the picture's height shows
constexpr float kSceneTop = -1.85F;
constexpr float kWidestY = -0.02F;  // of the face, head coordinates: where the ears are

// Pixels to the scene: head centre at (0, 0), half a face about 1, y down.
struct Camera {
  float unit_px;  // pixels per scene unit
  float left;
  Camera(int width, int height)
      : unit_px(static_cast<float>(height) / kSceneHeight), left(-0.5F * static_cast<float>(width) / unit_px) {}
  Point Scene(int x, int y) const {
    return {left + (static_cast<float>(x) + 0.5F) / unit_px, kSceneTop + (static_cast<float>(y) + 0.5F) / unit_px};
  }
  Landmark Picture(Point p) const {
    return {static_cast<double>((p.x - left) * unit_px), static_cast<double>((p.y - kSceneTop) * unit_px)};
  }
};

Point SceneToHead(const Pose& pose, Point at) {
  const float x = at.x - pose.shift_x;
  const float y = at.y - pose.shift_y;
  const float c = std::cos(pose.roll);
  const float s = std::sin(pose.roll);
  return {(c * x + s * y) / pose.scale, (-s * x + c * y) / pose.scale};
}

Point HeadToScene(const Pose& pose, Point at) {
  const float c = std::cos(pose.roll) * pose.scale;
  const float s = std::sin(pose.roll) * pose.scale;
  return {pose.shift_x + c * at.x - s * at.y, pose.shift_y + s * at.x + c * at.y};
}

void PaintBackground(Point at, Pixel& p) {
  p.colour = Mix({0.20F, 0.27F, 0.36F}, {0.10F, 0.13F, 0.19F}, SmoothStep(-1.8F, 2.2F, at.y + 0.25F * at.x));
  const float disc = 0.35F * p.Coverage(Ellipse(at, {-1.75F, -0.9F}, {0.36F, 0.36F}) - 0.05F);
  p.Paint({0.45F, 0.52F, 0.58F}, disc + 0.25F * Glow(at, {1.6F, -0.5F}, {0.5F, 0.6F}));
}

void PaintBody(const Pose& pose, Point at, Pixel& p) {
  const Point body = {at.x - 0.35F * pose.shift_x, at.y - 0.35F * pose.shift_y};  // follows the head a little
  const float coverage = p.Coverage(Ellipse(body, {0, 2.75F}, {1.75F, 1.15F}));
  if (coverage <= 0) return;
  const float light = 0.75F + 0.35F * Glow(body, {-0.6F, 1.9F}, {0.8F, 0.7F});
  const float fold = 0.08F * std::sin(9 * body.x + 2 * body.y) * SmoothStep(1.7F, 2.6F, body.y);
  p.Paint(Colour{0.16F, 0.34F, 0.42F} * (light * (1 - fold)), coverage);
}

void PaintNeck(const Pose& pose, Point at, Pixel& p) {
  const float x = at.x - 0.05F * pose.yaw;
  if (at.y < 0.5F || std::fabs(x) > 0.8F) return;
  const float half_width = 0.47F + 0.10F * SmoothStep(0.9F, 1.6F, at.y);
  const float neck = std::max({std::fabs(x) - half_width, 0.6F - at.y, at.y - (1.72F - 0.35F * x * x)});
  const float light = 0.80F - 0.30F * SmoothStep(1.45F, 0.95F, at.y) - 0.16F * SmoothStep(0.1F, 0.5F, x);
  p.Paint(kSkin * light, p.Coverage(neck));
  const float collar = std::fabs(at.y - (1.78F - 0.45F * x * x)) - 0.075F;
  p.Paint(Colour{0.92F, 0.93F, 0.94F} * (0.9F - 0.2F * Clamp01(x)), p.Coverage(std::max(collar, std::fabs(x) - 0.66F)));
}

void PaintHairBehindAndEars(const Pose& pose, Point at, Pixel& p) {
  p.Paint({0.17F, 0.11F, 0.08F}, p.Coverage(Ellipse(at, {-0.12F * pose.yaw, -0.42F}, {1.08F, 1.06F})));
  for (const float side : {-1.0F, 1.0F}) {
    const Point ear = {side * 0.97F - 0.22F * pose.yaw, -0.02F + 0.12F * pose.pitch};
    const float shade = 0.83F - 0.30F * Glow(at, {ear.x - side * 0.02F, ear.y}, {0.06F, 0.13F});
    p.Paint(kSkin * shade, p.Coverage(Ellipse(at, ear, {0.15F, 0.25F})));
  }
}

void PaintFringe(const Pose& pose, Point at, Pixel& p) {
  if (at.y > 0.3F) return;
  const float x = at.x + 0.03F * pose.yaw;
  const float hairline = -0.60F + 0.10F * std::sin(3.1F * x + 0.6F) + 0.32F * x * x + 0.10F * pose.pitch;
  const float hair = std::max(Ellipse(at, {-0.02F * pose.yaw, -0.40F}, {1.10F, 1.08F}), at.y - hairline);
  const float coverage = p.Coverage(hair);
  if (coverage > 0) {
    const float strands = std::sin(42 * at.x + 9 * at.y * at.y + 3 * std::sin(5 * at.x));
    const float light = 0.8F + 0.35F * Glow(at, {-0.3F, -1.0F}, {0.5F, 0.25F}) + 0.08F * strands;
    p.Paint(Colour{0.23F, 0.15F, 0.11F} * light, coverage);
  }
  for (const float side : {-1.0F, 1.0F}) {
    const float sideburn = std::fabs(at.x - (side * 0.965F + 0.02F * pose.yaw)) - 0.065F;
    p.Paint({0.19F, 0.12F, 0.09F}, p.Coverage(std::max({sideburn, -0.6F - at.y, at.y + 0.08F})));
  }
}

Colour Shade(const Pose& pose, Point at, float pixel_size) {
  Pixel p;
  p.edge = 0.75F * pixel_size;
  PaintBackground(at, p);
  PaintBody(pose, at, p);
  const Point head = SceneToHead(pose, at);
  if (std::fabs(head.x) < 1.3F && head.y > -1.6F && head.y < 2.1F) {
    p.edge /= pose.scale;
    PaintNeck(pose, head, p);
    PaintHairBehindAndEars(pose, head, p);
    PaintFace(pose, head, p);
    PaintFringe(pose, head, p);
  }
  return p.colour;
}

// In [-0.5, 0.5), a fixed function of its arguments.
float Grain(uint32_t x, uint32_t y, uint32_t seed) {
  uint32_t h = (x * 73856093U) ^ (y * 19349663U) ^ (seed * 83492791U);
  h ^= h >> 13;
  h *= 0x5bd1e995U;
  h ^= h >> 15;
  return static_cast<float>(h & 255U) / 256.0F - 0.5F;
}

uint8_t Level(float v) { return static_cast<uint8_t>(std::lround(255 * Clamp01(v))); }

// A sum of three slow sines of random phase: amplitude about `amplitude`, slowest part `hz`.
float Sway(float seconds, float amplitude, float hz, Seeded& seeded) {
  float sum = 0;
  for (int k = 0; k < 3; ++k) {
    const float turns = hz * (1 + 0.7F * static_cast<float>(k)) * seconds + seeded.Uniform();
    sum += std::sin(2 * std::numbers::pi_v<float> * turns);
  }
  return amplitude * sum / 2;
}

}  // namespace

Pose TemplatePose(int64_t frame, uint64_t seed) {
  const float seconds = static_cast<float>(frame) / 25;
  Seeded seeded(seed);
  Pose pose;
  pose.yaw = Sway(seconds, 0.28F, 0.13F, seeded);
  pose.pitch = Sway(seconds, 0.14F, 0.17F, seeded);
  pose.roll = Sway(seconds, 0.03F, 0.11F, seeded);
  pose.shift_x = Sway(seconds, 0.05F, 0.09F, seeded) + 0.10F * pose.yaw;
  pose.shift_y = Sway(seconds, 0.03F, 0.12F, seeded);
  pose.scale = 1 + Sway(seconds, 0.015F, 0.07F, seeded);
  pose.brow = std::clamp(Sway(seconds, 0.4F, 0.2F, seeded), -0.3F, 1.0F);
  pose.gaze_x = Sway(seconds, 0.4F, 0.15F, seeded) - 0.6F * pose.yaw;
  pose.gaze_y = Sway(seconds, 0.2F, 0.1F, seeded);
  pose.wide = 0.15F;
  float blink_at = 0.7F + seeded.Uniform();
  while (blink_at < seconds + 1) {
    const float d = (seconds - blink_at) / 0.09F;
    pose.blink = std::max(pose.blink, std::exp(-d * d * d * d));
    blink_at += 1.8F + 2 * seeded.Uniform();
  }
  return pose;
}

void DrawPerson(const Pose& pose, uint32_t grain, ImageView out) {
  const Camera camera(out.width, out.height);
  for (int y = 0; y < out.height; ++y) {
    uint8_t* row = out.Row(y);
    for (int x = 0; x < out.width; ++x) {
      const Colour c = Shade(pose, camera.Scene(x, y), 1 / camera.unit_px);
      const float noise = Grain(static_cast<uint32_t>(x), static_cast<uint32_t>(y), grain) * (2.0F / 255);
      row[3 * x] = Level(c.b + noise);
      row[3 * x + 1] = Level(c.g + noise);
      row[3 * x + 2] = Level(c.r + noise);
    }
  }
}

std::vector<Landmark> PersonLandmarks(const Pose& pose, int width, int height) {
  std::vector<Point> points;
  const auto add = [&](Point at) { points.push_back(at); };
  const auto ring = [&](Point centre, Point radii, int count) {
    for (int k = 0; k < count; ++k) {
      const float a = 2 * std::numbers::pi_v<float> * static_cast<float>(k) / static_cast<float>(count);
      add({centre.x - radii.x * std::cos(a), centre.y - radii.y * std::sin(a)});
    }
  };
  // Jaw: 0..16 down the left side, 17..32 up the right one; 1 and 31 at the widest height, where the ears are.
  const float chin = ChinY(pose);
  for (int k = 0; k <= 32; ++k) {
    const int down = k <= 16 ? k : 32 - k;  // 0 at the temple, 16 at the chin
    const float t = static_cast<float>(down - 1) / 15;
    const float y = kWidestY + (chin - kWidestY) * std::sin(t * std::numbers::pi_v<float> / 2);
    const float side = k < 16 ? -1.0F : 1.0F;
    add({0.05F * pose.yaw + side * FaceHalfWidth(pose, y), y});
  }
  for (const float side : {-1.0F, 1.0F}) {  // brows, nine points each
    for (int k = 0; k < 9; ++k) {
      const Point brow = OnFace(pose, {side * 0.42F, -0.37F - 0.06F * pose.brow}, 0.8F);
      const float u = static_cast<float>(k - 4) / 4;
      add({brow.x + 0.25F * u, brow.y + 0.045F * u * u - 0.02F * side * u});
    }
  }
  // Nose: 51 the root, 52 the bridge between the eyes, down to the tip, then along its wings.
  for (const float y : {-0.28F, -0.17F, -0.05F, 0.08F, 0.20F}) add(OnFace(pose, {0, y}, 0.9F));
  for (const float x : {-0.15F, -0.07F, 0.07F, 0.15F}) add(OnFace(pose, {x, 0.30F}, 1.1F));
  for (const float side : {-1.0F, 1.0F}) ring(OnFace(pose, {side * 0.42F, -0.12F}, 0.75F), {0.215F, 0.09F}, 12);
  for (int k = 0; k < 10; ++k) {  // outer lips, upper then lower
    const float u = static_cast<float>(k - 5) / 5;
    const LipSection lips = Lips(pose, u);
    add({lips.x, lips.outer_top});
  }
  for (int k = 0; k < 10; ++k) {
    const float u = static_cast<float>(5 - k) / 5;
    const LipSection lips = Lips(pose, u);
    add({lips.x, lips.outer_bottom});
  }
  for (const float side : {-1.0F, 1.0F}) {
    const Point eye = OnFace(pose, {side * 0.42F, -0.12F}, 0.75F);
    add({eye.x + 0.05F * pose.gaze_x, eye.y - 0.012F + 0.03F * pose.gaze_y});
  }
  for (const float y : {0.36F, 0.40F, 0.44F, 0.48F}) add(OnFace(pose, {0, y}, 1.0F));

  const Camera camera(width, height);
  std::vector<Landmark> landmarks;
  landmarks.reserve(points.size());
  for (const Point at : points) landmarks.push_back(camera.Picture(HeadToScene(pose, at)));
  return landmarks;
}

}  // namespace lips::testdata
