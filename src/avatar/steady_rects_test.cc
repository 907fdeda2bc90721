#include "avatar/steady_rects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace lips {
namespace {

std::vector<Rect> Trembling(int count, double speed) {
  std::mt19937 random(5);
  std::vector<Rect> rects;
  for (int n = 0; n < count; ++n) {
    const int side = 180 + static_cast<int>(random() % 9);
    rects.push_back({static_cast<int>(700 + speed * n) + static_cast<int>(random() % 9) - 4,
                     200 + static_cast<int>(random() % 9) - 4, side, side});
  }
  return rects;
}

// Root mean square of the second difference: what the eye calls trembling.
double Tremor(const std::vector<Place>& places) {
  double squares = 0;
  for (size_t n = 1; n + 1 < places.size(); ++n) {
    const double d = places[n - 1].x - 2 * places[n].x + places[n + 1].x;
    squares += d * d;
  }
  return std::sqrt(squares / static_cast<double>(places.size() - 2));
}

TEST(SteadyRects, CommuteWithTimeReversalToTheBit) {
  std::vector<Rect> rects = Trembling(50, 0.7);
  std::vector<Place> places = SteadyRects(rects);
  std::ranges::reverse(rects);
  std::ranges::reverse(places);
  EXPECT_EQ(SteadyRects(rects), places);
}

TEST(SteadyRects, TakeTremblingAwayAndFollowMovement) {
  const std::vector<Rect> rects = Trembling(100, 1.5);
  std::vector<Place> raw;
  for (const Rect& r : rects) raw.push_back({double(r.x), double(r.y), double(r.width), double(r.height)});
  const std::vector<Place> places = SteadyRects(rects);
  EXPECT_LT(Tremor(places), Tremor(raw) / 20);
  for (size_t n = 20; n < 80; ++n) {
    EXPECT_NEAR(places[n].x + places[n].width / 2, 700 + 1.5 * static_cast<double>(n) + 92, 4.0) << n;
  }
}

TEST(SteadyRects, LeaveWhatStandsStill) {
  for (const int count : {1, 2, 30}) {
    for (const Place& place : SteadyRects(std::vector<Rect>(static_cast<size_t>(count), Rect{10, 20, 181, 181}))) {
      EXPECT_NEAR(place.x, 10, 1e-9);
      EXPECT_NEAR(place.y, 20, 1e-9);
      EXPECT_NEAR(place.width, 181, 1e-9);
    }
  }
  EXPECT_TRUE(SteadyRects({}).empty());
}

TEST(SteadyRects, GiveFramesWithoutAFaceTheirNeighboursPlace) {
  std::vector<Rect> rects(40, Rect{10, 20, 181, 181});
  for (size_t n = 5; n < 35; ++n) rects[n] = {};
  for (const Place& place : SteadyRects(rects)) {
    EXPECT_NEAR(place.x, 10, 1e-9);
    EXPECT_NEAR(place.width, 181, 1e-9);
  }
}

}  // namespace
}  // namespace lips
