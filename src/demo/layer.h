// A layer of the drawn person: paint on a grid in the person's own units, painted once and then looked up for each
// frame.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "demo/colour.h"

namespace lips::demo {

// Part of the plane, in head units (half a face is about 0.9 wide; y down).
struct Area {
  float left = 0, top = 0, right = 0, bottom = 0;
};

struct Point {
  float x = 0, y = 0;
};

// Samples of one type on a grid over an area, `density` to the unit.
template <typename Sample>
class Grid {
 public:
  Grid() = default;
  Grid(Area area, float density)
      : area_(area),
        density_(density),
        width_(static_cast<int>((area.right - area.left) * density) + 2),
        height_(static_cast<int>((area.bottom - area.top) * density) + 2),
        samples_(static_cast<size_t>(width_) * static_cast<size_t>(height_)) {}

  int width() const { return width_; }
  int height() const { return height_; }
  float density() const { return density_; }
  Area area() const { return area_; }
  float X(int column) const { return area_.left + static_cast<float>(column) / density_; }
  float Y(int row) const { return area_.top + static_cast<float>(row) / density_; }
  float Column(float x) const { return (x - area_.left) * density_; }
  float Row(float y) const { return (y - area_.top) * density_; }
  Sample& At(int column, int row) { return samples_[Index(column, row)]; }
  const Sample& At(int column, int row) const { return samples_[Index(column, row)]; }

  // Between the four nearest samples; beyond the edge, the edge's.
  Sample Look(float x, float y) const {
    const float cx = std::clamp(Column(x), 0.F, static_cast<float>(width_) - 1.001F);
    const float cy = std::clamp(Row(y), 0.F, static_cast<float>(height_) - 1.001F);
    const int ix = static_cast<int>(cx);
    const int iy = static_cast<int>(cy);
    const float u = cx - static_cast<float>(ix);
    const float v = cy - static_cast<float>(iy);
    const Sample* top = samples_.data() + Index(ix, iy);
    const Sample* bottom = top + width_;
    return (top[0] * (1 - u) + top[1] * u) * (1 - v) + (bottom[0] * (1 - u) + bottom[1] * u) * v;
  }

 private:
  size_t Index(int column, int row) const {
    return static_cast<size_t>(row) * static_cast<size_t>(width_) + static_cast<size_t>(column);
  }
  Area area_;
  float density_ = 1;
  int width_ = 0;
  int height_ = 0;
  std::vector<Sample> samples_;
};

using Field = Grid<float>;
using Layer = Grid<Paint>;

// Blurs with nearly a Gaussian of that standard deviation (three boxes); edges repeat.
void Blur(Field& field, float sigma_units);

// Unit normal of the surface z = field(x, y) at a sample.
Vec NormalAt(const Field& field, int column, int row);

// A hair: a smooth line through points, thin at its tip, every place with its own colour.
struct Stroke {
  struct Knot {
    Point at;
    float half_width = 0;  // units
    Paint colour;          // unpremultiplied by the coverage of the line; `a` is opacity
  };
  std::vector<Knot> knots;
};
void Draw(const Stroke& stroke, Layer& layer);

// The smooth curve (Catmull-Rom) through `points` at t in [0, 1].
Point CurveAt(std::span<const Point> points, float t);

// The smooth function through rising knots (x = abscissa, y = value), constant beyond them.
float ProfileAt(std::span<const Point> knots, float x);

}  // namespace lips::demo
