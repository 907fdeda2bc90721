#include "face/anchors.h"

#include <algorithm>

namespace lips {
namespace {

// One face at a time: `join(group)` makes one of the detections that overlap the best one left, itself first.
template <typename Join>
std::vector<FaceDetection> ByFace(std::vector<FaceDetection> found, double overlap, Join join) {
  std::ranges::stable_sort(found, std::ranges::greater(), &FaceDetection::score);
  std::vector<FaceDetection> faces;
  while (!found.empty()) {
    std::vector<FaceDetection> group, rest;
    for (FaceDetection& detection : found) {
      const bool same = group.empty() || Overlap(group.front(), detection) > overlap;
      (same ? group : rest).push_back(std::move(detection));
    }
    faces.push_back(join(group));
    found = std::move(rest);
  }
  return faces;
}

}  // namespace

double Overlap(const FaceDetection& a, const FaceDetection& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / (a.width() * a.height() + b.width() * b.height() - both);
}

std::vector<Landmark> MakeAnchors(const std::vector<std::array<int, 2>>& layers) {
  std::vector<Landmark> anchors;
  for (const auto& [cells, each] : layers) {
    for (int y = 0; y < cells; ++y) {
      for (int x = 0; x < cells; ++x) {
        for (int k = 0; k < each; ++k) anchors.push_back({(x + 0.5) / cells, (y + 0.5) / cells});
      }
    }
  }
  return anchors;
}

std::vector<Landmark> ShortRangeAnchors() { return MakeAnchors({{16, 2}, {8, 6}}); }
std::vector<Landmark> FullRangeAnchors() { return MakeAnchors({{48, 1}}); }

std::vector<FaceDetection> MergeDetections(std::vector<FaceDetection> found, double overlap) {
  return ByFace(std::move(found), overlap, [](const std::vector<FaceDetection>& group) {
    FaceDetection mean;
    mean.score = group.front().score;
    mean.points.resize(group.front().points.size());
    double total = 0;
    for (const FaceDetection& one : group) total += one.score;
    for (const FaceDetection& one : group) {
      const double weight = one.score / total;
      mean.left += weight * one.left;
      mean.top += weight * one.top;
      mean.right += weight * one.right;
      mean.bottom += weight * one.bottom;
      for (size_t i = 0; i < mean.points.size(); ++i) {
        mean.points[i].x += weight * one.points[i].x;
        mean.points[i].y += weight * one.points[i].y;
      }
    }
    return mean;
  });
}

std::vector<FaceDetection> KeepBest(std::vector<FaceDetection> found, double overlap) {
  return ByFace(std::move(found), overlap, [](const std::vector<FaceDetection>& group) { return group.front(); });
}

}  // namespace lips
