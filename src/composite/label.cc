#include "composite/label.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "image/text.h"

namespace lips {
namespace {

constexpr int kLeastUsualPx = 14;
constexpr int kLeastPx = 10;
constexpr int kBoxOpacity = 168;

struct PlaceName {
  LabelPlace place;
  const char* name;
};
constexpr std::array<PlaceName, 7> kPlaces = {{{LabelPlace::kAuto, "auto"},
                                               {LabelPlace::kBottomLeft, "bottom-left"},
                                               {LabelPlace::kBottomRight, "bottom-right"},
                                               {LabelPlace::kBottom, "bottom"},
                                               {LabelPlace::kTopLeft, "top-left"},
                                               {LabelPlace::kTopRight, "top-right"},
                                               {LabelPlace::kTop, "top"}}};

// Lips, chin and what moves with them, in a face's rectangle (composite/jaw_mask.h says where they lie in it).
Rect KeptClear(Rect face) {
  const auto part = [](int side, double share) { return static_cast<int>(std::lround(side * share)); };
  return {face.x + part(face.width, 0.15), face.y + part(face.height, 0.1), part(face.width, 0.7),
          part(face.height, 0.7)};
}

bool Touch(Rect a, Rect b) { return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom(); }

bool HidesAMouth(Rect area, std::span<const Rect> faces) {
  return std::ranges::any_of(faces, [area](Rect face) { return face.width > 0 && Touch(area, KeptClear(face)); });
}

// Even coordinates, so that chroma samples belong to the label whole.
Rect AreaAt(LabelPlace place, int width, int height, int frame_width, int frame_height, int margin) {
  const int middle = (frame_width - width) / 2;
  const bool left = place == LabelPlace::kBottomLeft || place == LabelPlace::kTopLeft;
  const bool right = place == LabelPlace::kBottomRight || place == LabelPlace::kTopRight;
  const bool top = place == LabelPlace::kTop || place == LabelPlace::kTopLeft || place == LabelPlace::kTopRight;
  Rect area{left    ? margin
            : right ? frame_width - width - margin
                    : middle,
            top ? margin : frame_height - height - margin, width, height};
  area.x = std::max(area.x / 2 * 2, 0);
  area.y = std::max(area.y / 2 * 2, 0);
  return area;
}

uint8_t Divide(int sum, int by) { return static_cast<uint8_t>((sum + by / 2) / by); }

// The mean of the (up to) 2x2 pixels that a chroma sample belongs to.
int MeanAt(ConstPlaneView plane, int x, int y) {
  const int right = std::min(2 * x + 1, plane.width - 1);
  const uint8_t* upper = plane.Row(2 * y);
  const uint8_t* lower = plane.Row(std::min(2 * y + 1, plane.height - 1));
  return (upper[2 * x] + upper[right] + lower[2 * x] + lower[right] + 2) / 4;
}

// `level` with opacity `front` over `sample` with opacity `back`, straight, all of 255.
uint8_t Blend(int level, int front, int sample, int back) {
  const int behind = back * (255 - front);
  const int sum = front * 255 + behind;
  return sum == 0 ? static_cast<uint8_t>(sample) : Divide(level * front * 255 + sample * behind, sum);
}

// A range's levels for grey 0..255.
int LumaOf(int light, YuvRange range) { return range == YuvRange::kFull ? light : 16 + Divide(light * 219, 255); }

Rect ChromaOf(Rect area) { return {area.x / 2, area.y / 2, (area.width + 1) / 2, (area.height + 1) / 2}; }

}  // namespace

Result<LabelPlace> ParseLabelPlace(std::string_view name) {
  std::string choices;
  for (const PlaceName& place : kPlaces) {
    if (name == place.name) return place.place;
    choices += (choices.empty() ? "" : ", ") + std::string(place.name);
  }
  return Error(ErrorCode::kInvalidInput,
               "unknown label position '" + std::string(name) + "'; expected one of: " + choices);
}

Result<Label> Label::Create(const LabelOptions& options, int width, int height, std::span<const Rect> faces) {
  Path font = options.font.value_or(Path());
  if (!options.font) {
    ASSIGN_OR_RETURN(font, FindFont());
  }
  Plane letters;
  int size = std::max(kLeastUsualPx, std::min(width, height) / 20);
  const auto box = [&letters, &size] {
    const auto even = [](int side) { return (side + 1) / 2 * 2; };
    return std::pair{even(letters.width() + 2 * (size * 2 / 5)), even(letters.height() + 2 * (size * 2 / 5))};
  };
  for (;;) {
    auto drawn = DrawText(options.text, font, size);
    if (!drawn.ok()) return std::move(drawn).TakeError().Within("label");
    letters = std::move(drawn).value();
    if (box().first <= width * 19 / 20 && box().second <= height) break;
    if (size <= kLeastPx) {
      return Error(ErrorCode::kInvalidInput, "the label '" + options.text + "' is too long for a frame of " +
                                                 std::to_string(width) + " px; shorten it");
    }
    const int fitting = size * (width * 19 / 20) / std::max(box().first, 1);
    size = std::clamp(fitting, kLeastPx, size - 1);
  }
  Label label;
  const auto [box_width, box_height] = box();
  const int margin = std::min({size / 2, (width - box_width) / 2, (height - box_height) / 2});
  bool placed = false;
  for (const PlaceName& place : kPlaces) {
    if (place.place == LabelPlace::kAuto || (options.place != LabelPlace::kAuto && options.place != place.place)) {
      continue;
    }
    label.area_ = AreaAt(place.place, box_width, box_height, width, height, margin);
    placed = !HidesAMouth(label.area_, faces);
    if (placed) break;
  }
  if (!placed) {
    const bool any = options.place == LabelPlace::kAuto;
    return Error(ErrorCode::kInvalidInput,
                 "the label '" + options.text + "' would hide the mouth " +
                     (any ? "wherever it stands; shorten it" : "there; choose another position, or auto"));
  }
  label.opacity_ = Plane(box_width, box_height, kBoxOpacity);
  label.light_ = Plane(box_width, box_height, 0);
  const int border = size * 2 / 5;
  for (int y = 0; y < letters.height(); ++y) {
    const uint8_t* cover = std::as_const(letters).view().Row(y);
    uint8_t* opacity = label.opacity_.view().Row(border + y) + border;
    uint8_t* light = label.light_.view().Row(border + y) + border;
    for (int x = 0; x < letters.width(); ++x) {
      opacity[x] = static_cast<uint8_t>(cover[x] + Divide(kBoxOpacity * (255 - cover[x]), 255));
      light[x] = Divide(255 * cover[x], std::max<int>(opacity[x], 1));
    }
  }
  return label;
}

void Label::Burn(YuvView frame) const {
  for (int y = 0; y < area_.height; ++y) {
    const uint8_t* opacity = opacity_.view().Row(y);
    const uint8_t* light = light_.view().Row(y);
    uint8_t* out = frame.y.Row(area_.y + y) + area_.x;
    for (int x = 0; x < area_.width; ++x) {
      out[x] = Blend(LumaOf(light[x], frame.format.range), opacity[x], out[x], 255);
    }
  }
  const Rect chroma = ChromaOf(area_);
  for (int y = 0; y < chroma.height; ++y) {
    for (int x = 0; x < chroma.width; ++x) {
      const int opacity = MeanAt(opacity_.view(), x, y);
      for (const PlaneView plane : {frame.u, frame.v}) {
        uint8_t& sample = plane.Row(chroma.y + y)[chroma.x + x];
        sample = Blend(128, opacity, sample, 255);
      }
    }
  }
}

void Label::Burn(YuvView frame, PlaneView alpha) const {
  const PlaneView behind = alpha.Crop(area_);
  const Rect chroma = ChromaOf(area_);
  for (int y = 0; y < chroma.height; ++y) {
    for (int x = 0; x < chroma.width; ++x) {
      for (const PlaneView plane : {frame.u, frame.v}) {
        uint8_t& sample = plane.Row(chroma.y + y)[chroma.x + x];
        sample = Blend(128, MeanAt(opacity_.view(), x, y), sample, MeanAt(behind, x, y));
      }
    }
  }
  for (int y = 0; y < area_.height; ++y) {
    const uint8_t* opacity = opacity_.view().Row(y);
    const uint8_t* light = light_.view().Row(y);
    uint8_t* out = frame.y.Row(area_.y + y) + area_.x;
    uint8_t* under = behind.Row(y);
    for (int x = 0; x < area_.width; ++x) {
      out[x] = Blend(LumaOf(light[x], frame.format.range), opacity[x], out[x], under[x]);
      under[x] = static_cast<uint8_t>(opacity[x] + Divide(under[x] * (255 - opacity[x]), 255));
    }
  }
}

}  // namespace lips
