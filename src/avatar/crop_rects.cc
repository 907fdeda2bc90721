#include "avatar/crop_rects.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/json.h"

namespace lips {
namespace {

constexpr size_t kMaxFrames = 1'000'000;  // 11 hours at 25 fps
constexpr double kMaxCorner = 1e6;

std::string Frame(size_t frame) { return "frame " + std::to_string(frame); }

// Nothing but zeros, or nothing at all: there is no face.
bool SaysNoFace(const Json& corners) {
  if (corners.is_null()) return true;
  return corners.array().size() == 4 && std::ranges::all_of(corners.array(), [](const Json& corner) {
           return corner.is_number() && corner.as_double() == 0;
         });
}

Result<Rect> RectFromJson(const Json& corners) {
  if (SaysNoFace(corners)) return Rect{};
  const Json::Array& list = corners.array();
  if (list.size() != 4) {
    return Error(ErrorCode::kCorrupted,
                 "expected [x1,y1,x2,y2], found " +
                     (corners.is_array() ? std::to_string(list.size()) + " elements" : "no list"));
  }
  for (const Json& corner : list) {
    if (!corner.is_number()) return Error(ErrorCode::kCorrupted, "rect has a corner that is no number");
  }
  return RectFromCorners(list[0].as_double(), list[1].as_double(), list[2].as_double(), list[3].as_double());
}

Result<size_t> FrameNumber(const std::string& key) {
  size_t number = 0;
  const char* end = key.data() + key.size();
  const auto parsed = std::from_chars(key.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return Error(ErrorCode::kCorrupted, "key '" + key.substr(0, 40) + "' is no frame number");
  }
  return number;
}

// Missing numbers, the first few by name.
Error MissingFrames(const std::vector<std::optional<Rect>>& slots) {
  std::string names;
  int missing = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (slots[i]) continue;
    if (++missing <= 3) names += (names.empty() ? "" : ", ") + std::to_string(i);
  }
  return Error(ErrorCode::kCorrupted, std::to_string(missing) + " of " + std::to_string(slots.size()) +
                                          " frames missing: " + names + (missing > 3 ? ", ..." : ""));
}

// How many slots the frame numbers span: one past the highest one. A number far beyond the count is refused before
// anything is allocated for it.
Result<size_t> SpanOfKeys(const Json& object) {
  const size_t entries = object.members().size();
  size_t span = 0;
  for (const auto& [key, value] : object.members()) {
    ASSIGN_OR_RETURN(const size_t number, FrameNumber(key));
    if (number > 2 * entries + 1000) {
      return Error(ErrorCode::kCorrupted, "has " + std::to_string(entries) + " entries but one of them is frame " +
                                              std::to_string(number) + ": frames are missing");
    }
    span = std::max(span, number + 1);
  }
  return span;
}

Result<std::vector<Rect>> FromObject(const Json& object) {
  ASSIGN_OR_RETURN(const size_t span, SpanOfKeys(object));
  std::vector<std::optional<Rect>> slots(span);
  size_t filled = 0;
  for (const auto& [key, value] : object.members()) {
    ASSIGN_OR_RETURN(const size_t number, FrameNumber(key));
    const Json* corners = value.is_object() ? value.Find("rect") : &value;
    if (corners == nullptr) return Error(ErrorCode::kCorrupted, Frame(number) + ": no 'rect'");
    auto rect = RectFromJson(*corners);
    if (!rect.ok()) return std::move(rect).TakeError().Within(Frame(number));
    if (slots[number]) return Error(ErrorCode::kCorrupted, Frame(number) + " appears twice");
    slots[number] = rect.value();
    ++filled;
  }
  if (filled < span) return MissingFrames(slots);
  std::vector<Rect> rects;
  rects.reserve(span);
  for (const auto& slot : slots) rects.push_back(*slot);
  return rects;
}

Result<std::vector<Rect>> FromList(const Json& list) {
  std::vector<Rect> rects;
  rects.reserve(list.array().size());
  for (const Json& entry : list.array()) {
    auto rect = RectFromJson(entry);
    if (!rect.ok()) return std::move(rect).TakeError().Within(Frame(rects.size()));
    rects.push_back(rect.value());
  }
  return rects;
}

}  // namespace

std::string ToString(Rect rect) {
  return "[" + std::to_string(rect.x) + "," + std::to_string(rect.y) + "," + std::to_string(rect.right()) + "," +
         std::to_string(rect.bottom()) + "]";
}

Result<Rect> RectFromCorners(double x1, double y1, double x2, double y2) {
  for (const double corner : {x1, y1, x2, y2}) {
    if (!(std::abs(corner) <= kMaxCorner)) {  // NaN too
      return Error(ErrorCode::kCorrupted, "rect corner " + std::to_string(corner) + " is outside any picture");
    }
  }
  const int left = static_cast<int>(x1);
  const int top = static_cast<int>(y1);
  const Rect rect{left, top, static_cast<int>(x2) - left, static_cast<int>(y2) - top};
  if (rect.width <= 0) return Error(ErrorCode::kCorrupted, "rect " + ToString(rect) + " has x2 <= x1");
  if (rect.height <= 0) return Error(ErrorCode::kCorrupted, "rect " + ToString(rect) + " has y2 <= y1");
  return rect;
}

Result<std::vector<Rect>> ParseCropRects(std::string_view json) {
  ASSIGN_OR_RETURN(const Json document, ParseJson(json));
  const size_t entries = document.members().size() + document.array().size();
  if (!document.is_array() && !document.is_object()) {
    return Error(ErrorCode::kCorrupted, "expected a list of rectangles or an object keyed by frame number");
  }
  if (entries == 0) return Error(ErrorCode::kCorrupted, "lists no rectangle");
  if (entries > kMaxFrames) {
    return Error(ErrorCode::kResourceLimit,
                 std::to_string(entries) + " rectangles; at most " + std::to_string(kMaxFrames) + " are read");
  }
  return document.is_array() ? FromList(document) : FromObject(document);
}

int64_t DropOutside(std::span<Rect> rects, int width, int height) {
  const auto leaves = [&](const Rect& r) { return r.x < 0 || r.y < 0 || r.right() > width || r.bottom() > height; };
  const int64_t outside = std::ranges::count_if(rects, leaves);
  if (2 * outside >= std::ssize(rects)) return 0;
  for (Rect& rect : rects) rect = leaves(rect) ? Rect{} : rect;
  return std::ranges::count(rects, Rect{});
}

Status CheckInside(std::span<const Rect> rects, int width, int height) {
  for (size_t i = 0; i < rects.size(); ++i) {
    const Rect& rect = rects[i];
    if (rect.x < 0 || rect.y < 0 || rect.right() > width || rect.bottom() > height) {
      return Error(ErrorCode::kCorrupted, Frame(i) + ": rect " + ToString(rect) + " leaves the " +
                                              std::to_string(width) + "x" + std::to_string(height) + " picture");
    }
  }
  return {};
}

}  // namespace lips
