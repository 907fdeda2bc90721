#include "face/contact_sheet.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace lips {
namespace {

constexpr int kColumns = 5, kRows = 4;
constexpr int kTileWidth = 384;
constexpr int kFaceSide = kTileWidth / 2;
constexpr int kTallest = 480;

using Bgr = std::array<uint8_t, 3>;
constexpr Bgr kFound = {60, 220, 60}, kGuessed = {40, 40, 240}, kPoint = {40, 220, 250};

void Put(ImageView image, int x, int y, Bgr colour) {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  std::ranges::copy(colour, image.Row(y) + ptrdiff_t{3} * x);
}

void Outline(ImageView image, Rect rect, Bgr colour) {
  for (int x = rect.x; x < rect.right(); ++x) {
    Put(image, x, rect.y, colour);
    Put(image, x, rect.bottom() - 1, colour);
  }
  for (int y = rect.y; y < rect.bottom(); ++y) {
    Put(image, rect.x, y, colour);
    Put(image, rect.right() - 1, y, colour);
  }
}

}  // namespace

void ShrinkPicture(ConstImageView from, ImageView to) {
  for (int y = 0; y < to.height; ++y) {
    const int top = static_cast<int>(int64_t{y} * from.height / to.height);
    const int bottom = std::max(top + 1, static_cast<int>((int64_t{y} + 1) * from.height / to.height));
    for (int x = 0; x < to.width; ++x) {
      const int left = static_cast<int>(int64_t{x} * from.width / to.width);
      const int right = std::max(left + 1, static_cast<int>((int64_t{x} + 1) * from.width / to.width));
      std::array<int64_t, 3> sum = {};
      for (int v = top; v < bottom; ++v) {
        const uint8_t* row = from.Row(v);
        for (int u = left; u < right; ++u) {
          for (size_t c = 0; c < 3; ++c) sum[c] += row[static_cast<size_t>(u) * 3 + c];
        }
      }
      const int64_t count = int64_t{bottom - top} * (right - left);
      for (size_t c = 0; c < 3; ++c) to.Row(y)[static_cast<size_t>(x) * 3 + c] = static_cast<uint8_t>(sum[c] / count);
    }
  }
}

ContactSheet::ContactSheet(int64_t frames, int width, int height)
    : frames_(frames),
      tile_height_(std::clamp(static_cast<int>(int64_t{kTileWidth} * height / width), 16, kTallest)),
      sheet_(kColumns * kTileWidth, kRows * tile_height_ + kFaceSide) {}

std::optional<int> ContactSheet::Place(int64_t index) const {
  constexpr int64_t kTiles = kColumns * kRows;
  const int64_t tile = std::min(kTiles - 1, index * kTiles / frames_);  // no other tile can hold this frame
  for (const int64_t candidate : {tile, std::min(tile + 1, kTiles - 1)}) {
    if ((2 * candidate + 1) * frames_ / (2 * kTiles) == index) return static_cast<int>(candidate);
  }
  return std::nullopt;
}

void ContactSheet::Add(int64_t index, ConstImageView frame, Rect rect, bool found, std::span<const Landmark> landmarks,
                       const FaceInputs& inputs) {
  const auto place = Place(index);
  if (!place) return;
  const ImageView tile =
      sheet_.view().Crop({*place % kColumns * kTileWidth, *place / kColumns * tile_height_, kTileWidth, tile_height_});
  ShrinkPicture(frame, tile);
  const double across = static_cast<double>(kTileWidth) / frame.width;
  const double down = static_cast<double>(tile_height_) / frame.height;
  const auto at = [](double scale, double length) { return static_cast<int>(std::floor(scale * length)); };
  for (const Landmark& point : landmarks) Put(tile, at(across, point.x), at(down, point.y), kPoint);
  Outline(tile, {at(across, rect.x), at(down, rect.y), at(across, rect.width), at(down, rect.height)},
          found ? kFound : kGuessed);
  if (*place % kRows != 2) return;  // five of the twenty
  const int x = *place / kRows * kTileWidth, y = kRows * tile_height_;
  ShrinkPicture(inputs.roi.view(), sheet_.view().Crop({x, y, kFaceSide, kFaceSide}));
  ShrinkPicture(inputs.masked.view(), sheet_.view().Crop({x + kFaceSide, y, kFaceSide, kFaceSide}));
}

}  // namespace lips
