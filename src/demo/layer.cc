#include "demo/layer.h"

namespace lips::demo {
namespace {

// One box of 2 * radius + 1 samples along a line of `count` samples, `step` apart.
void BoxLine(float* line, int count, ptrdiff_t step, int radius, std::vector<float>& copy) {
  copy.resize(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) copy[static_cast<size_t>(i)] = line[i * step];
  const auto at = [&](int i) { return static_cast<double>(copy[static_cast<size_t>(std::clamp(i, 0, count - 1))]); };
  double sum = 0;
  for (int i = -radius; i <= radius; ++i) sum += at(i);
  const double scale = 1.0 / (2 * radius + 1);
  for (int i = 0; i < count; ++i) {
    line[i * step] = static_cast<float>(sum * scale);
    sum += at(i + radius + 1) - at(i - radius);
  }
}

float CatmullRom(float a, float b, float c, float d, float t) {
  return b + 0.5F * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

// Distance of p from the segment a-b, and how far along it lies.
float DistanceToSegment(Point p, Point a, Point b, float& along) {
  const float dx = b.x - a.x;
  const float dy = b.y - a.y;
  along = Clamp01(((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy + 1e-12F));
  return std::sqrt(Square(p.x - a.x - along * dx) + Square(p.y - a.y - along * dy));
}

}  // namespace

void Blur(Field& field, float sigma_units) {
  // Three boxes of radius r have the variance r (r + 1).
  const float sigma = sigma_units * field.density();
  const int radius = std::max(1, static_cast<int>(std::sqrt(sigma * sigma + 0.25F)));
  std::vector<float> copy;
  for (int pass = 0; pass < 3; ++pass) {
    for (int row = 0; row < field.height(); ++row) BoxLine(&field.At(0, row), field.width(), 1, radius, copy);
    for (int column = 0; column < field.width(); ++column) {
      BoxLine(&field.At(column, 0), field.height(), field.width(), radius, copy);
    }
  }
}

Vec NormalAt(const Field& field, int column, int row) {
  const int left = std::max(column - 1, 0);
  const int right = std::min(column + 1, field.width() - 1);
  const int up = std::max(row - 1, 0);
  const int down = std::min(row + 1, field.height() - 1);
  const float dx = (field.At(right, row) - field.At(left, row)) * field.density() / static_cast<float>(right - left);
  const float dy = (field.At(column, down) - field.At(column, up)) * field.density() / static_cast<float>(down - up);
  return Unit({-dx, -dy, 1});
}

void Draw(const Stroke& stroke, Layer& layer) {
  const float texel = 1 / layer.density();
  for (size_t k = 0; k + 1 < stroke.knots.size(); ++k) {
    const Stroke::Knot& from = stroke.knots[k];
    const Stroke::Knot& to = stroke.knots[k + 1];
    const float reach = std::max(from.half_width, to.half_width) + texel;
    const auto first = [](float low) { return std::max(0, FloorInt(low)); };
    const int left = first(layer.Column(std::min(from.at.x, to.at.x) - reach));
    const int right = std::min(layer.width() - 1, FloorInt(layer.Column(std::max(from.at.x, to.at.x) + reach)) + 1);
    const int top = first(layer.Row(std::min(from.at.y, to.at.y) - reach));
    const int bottom = std::min(layer.height() - 1, FloorInt(layer.Row(std::max(from.at.y, to.at.y) + reach)) + 1);
    for (int row = top; row <= bottom; ++row) {
      for (int column = left; column <= right; ++column) {
        float along = 0;
        const float distance = DistanceToSegment({layer.X(column), layer.Y(row)}, from.at, to.at, along);
        // Ends that the next segment continues are left to it, so that no place is painted twice.
        if ((along <= 0 && k > 0) || (along >= 1 && k + 2 < stroke.knots.size() && distance > 0.5F * texel)) continue;
        const float cover = Clamp01((Lerp(from.half_width, to.half_width, along) - distance) / texel + 0.5F);
        if (cover <= 0) continue;
        const Paint colour = from.colour * (1 - along) + to.colour * along;
        const float opacity = colour.a * cover;
        Paint& place = layer.At(column, row);
        place = Over({colour.r * opacity, colour.g * opacity, colour.b * opacity, opacity}, place);
      }
    }
  }
}

Point CurveAt(std::span<const Point> points, float t) {
  const int last = static_cast<int>(points.size()) - 1;
  const float place = Clamp01(t) * static_cast<float>(last);
  const int k = std::min(static_cast<int>(place), last - 1);
  const auto at = [&](int i) { return points[static_cast<size_t>(std::clamp(i, 0, last))]; };
  const float u = place - static_cast<float>(k);
  const Point a = at(k - 1), b = at(k), c = at(k + 1), d = at(k + 2);
  return {CatmullRom(a.x, b.x, c.x, d.x, u), CatmullRom(a.y, b.y, c.y, d.y, u)};
}

float ProfileAt(std::span<const Point> knots, float x) {
  const size_t last = knots.size() - 1;
  if (x <= knots[0].x) return knots[0].y;
  if (x >= knots[last].x) return knots[last].y;
  size_t k = 0;
  while (x > knots[k + 1].x) ++k;
  // Hermite with slopes from the neighbours: no overshoot is worth a monotone rule here.
  const auto slope = [&](size_t i) {
    const size_t low = i == 0 ? 0 : i - 1;
    const size_t high = std::min(i + 1, last);
    return (knots[high].y - knots[low].y) / (knots[high].x - knots[low].x);
  };
  const float width = knots[k + 1].x - knots[k].x;
  const float t = (x - knots[k].x) / width;
  const float t2 = t * t;
  const float t3 = t2 * t;
  return knots[k].y * (2 * t3 - 3 * t2 + 1) + slope(k) * width * (t3 - 2 * t2 + t) +
         knots[k + 1].y * (3 * t2 - 2 * t3) + slope(k + 1) * width * (t3 - t2);
}

}  // namespace lips::demo
