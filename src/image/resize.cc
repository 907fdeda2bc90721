#include "image/resize.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <vector>

#include "image/cubic_axis.h"
#include "kernels/table.h"

namespace lips {
namespace {

constexpr int kTaps = kernels::kCubicTaps;
constexpr size_t kSlackBytes = 4;  // the kernel loads 16 bytes for 12

}  // namespace

struct CubicResizer::Plan {
  int from_width = 0;
  int from_height = 0;
  int to_width = 0;
  int to_height = 0;
  Place part;
  CubicAxis columns;  // `first` in bytes into `padded`
  CubicAxis rows;
  std::vector<uint8_t> padded;  // a source row with its edge pixels repeated on both sides
  // Source rows resized across. Row k lives in slot k % 4: any four neighbours are there together, and going down an
  // image each source row is filtered once.
  std::vector<int32_t> ring;
  std::array<int, kTaps> row_in_slot;

  int32_t* Slot(int source_row) { return ring.data() + static_cast<size_t>(source_row % kTaps) * 3 * to_row(); }
  size_t to_row() const { return static_cast<size_t>(to_width); }
  const int32_t* Filtered(ConstImageView from, int source_row);
};

// The source row resized across, from the ring when it is there.
const int32_t* CubicResizer::Plan::Filtered(ConstImageView from, int source_row) {
  int32_t* slot = Slot(source_row);
  int& present = row_in_slot[static_cast<size_t>(source_row % kTaps)];
  if (present == source_row) return slot;
  const auto row_bytes = 3 * static_cast<size_t>(from_width);
  uint8_t* middle = padded.data() + 3 * kCubicReach;
  std::memcpy(middle, from.Row(source_row), row_bytes);
  for (size_t i = 1; i <= kCubicReach; ++i) {
    std::memcpy(middle - 3 * i, middle, 3);
    std::memcpy(middle + row_bytes + 3 * (i - 1), middle + row_bytes - 3, 3);
  }
  kernels::Active().cubic_across(slot, padded.data(), columns.first.data(), columns.factors.data(), to_row());
  present = source_row;
  return slot;
}

CubicResizer::CubicResizer(int from_width, int from_height, int to_width, int to_height)
    : plan_(std::make_unique<Plan>()) {
  Reset(from_width, from_height, to_width, to_height);
}
CubicResizer::CubicResizer(CubicResizer&&) noexcept = default;
CubicResizer& CubicResizer::operator=(CubicResizer&&) noexcept = default;
CubicResizer::~CubicResizer() = default;

void CubicResizer::Reset(int from_width, int from_height, int to_width, int to_height) {
  Reset(from_width, from_height, Rect{0, 0, from_width, from_height}, to_width, to_height);
}

void CubicResizer::Reset(int from_width, int from_height, const Place& part, int to_width, int to_height) {
  assert(from_width >= 1 && from_height >= 1 && to_width >= 1 && to_height >= 1);
  assert(part.width > 0 && part.height > 0);
  Plan& p = *plan_;
  if (p.from_width != from_width || p.to_width != to_width || p.part.x != part.x || p.part.width != part.width) {
    p.columns.Set(from_width, part.x, part.width, to_width);
    for (int32_t& first : p.columns.first) first = 3 * (first + kCubicReach);
    p.padded.resize(3 * (static_cast<size_t>(from_width) + 2 * kCubicReach) + kSlackBytes);
    p.ring.resize(kTaps * 3 * static_cast<size_t>(to_width));
  }
  if (p.from_height != from_height || p.to_height != to_height || p.part.y != part.y || p.part.height != part.height) {
    p.rows.Set(from_height, part.y, part.height, to_height);
  }
  p.from_width = from_width;
  p.from_height = from_height;
  p.to_width = to_width;
  p.to_height = to_height;
  p.part = part;
}

void CubicResizer::Run(ConstImageView from, ImageView to) {
  Plan& p = *plan_;
  assert(from.width == p.from_width && from.height == p.from_height);
  assert(to.width == p.to_width && to.height == p.to_height);
  p.row_in_slot.fill(-1);
  for (int y = 0; y < p.to_height; ++y) {
    std::array<const int32_t*, kTaps> rows;
    for (int k = 0; k < kTaps; ++k) {
      const int source_row = std::clamp(p.rows.first[static_cast<size_t>(y)] + k, 0, p.from_height - 1);
      rows[static_cast<size_t>(k)] = p.Filtered(from, source_row);
    }
    kernels::Active().cubic_down(to.Row(y), rows.data(), p.rows.factors.data() + kTaps * y, 3 * p.to_row());
  }
}

void ResizeCubic(ConstImageView from, ImageView to) {
  if (to.width == 0 || to.height == 0) return;
  CubicResizer(from.width, from.height, to.width, to.height).Run(from, to);
}

}  // namespace lips
