#include "composite/over.h"

#include <algorithm>
#include <vector>

namespace lips {
namespace {

// A sum of products with 255 parts, divided by 255 and rounded to the nearest, without a division.
uint8_t Mix(uint32_t front, uint32_t back, uint32_t alpha) {
  const uint32_t sum = front * alpha + back * (255 - alpha) + 128;
  return static_cast<uint8_t>((sum + (sum >> 8)) >> 8);
}

void MixRow(const uint8_t* back, const uint8_t* alpha, int width, uint8_t* front) {
  for (int x = 0; x < width; ++x) front[x] = Mix(front[x], back[x], alpha[x]);
}

}  // namespace

void PutOver(ConstYuvView background, ConstPlaneView alpha, YuvView frame) {
  for (int y = 0; y < frame.height(); ++y) {
    MixRow(background.y.Row(y), alpha.Row(y), frame.width(), frame.y.Row(y));
  }
  std::vector<uint8_t> mean(static_cast<size_t>(frame.u.width));
  for (int y = 0; y < frame.u.height; ++y) {
    const uint8_t* upper = alpha.Row(2 * y);
    const uint8_t* lower = alpha.Row(std::min(2 * y + 1, alpha.height - 1));
    for (int x = 0; x < frame.u.width; ++x) {
      const int left = 2 * x;
      const int right = std::min(left + 1, alpha.width - 1);
      mean[static_cast<size_t>(x)] =
          static_cast<uint8_t>((upper[left] + upper[right] + lower[left] + lower[right] + 2) / 4);
    }
    MixRow(background.u.Row(y), mean.data(), frame.u.width, frame.u.Row(y));
    MixRow(background.v.Row(y), mean.data(), frame.v.width, frame.v.Row(y));
  }
}

}  // namespace lips
