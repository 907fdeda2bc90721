#include "demo/person.h"

#include <span>
#include <vector>

#include "demo/backdrop.h"
#include "demo/body.h"
#include "demo/eyes.h"
#include "demo/face.h"
#include "demo/hair.h"
#include "demo/lips.h"

namespace lips::demo {
namespace {

constexpr float kUnitsHigh = 4.6F;  // of the frame
constexpr float kTop = -1.86F;      // its upper edge
constexpr float kNeck = 1.15F;      // the head turns about this height
constexpr float kNod = 0.25F;       // ... and nods about this one
constexpr float kOpaque = 0.997F;
constexpr float kBackHairDepth = -0.35F;
constexpr float kNeckDepth = 0.10F;
constexpr Area kFaceArea = {-1.05F, -1.35F, 1.05F, 1.7F};
constexpr Area kDepthArea = {-1.7F, -1.8F, 1.7F, 2.5F};
constexpr float kDepthDensity = 48;

// The head's plane and the depths that a turn shifts.
class HeadView {
 public:
  explicit HeadView(const Pose& pose)
      : pose_(pose),
        roll_cos_(Cos(pose.roll)),
        roll_sin_(Sin(pose.roll)),
        yaw_cos_(Cos(pose.yaw)),
        yaw_sin_(Sin(pose.yaw)),
        pitch_cos_(Cos(pose.pitch)),
        pitch_sin_(Sin(pose.pitch)) {}

  // Scene to the head's plane and back: without turning.
  Point ToHead(Point scene) const {
    const float x = (scene.x - pose_.tx) / pose_.scale;
    const float y = (scene.y - pose_.ty - kNeck) / pose_.scale;
    return {roll_cos_ * x + roll_sin_ * y, -roll_sin_ * x + roll_cos_ * y + kNeck};
  }
  Point ToScene(Point head) const {
    const float y = head.y - kNeck;
    return {pose_.tx + pose_.scale * (roll_cos_ * head.x - roll_sin_ * y),
            pose_.ty + kNeck + pose_.scale * (roll_sin_ * head.x + roll_cos_ * y)};
  }

  // A place of a surface at depth z, seen turned.
  Point Turn(Point place, float z) const {
    return {yaw_cos_ * place.x + yaw_sin_ * z, kNod + pitch_cos_ * (place.y - kNod) + pitch_sin_ * z};
  }
  // The place that is seen at `seen`, on a surface of gentle slope.
  Point TurnBack(Point seen, const Field& depth) const {
    Point place = seen;
    for (int i = 0; i < 4; ++i) {
      const float z = depth.Look(place.x, place.y);
      place = {(seen.x - yaw_sin_ * z) / yaw_cos_, kNod + (seen.y - kNod - pitch_sin_ * z) / pitch_cos_};
    }
    return place;
  }
  Point TurnBack(Point seen, float z) const {
    return {(seen.x - yaw_sin_ * z) / yaw_cos_, kNod + (seen.y - kNod - pitch_sin_ * z) / pitch_cos_};
  }

 private:
  Pose pose_;
  float roll_cos_, roll_sin_, yaw_cos_, yaw_sin_, pitch_cos_, pitch_sin_;
};

// Shoulders follow the head a little and rise with the breath; the neck joins the two.
Point BodyPlace(const Pose& pose, Point scene, Point head) {
  const float rise = 0.018F * pose.breath;
  const Point body = {(scene.x - 0.22F * pose.tx) * (1 - 0.006F * pose.breath), scene.y - 0.22F * pose.ty + rise};
  const float down = Smooth(1.0F, 1.85F, scene.y);
  return {Lerp(head.x, body.x, down), Lerp(head.y, body.y, down)};
}

// Whether `layer` has anything within reach of a place: what a turned head may show there.
Field NearPaint(const Layer& layer) {
  constexpr float kCells = 10;
  constexpr int kReach = 4;  // cells; a turn of 0.3 moves what stands out by 1.2 units less than that
  Field cells(layer.area(), kCells);
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      if (layer.At(column, row).a <= 0) continue;
      float& cell =
          cells.At(static_cast<int>(cells.Column(layer.X(column))), static_cast<int>(cells.Row(layer.Y(row))));
      cell = 1;
    }
  }
  Field near(layer.area(), kCells);
  for (int row = 0; row < near.height(); ++row) {
    for (int column = 0; column < near.width(); ++column) {
      for (int y = std::max(0, row - kReach); y <= std::min(row + kReach, near.height() - 1); ++y) {
        for (int x = std::max(0, column - kReach); x <= std::min(column + kReach, near.width() - 1); ++x) {
          near.At(column, row) = std::max(near.At(column, row), cells.At(x, y));
        }
      }
    }
  }
  return near;
}

bool Inside(const Area& area, Point p) {
  return p.x > area.left && p.x < area.right && p.y > area.top && p.y < area.bottom;
}

uint8_t Quantise(float value, float dither) {
  return static_cast<uint8_t>(std::clamp(value * 255.F + dither, 0.F, 255.F));
}

}  // namespace

struct Person::State {
  int width = 0;
  int height = 0;
  float pixel = 0;  // its size in units
  Hair hair;
  Layer skin;
  Layer body;
  Layer backdrop;  // one texel a pixel
  Field face_depth;
  Field hair_depth;
  Field hair_near;  // 0 where no turn brings hair

  Point SceneOf(float column, float row) const {
    return {(column - 0.5F * static_cast<float>(width)) * pixel, kTop + row * pixel};
  }
  // One pixel on its way: what is before the face, and which place of the face is seen.
  struct Place {
    Point scene, head, hanging;  // as the frame, the head and the hair count
    bool near_hair = false;
    Paint front;
    Point face;
    bool on_face = false;
  };
  Place PlaceAt(const HeadView& view, Point scene) const;
  Paint BehindFace(const HeadView& view, const Pose& pose, const Place& place, Paint backdrop_paint) const;
  Paint FaceAt(const Pose& pose, const LipShape& lips, Point face) const;
  void Draw(const Pose& pose, std::span<const Mouth> mouths, Rect rect, std::span<const ImageView> out) const;
};

Person::State::Place Person::State::PlaceAt(const HeadView& view, Point scene) const {
  Place place;
  place.scene = scene;
  place.head = view.ToHead(scene);
  // Long hair hangs: its ends follow the head less.
  const float down = 0.55F * Smooth(0.8F, 2.0F, scene.y);
  place.hanging = {Lerp(place.head.x, scene.x, down), Lerp(place.head.y, scene.y, down)};
  place.near_hair = Inside(hair.before.area(), place.hanging);
  if (!place.near_hair) return place;
  if (hair_near.Look(place.hanging.x, place.hanging.y) > 0) {
    const Point at = view.TurnBack(place.hanging, hair_depth);
    place.front = hair.before.Look(at.x, at.y);
    if (place.front.a > kOpaque) return place;
  }
  place.face = view.TurnBack(place.head, face_depth);
  place.on_face = Inside(kFaceArea, place.face);
  return place;
}

Paint Person::State::BehindFace(const HeadView& view, const Pose& pose, const Place& place,
                                Paint backdrop_paint) const {
  Paint paint = backdrop_paint;
  if (place.near_hair) {
    const Point back = view.TurnBack(place.hanging, kBackHairDepth);
    paint = Over(hair.behind.Look(back.x, back.y), paint);
  }
  if (place.scene.y > 0.5F) {
    const Point at = BodyPlace(pose, place.scene, view.TurnBack(place.head, kNeckDepth));
    if (Inside(body.area(), at)) paint = Over(body.Look(at.x, at.y), paint);
  }
  return paint;
}

Paint Person::State::FaceAt(const Pose& pose, const LipShape& lips, Point face) const {
  const Point rest = BrowsAtRest(pose, lips.AtRest(face));
  Paint on_face = skin.Look(rest.x, rest.y);
  if (on_face.a <= 0) return on_face;
  const float size = pixel / pose.scale;
  if (NearEye(face.x, face.y)) on_face = DrawEye(pose, face.x, face.y, size, on_face);
  if (Inside(lips.reach(), face)) {
    on_face = Shade(on_face, SkinShade(lips, face.x, face.y));
    on_face = DrawMouth(lips, face.x, face.y, size, on_face);
  }
  return on_face;
}

void Person::State::Draw(const Pose& pose, std::span<const Mouth> mouths, Rect rect,
                         std::span<const ImageView> out) const {
  const HeadView view(pose);
  const std::vector<LipShape> lips(mouths.begin(), mouths.end());
  for (int row = rect.y; row < rect.bottom(); ++row) {
    for (int column = rect.x; column < rect.right(); ++column) {
      const Point scene = SceneOf(static_cast<float>(column) + 0.5F, static_cast<float>(row) + 0.5F);
      const Place place = PlaceAt(view, scene);
      const bool covered = place.front.a > kOpaque;
      const float dither = HashUnit(column, row, 91);  // instead of rounding: no bands in soft gradients
      // What is behind the face is often hidden, and the same for both mouths.
      Paint behind;
      bool behind_known = false;
      for (size_t k = 0; k < lips.size(); ++k) {
        Paint below = covered ? backdrop.At(column, row) : Paint{};
        if (!covered) {
          if (place.on_face) below = FaceAt(pose, lips[k], place.face);
          if (below.a < 1) {
            if (!behind_known) behind = BehindFace(view, pose, place, backdrop.At(column, row));
            behind_known = true;
            below = Over(below, behind);
          }
        }
        const Paint paint = Over(place.front, below);
        uint8_t* to = out[k].Row(row - rect.y) + ptrdiff_t{3} * (column - rect.x);
        to[0] = Quantise(paint.b, dither);
        to[1] = Quantise(paint.g, dither);
        to[2] = Quantise(paint.r, dither);
      }
    }
  }
}

Person::Person(int width, int height, uint32_t seed) {
  auto state = std::make_unique<State>();
  state->width = width;
  state->height = height;
  state->pixel = kUnitsHigh / static_cast<float>(height);
  const float density = std::clamp(1.12F / state->pixel, 40.F, 400.F);
  state->hair = PaintHair(density, seed);
  state->hair_near = NearPaint(state->hair.before);
  state->skin = PaintFace(density, state->hair.shadow);
  state->body = PaintBody(density);
  state->backdrop = PaintBackdrop(width, height);
  state->face_depth = Field(kDepthArea, kDepthDensity);
  state->hair_depth = Field(kDepthArea, kDepthDensity);
  for (int row = 0; row < state->face_depth.height(); ++row) {
    for (int column = 0; column < state->face_depth.width(); ++column) {
      const float x = state->face_depth.X(column);
      const float y = state->face_depth.Y(row);
      state->face_depth.At(column, row) = FaceDepth(x, y);
      state->hair_depth.At(column, row) = HairDepth(x, y);
    }
  }
  state_ = std::move(state);
}

Person::Person(Person&&) noexcept = default;
Person& Person::operator=(Person&&) noexcept = default;
Person::~Person() = default;

int Person::width() const { return state_->width; }
int Person::height() const { return state_->height; }

void Person::Draw(const Pose& pose, const Mouth& mouth, Rect rect, ImageView out) const {
  state_->Draw(pose, std::span(&mouth, 1), rect, std::span(&out, 1));
}

void Person::DrawBoth(const Pose& pose, const std::array<Mouth, 2>& mouths, Rect rect,
                      const std::array<ImageView, 2>& out) const {
  state_->Draw(pose, mouths, rect, out);
}

Landmark Person::Locate(const Pose& pose, float x, float y) const {
  const HeadView view(pose);
  const Point scene = view.ToScene(view.Turn({x, y}, state_->face_depth.Look(x, y)));
  return {0.5 * state_->width + static_cast<double>(scene.x / state_->pixel),
          static_cast<double>((scene.y - kTop) / state_->pixel)};
}

Rect Person::FaceRect(const Pose& pose) const {
  const auto x1 = static_cast<int>(Locate(pose, -kContourX, 0.02F).x);
  const auto x2 = static_cast<int>(Locate(pose, kContourX, 0.02F).x);
  const auto y1 = static_cast<int>(Locate(pose, 0, 0.12F).y);
  return {x1, y1, x2 - x1, x2 - x1};
}

}  // namespace lips::demo
