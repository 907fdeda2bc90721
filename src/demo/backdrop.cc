#include "demo/backdrop.h"

namespace lips::demo {
namespace {

// A light out of focus: a soft disc with a slightly brighter rim.
struct Disc {
  float x, y, radius;
  Light light;
};
constexpr std::array<Disc, 11> kDiscs = {{{0.90F, 0.14F, 0.075F, {0.42F, 0.26F, 0.11F}},
                                          {0.985F, 0.30F, 0.055F, {0.30F, 0.19F, 0.09F}},
                                          {0.80F, 0.30F, 0.045F, {0.24F, 0.15F, 0.07F}},
                                          {0.93F, 0.47F, 0.060F, {0.16F, 0.11F, 0.07F}},
                                          {0.72F, 0.10F, 0.040F, {0.16F, 0.11F, 0.06F}},
                                          {0.845F, 0.60F, 0.040F, {0.10F, 0.09F, 0.08F}},
                                          {0.06F, 0.72F, 0.060F, {0.06F, 0.10F, 0.11F}},
                                          {0.24F, 0.86F, 0.045F, {0.05F, 0.08F, 0.09F}},
                                          {0.70F, 0.47F, 0.035F, {0.10F, 0.07F, 0.05F}},
                                          {0.99F, 0.72F, 0.050F, {0.09F, 0.07F, 0.05F}},
                                          {0.78F, 0.80F, 0.030F, {0.06F, 0.06F, 0.06F}}}};

}  // namespace

Layer PaintBackdrop(int width, int height) {
  Layer layer({0, 0, static_cast<float>(width), static_cast<float>(height)}, 1);
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const float u = (static_cast<float>(column) + 0.5F) / static_cast<float>(width);
      const float v = (static_cast<float>(row) + 0.5F) / static_cast<float>(height);
      // A wall in the light of a window on the left, darker shelves on the right.
      Light room = Mix({0.235F, 0.275F, 0.290F}, {0.095F, 0.098F, 0.105F}, Smooth(-0.1F, 0.95F, u + 0.25F * v));
      const float window =
          Smooth(-0.04F, 0.05F, u) * Smooth(0.30F, 0.19F, u) * Smooth(-0.1F, 0.02F, v) * Smooth(0.78F, 0.60F, v);
      const float bar = 1 - 0.45F * Bump(u, 0.115F, 0.010F) - 0.40F * Bump(v, 0.33F, 0.018F);
      room = room + Light{0.46F, 0.52F, 0.54F} * (0.60F * window * bar);
      room = room + Light{0.12F, 0.14F, 0.15F} * Bump(u, v, 0.16F, 0.35F, 0.34F, 0.5F);
      for (const float shelf : {0.22F, 0.40F, 0.58F, 0.76F}) {
        room = room * (1 - 0.28F * Bump(v, shelf, 0.020F) * Smooth(0.60F, 0.70F, u));
      }
      const auto row_of_books = [u](int shelf) {
        return 0.5F + 0.5F * Noise(u * 34, static_cast<float>(shelf) * 7.3F, 95);
      };
      const float place = (v + 0.14F) / 0.18F;
      const int shelf_row = FloorInt(place);
      const float books = Lerp(row_of_books(shelf_row), row_of_books(shelf_row + 1),
                               Smooth(0.82F, 1.F, place - static_cast<float>(shelf_row)));
      room = Mix(room, Light{0.130F, 0.078F, 0.050F} * (0.5F + books), 0.52F * Smooth(0.62F, 0.74F, u));
      for (const Disc& disc : kDiscs) {
        const float r = std::sqrt(Square((u - disc.x) * static_cast<float>(width) / static_cast<float>(height)) +
                                  Square(v - disc.y)) /
                        disc.radius;
        room = room + disc.light * (Smooth(1.08F, 0.90F, r) * (0.62F + 0.38F * r * r));
      }
      room = room * (1 - 0.42F * (Square(u - 0.5F) + Square(v - 0.45F)) * 1.6F);
      layer.At(column, row) = ToPaint(room);
    }
  }
  return layer;
}

}  // namespace lips::demo
