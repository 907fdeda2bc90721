// Test pictures: random noise, which meets every rounding case, and a smooth one, which looks like video.
#pragma once

#include <cmath>
#include <random>

#include "image/image.h"

namespace lips {

inline void FillRandom(std::mt19937& rng, uint8_t* bytes, size_t count) {
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(rng());
}

inline Image RandomPicture(std::mt19937& rng, int width, int height) {
  Image image(width, height);
  FillRandom(rng, image.view().data, 3 * static_cast<size_t>(width) * static_cast<size_t>(height));
  return image;
}

inline YuvImage RandomYuv(std::mt19937& rng, int width, int height, YuvFormat format) {
  YuvImage image(width, height, format);
  FillRandom(rng, image.view().y.data, image.bytes());  // the planes follow one another
  return image;
}

// Soft waves of a few dozen pixels with a little sensor-like noise.
inline Image SmoothPicture(std::mt19937& rng, int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin(x * 0.11 + c) * std::cos(y * 0.07 - c) + 0.4 * std::sin((x + y) * 0.031);
        image.view().Row(y)[3 * x + c] =
            static_cast<uint8_t>(std::lround(128 + 70 * wave + static_cast<double>(rng() % 3)));
      }
    }
  }
  return image;
}

}  // namespace lips
