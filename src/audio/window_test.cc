#include "audio/window.h"

#include <gtest/gtest.h>

#include <vector>

namespace lips {
namespace {

// Row k holds k + 1 twice, so a window spells out where its rows came from.
std::vector<float> RowsAt(int64_t frame, int count, WindowEdge edge) {
  std::vector<float> features;
  for (int k = 0; k < count; ++k) features.insert(features.end(), 2, static_cast<float>(k + 1));
  std::vector<float> window(kWindowRows * 2, -1.0f);
  EXPECT_TRUE(FillWindow(features, 2, frame, edge, window).ok());
  std::vector<float> rows;
  for (size_t i = 0; i < window.size(); i += 2) {
    EXPECT_EQ(window[i], window[i + 1]);
    rows.push_back(window[i]);
  }
  return rows;
}

using Rows = std::vector<float>;

TEST(FillWindow, PadsWithZerosPastBothEnds) {
  EXPECT_EQ(RowsAt(0, 20, WindowEdge::kZeros), (Rows{0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(RowsAt(8, 20, WindowEdge::kZeros), (Rows{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}));
  EXPECT_EQ(RowsAt(19, 20, WindowEdge::kZeros), (Rows{12, 13, 14, 15, 16, 17, 18, 19, 20, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(RowsAt(1, 3, WindowEdge::kZeros), (Rows{0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0}));
}

TEST(FillWindow, RepeatsTheOuterRowsWhereAsked) {
  EXPECT_EQ(RowsAt(1, 3, WindowEdge::kRepeat), (Rows{1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3, 3}));
}

TEST(MixWindow, GoesFromOneWindowToTheNext) {
  const std::vector<float> next = {3, 5, -1};
  std::vector<float> window = {1, 5, 1};
  MixWindow(window, next, 0);
  EXPECT_EQ(window, (std::vector<float>{1, 5, 1}));
  MixWindow(window, next, 0.25f);
  EXPECT_EQ(window, (std::vector<float>{1.5f, 5, 0.5f}));
}

TEST(FillWindow, RefusesWhatDoesNotFit) {
  const std::vector<float> features(6);
  std::vector<float> window(32);
  const auto code = [&](std::span<const float> rows, int row_floats, int64_t frame, std::span<float> out) {
    return FillWindow(rows, row_floats, frame, WindowEdge::kZeros, out).error().code();
  };
  EXPECT_EQ(code(features, 2, -1, window), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(features, 2, 3, window), ErrorCode::kInvalidInput);
  EXPECT_EQ(code({}, 2, 0, window), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(features, 4, 0, window), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(features, 0, 0, window), ErrorCode::kInvalidInput);
  EXPECT_EQ(code(features, 2, 0, std::span(window).first(30)), ErrorCode::kInvalidInput);
}

TEST(FillWindow, APieceOfTheTrackGivesTheSameWindowAsTheWhole) {
  constexpr int64_t kCount = 60;
  std::vector<float> track(2 * kCount);
  for (size_t i = 0; i < track.size(); ++i) track[i] = static_cast<float>(i);
  std::vector<float> whole(2 * kWindowRows), piece(2 * kWindowRows);
  const auto held = std::span(track).subspan(2 * 20, 2 * 25);  // rows 20 to 45
  for (int64_t frame = 28; frame <= 37; ++frame) {
    ASSERT_TRUE(FillWindow(track, 2, frame, WindowEdge::kZeros, whole).ok());
    ASSERT_TRUE(FillWindow(held, 20, kCount, 2, frame, WindowEdge::kZeros, piece).ok());
    EXPECT_EQ(piece, whole) << frame;
  }
  EXPECT_FALSE(FillWindow(held, 20, kCount, 2, 27, WindowEdge::kZeros, piece).ok());
  EXPECT_FALSE(FillWindow(held, 20, kCount, 2, 38, WindowEdge::kZeros, piece).ok());
}

}  // namespace
}  // namespace lips
