#include "demo/face.h"

namespace lips::demo {
namespace {

constexpr Area kArea = {-1.1F, -1.4F, 1.1F, 1.4F};

constexpr std::array<Point, 17> kHalfWidths = {{{-1.30F, 0.00F},
                                                {-1.25F, 0.30F},
                                                {-1.10F, 0.58F},
                                                {-0.85F, 0.79F},
                                                {-0.50F, 0.895F},
                                                {-0.15F, 0.925F},
                                                {0.10F, 0.915F},
                                                {0.35F, 0.868F},
                                                {0.55F, 0.795F},
                                                {0.72F, 0.700F},
                                                {0.86F, 0.598F},
                                                {0.98F, 0.488F},
                                                {1.08F, 0.372F},
                                                {1.15F, 0.272F},
                                                {1.20F, 0.182F},
                                                {1.225F, 0.110F},
                                                {kChinY, 0.00F}}};

constexpr std::array<Point, 12> kProfile = {{{-1.30F, 0.05F},
                                             {-1.15F, 0.42F},
                                             {-0.90F, 0.68F},
                                             {-0.55F, 0.82F},
                                             {-0.15F, 0.85F},
                                             {0.25F, 0.87F},
                                             {0.60F, 0.88F},
                                             {0.85F, 0.86F},
                                             {1.02F, 0.82F},
                                             {1.12F, 0.73F},
                                             {1.19F, 0.60F},
                                             {1.24F, 0.45F}}};

// The bridge and the tip of the nose above the face's plane, along its ridge.
constexpr std::array<Point, 10> kNoseRidge = {{{-0.56F, 0.00F},
                                               {-0.40F, 0.00F},
                                               {-0.30F, 0.012F},
                                               {-0.18F, 0.055F},
                                               {-0.02F, 0.10F},
                                               {0.16F, 0.175F},
                                               {0.30F, 0.255F},
                                               {0.375F, 0.275F},
                                               {0.44F, 0.20F},
                                               {0.55F, 0.00F}}};

// The surface with everything that light shows.
float Relief(float x, float y) {
  const float half = std::max(FaceHalfWidth(y), 0.02F);
  const float q = std::min(std::abs(x) / half, 1.F);
  const float ax = std::abs(x);
  float z = ProfileAt(kProfile, y) * std::sqrt(std::max(0.F, 1 - q * q * (0.72F + 0.28F * q * q)));
  // Beyond the outline it falls away, so that no light of a place that is not there reaches the edge.
  z -= 1.5F * std::max(0.F, ax - half) + 3 * std::max(0.F, y - 1.21F);
  z -= 0.105F * Bump(ax, y, kEyeX - 0.02F, -0.08F, 0.23F, 0.13F);    // sockets
  z += 0.085F * Bump(ax, y, kEyeX, kEyeY - 0.005F, 0.165F, 0.105F);  // the eyes in them
  z += 0.030F * Bump(ax, y, 0.36F, -0.33F, 0.26F, 0.085F);           // brows
  z += 0.045F * Bump(ax, y, 0.57F, 0.23F, 0.20F, 0.16F);             // cheekbones
  const float bridge = 0.094F + 0.060F * Smooth(0.0F, 0.40F, y);
  z += ProfileAt(kNoseRidge, y) * ExpNegative(-Square(x / bridge));
  z += 0.060F * Bump(x, y, 0, 0.365F, 0.090F, 0.080F);        // tip
  z += 0.080F * Bump(ax, y, 0.112F, 0.405F, 0.054F, 0.062F);  // wings
  z += 0.050F * Bump(x, y, 0, 0.70F, 0.36F, 0.24F);           // the teeth behind the lips
  z -= 0.016F * Bump(x, y, 0, 0.56F, 0.034F, 0.07F) - 0.008F * Bump(ax, y, 0.07F, 0.56F, 0.03F, 0.07F);
  z -= 0.034F * Bump(x, y, 0, 0.905F, 0.20F, 0.050F);  // below the lower lip
  z += 0.060F * Bump(x, y, 0, 1.06F, 0.20F, 0.11F);    // chin
  return z;
}

struct Channels {
  Field r, g, b;
};

Light Albedo(float x, float y) {
  const float ax = std::abs(x);
  Light skin = {0.765F, 0.490F, 0.365F};
  const auto tint = [&](Light colour, float amount) { skin = Mix(skin, colour, amount); };
  tint({0.78F, 0.36F, 0.285F}, 0.42F * Bump(ax, y, 0.56F, 0.30F, 0.27F, 0.20F));   // cheeks
  tint({0.74F, 0.37F, 0.29F}, 0.40F * Bump(x, y, 0, 0.38F, 0.17F, 0.12F));         // nose
  tint({0.72F, 0.40F, 0.31F}, 0.30F * Bump(x, y, 0, 1.06F, 0.20F, 0.12F));         // chin
  tint({0.56F, 0.33F, 0.27F}, 0.42F * Bump(ax, y, kEyeX, -0.15F, 0.21F, 0.060F));  // upper lids
  tint({0.62F, 0.36F, 0.31F}, 0.32F * Bump(ax, y, 0.37F, 0.075F, 0.18F, 0.05F));   // below the eyes
  tint({0.66F, 0.33F, 0.27F}, 0.35F * Bump(x, y, 0, 0.70F, 0.42F, 0.16F));         // around the mouth
  const float mottle = 0.018F * Noise(x * 9, y * 9, 11) + 0.014F * Noise(x * 37, y * 37, 12);
  const float pores = 0.022F * Noise(x * 95, y * 95, 13);
  skin = skin * (1 + mottle + pores);
  // A few freckles on nose and cheeks.
  const int fx = FloorInt(x * 26);
  const int fy = FloorInt(y * 26);
  const float there = HashUnit(fx, fy, 21);
  if (there < 0.30F) {
    const float cx = (static_cast<float>(fx) + 0.25F + 0.5F * HashUnit(fx, fy, 22)) / 26;
    const float cy = (static_cast<float>(fy) + 0.25F + 0.5F * HashUnit(fx, fy, 23)) / 26;
    const float zone = Bump(ax, y, 0.34F, 0.24F, 0.30F, 0.13F);
    tint({0.50F, 0.24F, 0.14F}, 0.30F * zone * Bump(x, y, cx, cy, 0.009F, 0.009F));
  }
  return skin;
}

// Soft shadow in hollows: where the surface lies below its surroundings' mean.
float Hollow(const Field& mean, float height, int column, int row, float strength) {
  return ExpNegative(-std::max(0.F, strength * (mean.At(column, row) - height)));
}

// How much of the place the outline covers, from 4 x 4 points.
float OutlineCover(float x, float y, float texel) {
  float inside = 0;
  for (int j = 0; j < 4; ++j) {
    const float half = FaceHalfWidth(y + (static_cast<float>(j) - 1.5F) * 0.25F * texel);
    for (int i = 0; i < 4; ++i)
      inside += std::abs(x + (static_cast<float>(i) - 1.5F) * 0.25F * texel) < half ? 1.F : 0.F;
  }
  return inside / 16;
}

void DrawBrows(Layer& layer) {
  constexpr std::array<Point, 4> kLine = {{{0.160F, -0.290F}, {0.32F, -0.362F}, {0.50F, -0.398F}, {0.69F, -0.300F}}};
  Random random(31);
  for (const float side : {-1.F, 1.F}) {
    for (int i = 0; i < 520; ++i) {
      const float t = random.Unit();
      const float thick = 0.029F * (1 - 0.70F * t * t) * Smooth(-0.55F, 0.25F, t);
      const Point root = CurveAt(kLine, t);
      const Point ahead = CurveAt(kLine, std::min(1.F, t + 0.03F));
      const float off = random.Between(-1, 1) * thick;
      const float along = (0.050F + 0.02F * random.Unit()) * (1 - 0.35F * t);
      const float lean = Lerp(-0.75F, 0.10F, Smooth(0, 0.45F, t)) - 0.35F * off / (thick + 1e-3F);
      Vec direction = Unit({ahead.x - root.x, ahead.y - root.y + 0.05F * lean, 0});
      Stroke hair;
      const float dark = random.Between(0.8F, 1.3F);
      const Paint colour = {0.28F * dark, 0.185F * dark, 0.14F * dark, 0.36F * Smooth(-0.25F, 0.22F, t)};
      for (int k = 0; k < 4; ++k) {
        const float u = static_cast<float>(k) / 3;
        hair.knots.push_back(
            {{side * (root.x + direction.x * along * u), root.y + off + direction.y * along * u + 0.012F * u * u},
             0.0046F * (1 - 0.7F * u),
             colour});
      }
      Draw(hair, layer);
    }
  }
}

void DrawNostrils(Layer& layer) {
  for (int row = 0; row < layer.height(); ++row) {
    const float y = layer.Y(row);
    if (y < 0.3F || y > 0.6F) continue;
    for (int column = 0; column < layer.width(); ++column) {
      const float x = layer.X(column);
      const float ax = std::abs(x);
      if (ax > 0.3F) continue;
      Paint& place = layer.At(column, row);
      const float hole =
          Smooth(1.15F, 0.55F,
                 std::sqrt(Square((ax - 0.074F) / 0.040F) + Square((y - 0.452F + 0.25F * (ax - 0.078F)) / 0.019F)));
      place = Over(ToPaint({0.085F, 0.028F, 0.022F}, 0.82F * hole), place);
      const float fold =
          Smooth(0.020F, 0.004F, std::abs(std::sqrt(Square((ax - 0.112F) / 0.9F) + Square(y - 0.405F)) - 0.075F)) *
          Smooth(0.107F, 0.16F, ax) * Smooth(0.34F, 0.40F, y) * Smooth(0.50F, 0.45F, y);
      place = Shade(place, Mix({1, 1, 1}, {0.66F, 0.50F, 0.45F}, 0.8F * fold));
    }
  }
}

}  // namespace

float FaceHalfWidth(float y) { return std::max(0.F, ProfileAt(kHalfWidths, y)); }

float FaceDepth(float x, float y) {
  const float q2 = std::min(Square(x / 0.95F), 1.6F);
  const float v = (y + 0.02F) / 1.5F;
  return 0.86F * (1 - 0.72F * q2) * (1 - 0.28F * std::min(v * v, 1.5F)) + 0.27F * Bump(x, y, 0, 0.34F, 0.17F, 0.26F);
}

Layer PaintFace(float density, const Field& shadow_of_hair) {
  Layer layer(kArea, density);
  Field relief(kArea, density);
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      relief.At(column, row) = Relief(layer.X(column), layer.Y(row));
    }
  }
  Field near = relief;
  Blur(near, 0.035F);
  Field far = relief;
  Blur(far, 0.12F);
  Channels lit = {Field(kArea, density), Field(kArea, density), Field(kArea, density)};
  Field shine(kArea, density);
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      const float x = layer.X(column);
      const float y = layer.Y(row);
      const Vec n = NormalAt(relief, column, row);
      const float height = relief.At(column, row);
      const float hollow = Hollow(near, height, column, row, 9) * (0.45F + 0.55F * Hollow(far, height, column, row, 5));
      const float cast = 1 - 0.22F * Bump(x, y, 0.05F, 0.52F, 0.13F, 0.05F);  // of the nose
      const float jaw =
          1 - 0.25F * Smooth(0.72F, 1.0F, std::abs(x) / std::max(0.05F, FaceHalfWidth(y))) * Smooth(0.3F, 0.9F, y);
      const float hair = 1 - 0.62F * shadow_of_hair.Look(x, y);
      const Light light = Irradiance(n, 0.22F) * (hollow * cast * jaw * hair);
      lit.r.At(column, row) = light.r;
      lit.g.At(column, row) = light.g;
      lit.b.At(column, row) = light.b;
      const float oily =
          0.35F + 0.65F * (0.6F * Bump(x, y, 0, 0.1F, 0.14F, 0.5F) + 0.4F * Bump(x, y, 0, 0.36F, 0.12F, 0.1F) +
                           Bump(x, y, 0, -0.55F, 0.5F, 0.2F) + Bump(std::abs(x), y, 0.52F, 0.16F, 0.2F, 0.14F) +
                           Bump(x, y, 0, 1.05F, 0.2F, 0.1F));
      shine.At(column, row) = (0.10F * Specular(n, 4) + 0.075F * Specular(n, 5)) * oily * hollow * hair *
                              (1 + 0.35F * Noise(x * 80, y * 80, 14));
    }
  }
  // Light wanders below the skin, red farthest.
  Blur(lit.r, 0.036F);
  Blur(lit.g, 0.016F);
  Blur(lit.b, 0.009F);
  for (int row = 0; row < layer.height(); ++row) {
    for (int column = 0; column < layer.width(); ++column) {
      const float x = layer.X(column);
      const float y = layer.Y(row);
      const float cover = OutlineCover(x, y, 1 / density);
      const Light skin = Albedo(x, y) * Light{lit.r.At(column, row), lit.g.At(column, row), lit.b.At(column, row)};
      const float s = shine.At(column, row);
      layer.At(column, row) = ToPaint(skin + Light{s, s * 0.96F, s * 0.92F}, cover);
    }
  }
  DrawNostrils(layer);
  DrawBrows(layer);
  return layer;
}

}  // namespace lips::demo
