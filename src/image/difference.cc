#include "image/difference.h"

#include <algorithm>
#include <cassert>

#include "image/colour_matrix.h"
#include "kernels/table.h"

namespace lips {
namespace {

// One row of differences, a plane per channel, as wide as the chroma blocks that `rect` touches.
struct Row {
  int16_t* b;
  int16_t* g;
  int16_t* r;
};

// What the blocks hold to the left and right of the rectangle.
struct Margins {
  size_t left;    // 0 or 1 columns outside the rectangle, changed by zero
  size_t width;   // of the rectangle
  size_t right;   // 0 or 1
  bool past_end;  // the right margin lies outside the frame: it repeats the last column
};

void FillMargins(const Margins& m, const Row& row) {
  for (int16_t* plane : {row.b, row.g, row.r}) {
    if (m.left > 0) plane[0] = 0;
    if (m.right > 0) plane[m.left + m.width] = m.past_end ? plane[m.left + m.width - 1] : int16_t{0};
  }
}

}  // namespace

void DifferenceAdder::Add(ConstImageView now, ConstImageView was, Rect rect, YuvView frame) {
  assert(now.width == rect.width && now.height == rect.height && was.width == rect.width && was.height == rect.height);
  assert(rect.x >= 0 && rect.y >= 0 && rect.right() <= frame.width() && rect.bottom() <= frame.height());
  if (rect.width == 0 || rect.height == 0) return;
  const kernels::Table& table = kernels::Active();
  const kernels::BgrToYuvFactors factors = BgrToYuvFactorsOf(frame.format);
  const int first_block = rect.x / 2;
  const auto blocks = static_cast<size_t>((rect.right() + 1) / 2 - first_block);
  const Margins margins = {.left = static_cast<size_t>(rect.x % 2),
                           .width = static_cast<size_t>(rect.width),
                           .right = static_cast<size_t>(rect.right() % 2),
                           .past_end = rect.right() == frame.width()};

  const size_t plane = 2 * blocks;
  samples_.assign(9 * plane, 0);
  const auto row_at = [&](size_t index) {
    int16_t* start = samples_.data() + 3 * plane * index;
    return Row{start, start + plane, start + 2 * plane};
  };
  const Row upper = row_at(0), lower = row_at(1), unchanged = row_at(2);

  // Adds the luma of frame row `y`, which lies in the rectangle, and leaves its differences in `row`.
  const auto add_luma = [&](int y, const Row& row) {
    int16_t* b = row.b + margins.left;
    int16_t* g = row.g + margins.left;
    int16_t* r = row.r + margins.left;
    table.bgr_difference_row(b, g, r, now.Row(y - rect.y), was.Row(y - rect.y), margins.width);
    table.add_luma_row(frame.y.Row(y) + rect.x, b, g, r, margins.width, factors);
    FillMargins(margins, row);
  };

  for (int block_row = rect.y / 2; 2 * block_row < rect.bottom(); ++block_row) {
    const int y = 2 * block_row;
    const bool has_upper = y >= rect.y;
    const bool has_lower = y + 1 < rect.bottom();
    if (has_upper) add_luma(y, upper);
    if (has_lower) add_luma(y + 1, lower);
    const Row& first = has_upper ? upper : unchanged;
    const bool past_end = y + 1 == frame.height();
    const Row& second = has_lower ? lower : past_end ? upper : unchanged;
    table.add_chroma_row(frame.u.Row(block_row) + first_block, frame.v.Row(block_row) + first_block,
                         {{first.b, second.b}, {first.g, second.g}, {first.r, second.r}}, blocks, factors);
  }
}

}  // namespace lips
