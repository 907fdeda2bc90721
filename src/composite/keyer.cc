#include "composite/keyer.h"

#include <algorithm>
#include <cmath>

#include "image/colour.h"
#include "image/image.h"

namespace lips {
namespace {

// The key in the frames' own Y'CbCr.
struct KeyYuv {
  int y, u, v;
};
KeyYuv ToYuv(const KeyColour& key, YuvFormat format) {
  Image pixel(2, 2);
  for (int i = 0; i < 4; ++i) {
    uint8_t* at = pixel.view().Row(i / 2) + ptrdiff_t{3} * (i % 2);
    at[0] = key.blue;
    at[1] = key.green;
    at[2] = key.red;
  }
  YuvImage yuv(2, 2, format);
  BgrToYuv(pixel.view(), yuv.view());
  return {yuv.view().y.data[0], yuv.view().u.data[0], yuv.view().v.data[0]};
}

uint8_t ToByte(double value) { return static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L)); }

}  // namespace

Keyer::Keyer(const KeyColour& key, YuvFormat format) {
  const KeyYuv yuv = ToYuv(key, format);
  key_luma_ = yuv.y;
  least_luma_ = format.range == YuvRange::kFull ? 0 : 16;
  most_luma_ = format.range == YuvRange::kFull ? 255 : 235;
  const double ku = yuv.u - 128;
  const double kv = yuv.v - 128;
  const double square = std::max(ku * ku + kv * kv, 1.0);
  const double all_screen = 1 - key.tolerance;
  const double all_person = std::max(all_screen - key.softness, 0.0);
  constexpr double kLeastFade = 1e-3;  // a hard edge
  for (int u = 0; u < 256; ++u) {
    for (int v = 0; v < 256; ++v) {
      const double along = ((u - 128) * ku + (v - 128) * kv) / square;
      const double across = ((v - 128) * ku - (u - 128) * kv) / square;
      const double share = along - std::abs(across);
      const double screen = (share - all_person) / std::max(all_screen - all_person, kLeastFade);
      const auto at = static_cast<size_t>(256 * u + v);
      opacity_[at] = ToByte(255 * (1 - std::clamp(screen, 0.0, 1.0)));
      const double taken = key.spill * std::max(share, 0.0);
      clean_[at] = {ToByte(u - taken * ku), ToByte(v - taken * kv)};
    }
  }
}

void Keyer::Matte(ConstYuvView frame, PlaneView alpha) {
  const int width = frame.u.width;
  const int height = frame.u.height;
  coarse_.Resize(width, height);
  for (int y = 0; y < height; ++y) {
    const uint8_t* u = frame.u.Row(y);
    const uint8_t* v = frame.v.Row(y);
    uint8_t* out = coarse_.view().Row(y);
    for (int x = 0; x < width; ++x) out[x] = opacity_[static_cast<size_t>(256 * u[x] + v[x])];
  }
  // Chroma lies on the even columns and between two rows.
  for (int y = 0; y < alpha.height; ++y) {
    const int near = std::min(y / 2, height - 1);
    const int far = std::clamp(y % 2 == 0 ? near - 1 : near + 1, 0, height - 1);
    const uint8_t* a = coarse_.view().Row(near);
    const uint8_t* b = coarse_.view().Row(far);
    uint8_t* out = alpha.Row(y);
    for (int x = 0; x < alpha.width; ++x) {
      const int left = x / 2;
      const int right = x % 2 == 0 ? left : std::min(left + 1, width - 1);
      out[x] = static_cast<uint8_t>((3 * (a[left] + a[right]) + b[left] + b[right] + 4) / 8);
    }
  }
}

void Keyer::Despill(ConstPlaneView alpha, YuvView frame) const {
  for (int y = 0; y < frame.height(); ++y) {
    const uint8_t* opacity = alpha.Row(y);
    uint8_t* luma = frame.y.Row(y);
    for (int x = 0; x < frame.width(); ++x) {
      const int a = opacity[x];
      if (a == 0 || a == 255) continue;
      // The pixel is a mixture: luma = a * person + (1 - a) * key.
      const int person = key_luma_ + (luma[x] - key_luma_) * 255 / a;
      luma[x] = static_cast<uint8_t>(std::clamp(person, least_luma_, most_luma_));
    }
  }
  for (int y = 0; y < frame.u.height; ++y) {
    uint8_t* u = frame.u.Row(y);
    uint8_t* v = frame.v.Row(y);
    for (int x = 0; x < frame.u.width; ++x) {
      const auto& clean = clean_[static_cast<size_t>(256 * u[x] + v[x])];
      u[x] = clean[0];
      v[x] = clean[1];
    }
  }
}

}  // namespace lips
