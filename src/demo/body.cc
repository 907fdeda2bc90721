#include "demo/body.h"

namespace lips::demo {
namespace {

constexpr Area kArea = {-3.2F, 0.2F, 3.2F, 3.3F};

// The neckline's lower edge, and where the shoulders' outline begins.
float Neckline(float x) { return 2.06F - 0.30F * Square(x / 0.62F) * std::min(1.F, std::abs(x) / 0.62F + 0.35F); }
float ShoulderTop(float x) {
  constexpr std::array<Point, 8> kLine = {{{0.30F, 1.30F},
                                           {0.46F, 1.56F},
                                           {0.70F, 1.70F},
                                           {1.05F, 1.81F},
                                           {1.40F, 1.96F},
                                           {1.66F, 2.24F},
                                           {1.80F, 2.65F},
                                           {1.92F, 3.4F}}};
  return ProfileAt(kLine, std::abs(x));
}

float NeckHalfWidth(float y) {
  return 0.395F + 0.02F * Square(y - 1.15F) + 0.30F * Smooth(1.38F, 1.85F, y) * Smooth(1.2F, 1.9F, y);
}

// Skin of neck and chest.
float SkinRelief(float x, float y) {
  const float half = NeckHalfWidth(y);
  const float q = std::min(1.F, std::abs(x) / half);
  float z = Lerp(0.42F * std::sqrt(1 - 0.96F * q * q), 0.30F - 0.10F * x * x, Smooth(1.45F, 1.85F, y));
  const float ax = std::abs(x);
  // The two cords of the neck run to the pit between the collarbones.
  z += 0.011F * Bump(ax - 0.30F + 0.42F * (y - 1.05F), 0, 0.045F) * Smooth(0.95F, 1.2F, y) * Smooth(1.78F, 1.6F, y);
  z -= 0.030F * Bump(x, y, 0, 1.72F, 0.085F, 0.07F);
  z += 0.020F * Bump(y - 1.765F + 0.10F * (ax - 0.4F), 0, 0.05F) * Smooth(0.07F, 0.2F, ax);
  return z;
}

float ClothRelief(float x, float y) {
  const float ax = std::abs(x);
  float z = 0.55F * std::sqrt(std::max(0.F, 1 - Square(ax / 2.05F))) + 0.30F * Smooth(1.6F, 2.6F, y);
  z += 0.16F * Bump(ax, y, 0.62F, 2.95F, 0.52F, 0.42F);
  // The shoulder's edge rolls off, and folds run from the armpits.
  z -= 0.30F * Square(1 - Clamp01((y - ShoulderTop(x)) / 0.26F));
  const float slant = x < 0 ? -1.F : 1.F;  // from each armpit to the middle
  const float across = x + 0.30F * slant * ax * (y - 2.2F);
  z += 0.060F * Noise(across * 1.3F, y * 1.6F + 0.5F * ax, 81) + 0.030F * Noise(across * 3.1F + 0.8F * y, y * 2.4F, 82);
  return z;
}

float Edge(float distance, float texel) { return Clamp01(0.5F - distance / texel); }

}  // namespace

Layer PaintBody(float density) {
  Layer layer(kArea, density);
  const float texel = 1 / density;
  Field skin(kArea, density);
  Field cloth(kArea, density);
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      skin.At(column, row) = SkinRelief(layer.X(column), layer.Y(row));
      cloth.At(column, row) = ClothRelief(layer.X(column), layer.Y(row));
    }
  }
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      const float x = layer.X(column);
      const float y = layer.Y(row);
      const float ax = std::abs(x);
      const float line = Neckline(x);
      // Skin, darker below the chin and where hair keeps the light away.
      const float chin = (1 - 0.62F * Smooth(1.66F + 0.10F * x, 1.10F, y + 0.35F * x * x)) *
                         (1 - 0.38F * Smooth(1.46F + 0.12F * x, 1.24F, y + 0.30F * x * x));
      const float curtain = 1 - 0.45F * Smooth(0.30F, 0.72F, ax);
      const float collar = 1 - 0.30F * Smooth(0.05F, 0.F, line - y);
      const Light lit = Irradiance(NormalAt(skin, column, row), 0.25F) * (chin * curtain * collar);
      const Light warm = Mix({0.745F, 0.470F, 0.350F}, {0.70F, 0.36F, 0.27F}, 1 - chin);
      const float on_skin = std::max(Edge(ax - NeckHalfWidth(y), texel), Edge(ShoulderTop(x) + 0.05F - y, texel));
      Paint place = ToPaint(warm * lit * (1 + 0.02F * Noise(x * 60, y * 60, 83)), on_skin);

      // A knitted jumper with a rolled rim.
      const float stitch_x = x * 46;
      const float stitch_y = y * 34 + 0.5F * Sin(2 * kPi * stitch_x * 0.5F);
      const float knit = 1 + 0.085F * Sin(2 * kPi * stitch_x * 0.5F) * (0.6F + 0.4F * Sin(2 * kPi * stitch_y * 0.5F)) +
                         0.03F * Noise(x * 70, y * 70, 84);
      const Light shade = Irradiance(NormalAt(cloth, column, row), 0.10F);
      const float under_hair = 1 - 0.38F * Smooth(2.15F, 1.75F, y) * Smooth(1.35F, 0.75F, ax);
      Light jumper = Light{0.055F, 0.155F, 0.170F} * shade * (knit * under_hair);
      const float rim = (y - line) / 0.105F;  // 0 at its upper edge, 1 at its lower
      if (rim < 1) {
        const Vec n = Unit({0.35F * x, -0.9F + 1.9F * Clamp01(rim), 1});
        const float rib = 1 + 0.13F * Sin(2 * kPi * 21 * x);
        jumper = Light{0.060F, 0.168F, 0.184F} * Irradiance(n, 0.1F) * (rib * under_hair);
      } else {
        jumper = jumper * (1 - 0.35F * ExpNegative(-(rim - 1) * 2.5F));
      }
      const float on_cloth = Edge(std::max(line - y, ShoulderTop(x) - y), texel * 1.5F);
      layer.At(column, row) = Over(ToPaint(jumper, on_cloth), place);
    }
  }
  return layer;
}

}  // namespace lips::demo
