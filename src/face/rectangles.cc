#include "face/rectangles.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace lips {
namespace {

constexpr int kSideWindow = 125;      // frames either way: five seconds
constexpr double kSideSpread = 10;    // frames
constexpr double kSideFollows = 0.4;  // power of the width's change: how much of a turn the side follows
constexpr double kTurnSpread = 3;     // frames
constexpr double kPlaceSpread = 1.5;  // frames: less than a blink, more than a tremble
constexpr double kFarthest = 1e6;     // pixels

// Lost frames between their neighbours.
std::vector<FaceEdges> Filled(std::span<const std::optional<FaceEdges>> edges) {
  std::vector<FaceEdges> filled(edges.size());
  std::optional<size_t> before;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (!edges[i]) continue;
    filled[i] = *edges[i];
    const size_t from = before ? *before + 1 : 0;
    for (size_t k = from; k < i; ++k) {
      if (!before) {
        filled[k] = *edges[i];
        continue;
      }
      const double t = static_cast<double>(k - *before) / static_cast<double>(i - *before);
      const FaceEdges& a = *edges[*before];
      const FaceEdges& b = *edges[i];
      filled[k] = {a.left + t * (b.left - a.left), a.right + t * (b.right - a.right), a.top + t * (b.top - a.top)};
    }
    before = i;
  }
  for (size_t k = *before + 1; k < edges.size(); ++k) filled[k] = *edges[*before];
  return filled;
}

// Index of a frame beyond the ends: the nearest there is.
size_t Held(int64_t i, size_t count) {
  return static_cast<size_t>(std::clamp<int64_t>(i, 0, static_cast<int64_t>(count) - 1));
}

std::vector<double> Gaussian(const std::vector<double>& values, double spread) {
  const int reach = static_cast<int>(std::ceil(3 * spread));
  std::vector<double> weights;
  for (int k = -reach; k <= reach; ++k) weights.push_back(std::exp(-0.5 * (k / spread) * (k / spread)));
  std::vector<double> smooth(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    double sum = 0, total = 0;
    for (int k = -reach; k <= reach; ++k) {
      const double weight = weights[static_cast<size_t>(k + reach)];
      sum += weight * values[Held(static_cast<int64_t>(i) + k, values.size())];
      total += weight;
    }
    smooth[i] = sum / total;
  }
  return smooth;
}

std::vector<double> Median(const std::vector<double>& values, int reach) {
  std::vector<double> medians(values.size()), window;
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t first = i > static_cast<size_t>(reach) ? i - static_cast<size_t>(reach) : 0;
    const size_t last = std::min(values.size(), i + static_cast<size_t>(reach) + 1);
    window.assign(values.begin() + static_cast<std::ptrdiff_t>(first),
                  values.begin() + static_cast<std::ptrdiff_t>(last));
    const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
    std::ranges::nth_element(window, middle);
    medians[i] = *middle;
  }
  return medians;
}

std::vector<double> Each(const std::vector<FaceEdges>& edges, const std::function<double(const FaceEdges&)>& of) {
  std::vector<double> values;
  for (const FaceEdges& edge : edges) values.push_back(of(edge));
  return values;
}

std::vector<Rect> Compatible(const std::vector<FaceEdges>& edges) {
  std::vector<Rect> rects;
  for (const FaceEdges& edge : edges) {
    const int left = static_cast<int>(edge.left), side = static_cast<int>(edge.right) - left;
    rects.push_back({left, static_cast<int>(edge.top), side, side});
  }
  return rects;
}

std::vector<Rect> Smooth(const std::vector<FaceEdges>& edges) {
  const auto widths = Each(edges, [](const FaceEdges& e) { return e.right - e.left; });
  const auto usual = Median(widths, kSideWindow);
  std::vector<double> turned;
  for (size_t i = 0; i < widths.size(); ++i) turned.push_back(std::pow(widths[i] / usual[i], kSideFollows));
  const auto steady = Gaussian(usual, kSideSpread), follows = Gaussian(turned, kTurnSpread);
  std::vector<double> sides;
  for (size_t i = 0; i < widths.size(); ++i) sides.push_back(steady[i] * follows[i]);
  const auto middles = Gaussian(Each(edges, [](const FaceEdges& e) { return (e.left + e.right) / 2; }), kPlaceSpread);
  const auto tops = Gaussian(Each(edges, [](const FaceEdges& e) { return e.top; }), kPlaceSpread);
  std::vector<Rect> rects;
  for (size_t i = 0; i < edges.size(); ++i) {
    const int side = static_cast<int>(std::lround(sides[i]));
    rects.push_back(
        {static_cast<int>(std::lround(middles[i] - sides[i] / 2)), static_cast<int>(std::lround(tops[i])), side, side});
  }
  return rects;
}

}  // namespace

std::string_view Name(RectRule rule) { return rule == RectRule::kCompatible ? "compatible" : "smooth"; }

Rect MovedInside(Rect rect, int width, int height) {
  const int shrink = std::max({0, rect.width - width, rect.height - height});
  rect.width = std::max(1, rect.width - shrink);
  rect.height = std::max(1, rect.height - shrink);
  rect.x = std::clamp(rect.x, 0, width - rect.width);
  rect.y = std::clamp(rect.y, 0, height - rect.height);
  return rect;
}

Result<FaceRects> MakeFaceRects(std::span<const std::optional<FaceEdges>> edges, RectRule rule, int width, int height) {
  FaceRects made;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (!edges[i]) {
      ++made.interpolated;
      continue;
    }
    const FaceEdges& e = *edges[i];
    const bool in_range = std::abs(e.left) < kFarthest && std::abs(e.right) < kFarthest && std::abs(e.top) < kFarthest;
    if (!in_range || e.right - e.left < 2) {
      return Error(ErrorCode::kInvalidInput, "frame " + std::to_string(i) + ": the landmarks make no rectangle");
    }
  }
  if (made.interpolated == static_cast<int64_t>(edges.size())) {
    return Error(ErrorCode::kInvalidInput, "no frame has a face");
  }
  const auto filled = Filled(edges);
  for (const Rect& rect : rule == RectRule::kCompatible ? Compatible(filled) : Smooth(filled)) {
    made.rects.push_back(MovedInside(rect, width, height));
    made.shifted.push_back(made.rects.back() != rect);
  }
  return made;
}

}  // namespace lips
