#include "image/colour.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

#include "image/colour_matrix.h"
#include "image/difference.h"
#include "image/image.h"
#include "kernels/table.h"

namespace lips {
namespace {

void MapPlane(ConstPlaneView from, PlaneView to, const std::array<uint8_t, 256>& map) {
  assert(from.width == to.width && from.height == to.height);
  for (int y = 0; y < from.height; ++y) {
    const uint8_t* in = from.Row(y);
    std::transform(in, in + from.width, to.Row(y), [&map](uint8_t sample) { return map[sample]; });
  }
}

// round(middle_out + (i - middle_in) * levels_out / levels_in) for every sample i.
std::array<uint8_t, 256> RangeMap(int middle_in, int middle_out, int levels_in, int levels_out) {
  std::array<uint8_t, 256> map;
  for (int i = 0; i < 256; ++i) {
    const int scaled = (i - middle_in) * levels_out;
    const int rounded = (2 * scaled + (scaled < 0 ? -levels_in : levels_in)) / (2 * levels_in);
    map[static_cast<size_t>(i)] = static_cast<uint8_t>(std::clamp(middle_out + rounded, 0, 255));
  }
  return map;
}

}  // namespace

void YuvToBgr(ConstYuvView from, ImageView to) { YuvToBgr(from, {0, 0, from.width(), from.height()}, to); }

void YuvToBgr(ConstYuvView from, Rect rect, ImageView to) {
  assert(to.width == rect.width && to.height == rect.height);
  assert(rect.x >= 0 && rect.y >= 0 && rect.right() <= from.width() && rect.bottom() <= from.height());
  if (rect.width == 0) return;
  const kernels::YuvToBgrFactors factors = YuvToBgrFactorsOf(from.format);
  const auto convert = kernels::Active().yuv_to_bgr_row;
  for (int row = 0; row < rect.height; ++row) {
    uint8_t* bgr = to.Row(row);
    const uint8_t* y = from.y.Row(rect.y + row) + rect.x;
    const uint8_t* u = from.u.Row((rect.y + row) / 2) + rect.x / 2;
    const uint8_t* v = from.v.Row((rect.y + row) / 2) + rect.x / 2;
    auto n = static_cast<size_t>(rect.width);
    if (rect.x % 2 == 1) {  // the first pixel is the right half of its chroma sample; pairs begin after it
      convert(bgr, y, u, v, 1, factors);
      bgr += 3;
      ++y, ++u, ++v, --n;
    }
    convert(bgr, y, u, v, n, factors);
  }
}

void BgrToYuv(ConstImageView from, YuvView to) {
  assert(to.width() == from.width && to.height() == from.height);
  FillBlack(to);
  // A picture is its difference from black, added to black. A stride of zero makes one black row serve all.
  const std::vector<uint8_t> black(3 * static_cast<size_t>(from.width));
  DifferenceAdder().Add(from, {black.data(), from.width, from.height, 0}, {0, 0, from.width, from.height}, to);
}

void FullToLimited(ConstYuvView from, YuvView to) {
  assert(from.format.range == YuvRange::kFull && to.format.range == YuvRange::kLimited);
  static const std::array<uint8_t, 256> luma_map = RangeMap(0, 16, 255, 219);
  static const std::array<uint8_t, 256> chroma_map = RangeMap(128, 128, 255, 224);
  MapPlane(from.y, to.y, luma_map);
  MapPlane(from.u, to.u, chroma_map);
  MapPlane(from.v, to.v, chroma_map);
}

void LimitedToFull(ConstYuvView from, YuvView to) {
  assert(from.format.range == YuvRange::kLimited && to.format.range == YuvRange::kFull);
  static const std::array<uint8_t, 256> luma_map = RangeMap(16, 0, 219, 255);
  static const std::array<uint8_t, 256> chroma_map = RangeMap(128, 128, 224, 255);
  MapPlane(from.y, to.y, luma_map);
  MapPlane(from.u, to.u, chroma_map);
  MapPlane(from.v, to.v, chroma_map);
}

}  // namespace lips
