#include "live/live_label.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "live/frame_store.h"

namespace lips {
namespace {

constexpr std::array kPlaces = {LabelPlace::kBottomLeft, LabelPlace::kBottomRight, LabelPlace::kBottom,
                                LabelPlace::kTopLeft,    LabelPlace::kTopRight,    LabelPlace::kTop};

bool Touch(Rect a, Rect b) { return a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom(); }

}  // namespace

Result<Label> LabelBesideFaces(const LabelOptions& options, const Avatar& avatar) {
  const VideoInfo& video = avatar.video();
  std::vector<Rect> faces;
  for (const Place& place : avatar.places()) {
    if (place.width > 0) faces.push_back(FrameStore::AreaOf(place, video.width, video.height));
  }
  const bool any = options.place == LabelPlace::kAuto;
  for (const LabelPlace place : kPlaces) {
    if (!any && place != options.place) continue;
    LabelOptions there = options;
    there.place = place;
    ASSIGN_OR_RETURN(Label label, Label::Create(there, video.width, video.height, {}));
    const Rect area = label.area();
    if (std::ranges::none_of(faces, [area](Rect face) { return Touch(area, face); })) return label;
  }
  return Error(ErrorCode::kInvalidInput,
               "the label '" + options.text + "' would touch the face " +
                   (any ? "wherever it stands; shorten it" : "there; choose another position, or auto"));
}

}  // namespace lips
