#include "face/tracker.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace lips {
namespace {

constexpr double kSure = 0.5;          // presence from which a face is taken for one
constexpr int64_t kCountEvery = 12;    // frames
constexpr int64_t kForget = 50;        // frames after which a lost face may be anywhere
constexpr double kOtherSize = 0.4;     // a further face counts from this part of the followed one's width
constexpr double kLeastInside = 0.25;  // of a face's box, else it has left the picture

struct Box {
  double left = std::numeric_limits<double>::max(), top = left, right = -left, bottom = -left;
};

Box BoxOf(const FaceLandmarks& face) {
  Box box;
  for (const Landmark& point : face.points) {
    box.left = std::min(box.left, point.x);
    box.top = std::min(box.top, point.y);
    box.right = std::max(box.right, point.x);
    box.bottom = std::max(box.bottom, point.y);
  }
  return box;
}

FaceDetection AsDetection(const Box& box) {
  return {.score = 1, .left = box.left, .top = box.top, .right = box.right, .bottom = box.bottom, .points = {}};
}

bool IsInside(const FaceLandmarks& face, ConstImageView frame) {
  const Box box = BoxOf(face);
  const double width = std::min<double>(box.right, frame.width) - std::max(box.left, 0.0);
  const double height = std::min<double>(box.bottom, frame.height) - std::max(box.top, 0.0);
  const double area = (box.right - box.left) * (box.bottom - box.top);
  return width > 0 && height > 0 && std::isfinite(area) && width * height >= kLeastInside * area;
}

}  // namespace

// Tries faces by how likely they are the one followed; the first the landmarker agrees with it is.
Result<std::optional<FaceLandmarks>> FaceTracker::Search(ConstImageView frame,
                                                         const std::vector<FaceDetection>& faces) {
  std::vector<FaceDetection> order = faces;
  if (last_ && since_last_ <= kForget) {
    const Box box = BoxOf(*last_);
    const double x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
    std::ranges::sort(order, {}, [&](const FaceDetection& face) {
      return std::hypot((face.left + face.right) / 2 - x, (face.top + face.bottom) / 2 - y);
    });
  } else {
    std::ranges::sort(order, std::ranges::greater(), &FaceDetection::width);
  }
  for (const FaceDetection& face : order) {
    ASSIGN_OR_RETURN(const FaceLandmarks rough, landmarker_->Find(frame, landmarker_->RegionOf(face)));
    if (rough.presence < kSure) continue;
    if (landmarker_->needs_detection()) {
      if (IsInside(rough, frame)) return std::optional(rough);
      continue;
    }
    // Once more from where the landmarks are, as for every frame that follows.
    ASSIGN_OR_RETURN(FaceLandmarks fine, landmarker_->Find(frame, landmarker_->RegionOf(rough)));
    if (fine.presence >= kSure && IsInside(fine, frame)) return std::optional(std::move(fine));
  }
  return std::optional<FaceLandmarks>();
}

Result<TrackedFace> FaceTracker::Next(ConstImageView frame) {
  TrackedFace tracked;
  if (last_ && since_last_ == 0 && !landmarker_->needs_detection()) {
    ASSIGN_OR_RETURN(FaceLandmarks next, landmarker_->Find(frame, landmarker_->RegionOf(*last_)));
    if (next.presence >= kSure && IsInside(next, frame)) tracked.face = std::move(next);
  }
  if (!tracked.face || frame_ % kCountEvery == 0) {
    ASSIGN_OR_RETURN(const auto faces, detector_->Detect(frame, /*thorough=*/!tracked.face));
    tracked.searched = true;
    if (!tracked.face) {
      ASSIGN_OR_RETURN(tracked.face, Search(frame, faces));
    }
    others_ = 0;
    if (tracked.face) {
      const FaceDetection followed = AsDetection(BoxOf(*tracked.face));
      for (const FaceDetection& face : faces) {
        if (Overlap(face, followed) < 0.1 && face.width() >= kOtherSize * followed.width()) ++others_;
      }
    }
  }
  ++frame_;
  tracked.others = others_;
  since_last_ = tracked.face ? 0 : since_last_ + 1;
  if (tracked.face) last_ = FaceLandmarks{tracked.face->points, tracked.face->presence};
  return tracked;
}

}  // namespace lips
