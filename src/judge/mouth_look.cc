#include "judge/mouth_look.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "demo/face.h"

namespace lips {
namespace {

// The patch that is looked at, in head units: below the nostrils, above the chin.
constexpr float kStep = 0.005F;
constexpr float kLeft = -0.46F;
constexpr float kTop = demo::kMouthY - 0.12F;
constexpr int kColumns = 185;
constexpr int kRows = 120;
constexpr int kMiddle = kColumns / 2;
constexpr int kMiddleReach = 12;  // columns either way over which the opening's rows are averaged

// What tells lips, teeth and the dark between them from skin (redness 0.39 to 0.435): share of red, mean level.
constexpr float kLipRedness = 0.443F;
constexpr float kCornerRedness = 0.447F;  // a little more: shaded skin beside the corners comes nearer than 0.435
constexpr float kTeethRedness = 0.383F;
constexpr float kDark = 66;
constexpr int kFewestLipRows = 2;  // of a column of the mouth: corners are thin, most of all of pressed lips
constexpr int kFewestColumns = 6;  // side by side, or it is noise
constexpr int kCornerRows = 64;    // rows that corners come to; below are chin and neck

struct Colour {
  float red = 0, green = 0, blue = 0;  // 0..255
  float redness() const { return red / (red + green + blue + 1); }
  float level() const { return (red + green + blue) / 3; }
  bool is_lip() const { return redness() > kLipRedness; }
  bool is_inside() const { return level() < kDark || redness() < kTeethRedness; }
};

Colour At(ConstImageView frame, Landmark place) {
  const double x = std::clamp(place.x - 0.5, 0.0, frame.width - 1.001);
  const double y = std::clamp(place.y - 0.5, 0.0, frame.height - 1.001);
  const int left = static_cast<int>(x), top = static_cast<int>(y);
  const auto u = static_cast<float>(x - left), v = static_cast<float>(y - top);
  const uint8_t* above = frame.Row(top) + 3 * left;
  const uint8_t* below = frame.Row(top + 1) + 3 * left;
  const auto mix = [&](int c) {
    const float a = static_cast<float>(above[c]) * (1 - u) + static_cast<float>(above[3 + c]) * u;
    const float b = static_cast<float>(below[c]) * (1 - u) + static_cast<float>(below[3 + c]) * u;
    return a * (1 - v) + b * v;
  };
  return {mix(2), mix(1), mix(0)};
}

class Patch {
 public:
  Patch(const demo::Person& person, const demo::Pose& pose, ConstImageView frame) : colours_(size_t{kRows} * kColumns) {
    for (int row = 0; row < kRows; ++row) {
      for (int column = 0; column < kColumns; ++column) {
        const float x = kLeft + kStep * static_cast<float>(column), y = kTop + kStep * static_cast<float>(row);
        colours_[Index(row, column)] = At(frame, person.Locate(pose, x, y));
      }
    }
  }
  const Colour& operator()(int row, int column) const { return colours_[Index(row, column)]; }

 private:
  static size_t Index(int row, int column) {
    return size_t{kColumns} * static_cast<size_t>(row) + static_cast<size_t>(column);
  }
  std::vector<Colour> colours_;
};

// Colours down the middle of the mouth, each the mean of some columns.
std::array<Colour, kRows> MiddleOf(const Patch& patch) {
  std::array<Colour, kRows> middle = {};
  constexpr float kShare = 1.0F / (2 * kMiddleReach + 1);
  for (int row = 0; row < kRows; ++row) {
    Colour& sum = middle[static_cast<size_t>(row)];
    for (int column = kMiddle - kMiddleReach; column <= kMiddle + kMiddleReach; ++column) {
      const Colour& colour = patch(row, column);
      sum.red += kShare * colour.red;
      sum.green += kShare * colour.green;
      sum.blue += kShare * colour.blue;
    }
  }
  return middle;
}

// From the first to the last row of teeth or darkness between the outer edges of the lips.
double Opening(const Patch& patch) {
  const auto middle = MiddleOf(patch);
  const auto is_lip = [](const Colour& colour) { return colour.is_lip(); };
  const auto* const top = std::ranges::find_if(middle, is_lip);
  const auto* bottom = middle.end();
  while (bottom != top && !is_lip(bottom[-1])) --bottom;
  const auto is_inside = [](const Colour& colour) { return colour.is_inside(); };
  const auto* const first = std::find_if(top, bottom, is_inside);
  const auto* last = bottom;
  while (last != first && !is_inside(last[-1])) --last;
  return kStep * static_cast<double>(last - first);
}

// From the outermost columns of lips inwards, so that a gap in the middle does not count: thin lips may be pale there.
double Width(const Patch& patch) {
  std::array<bool, kColumns> is_mouth = {};
  for (int column = 0; column < kColumns; ++column) {
    int rows = 0;
    for (int row = 0; row < kCornerRows; ++row) {
      const Colour& colour = patch(row, column);
      rows += colour.redness() > kCornerRedness || colour.level() < kDark ? 1 : 0;
    }
    is_mouth[static_cast<size_t>(column)] = rows >= kFewestLipRows;
  }
  const auto first = [](auto begin, auto end) { return std::search_n(begin, end, kFewestColumns, true) - begin; };
  const auto left = first(is_mouth.begin(), is_mouth.end());
  const auto right = kColumns - 1 - first(is_mouth.rbegin(), is_mouth.rend());
  return left < right ? kStep * static_cast<double>(right - left) : 0;
}

}  // namespace

MouthLook LookAtMouth(const demo::Person& person, const demo::Pose& pose, ConstImageView frame) {
  const Patch patch(person, pose, frame);
  return {Opening(patch), Width(patch)};
}

Rect LipsArea(const demo::Person& person, const demo::Pose& pose) {
  constexpr float kReach = 0.40F, kAbove = 0.13F, kBelow = 0.40F;
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (const float x : {-kReach, kReach}) {
    for (const float y : {demo::kMouthY - kAbove, demo::kMouthY + kBelow}) {
      const Landmark place = person.Locate(pose, x, y);
      left = std::min(left, place.x);
      right = std::max(right, place.x);
      top = std::min(top, place.y);
      bottom = std::max(bottom, place.y);
    }
  }
  const int x = std::max(0, static_cast<int>(left)), y = std::max(0, static_cast<int>(top));
  return {x, y, std::min(person.width(), static_cast<int>(right)) - x,
          std::min(person.height(), static_cast<int>(bottom)) - y};
}

}  // namespace lips
