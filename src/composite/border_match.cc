#include "composite/border_match.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "kernels/table.h"

namespace lips {
namespace {

constexpr int kCell = BorderMatch::kCell;
constexpr float kTrust = 1.0f;  // of a full cell's weight: below that, neighbours say more
constexpr int kEvery = 2;       // of rows is looked at: the field is smooth, so that is plenty
static_assert(kCell / kEvery <= kernels::kMatchMostRows && kernels::kMatchSteps == 2 * kCell);

size_t At(int side, int y, int x) {
  return static_cast<size_t>(y) * static_cast<size_t>(side) + static_cast<size_t>(x);
}

// How much a pixel of weight `w` belongs to the border: most in the middle of the fading.
uint8_t Fading(uint8_t w) {
  constexpr int kMiddle = 127 * 128;
  return static_cast<uint8_t>((w * (255 - w) * kernels::kMatchMostWeight + kMiddle / 2) / kMiddle);
}

}  // namespace

BorderMatch::BorderMatch(std::span<const uint8_t> mask, int size_px) : size_px_(size_px) {
  assert(size_px % kCell == 0 && mask.size() == static_cast<size_t>(size_px) * static_cast<size_t>(size_px));
  for (int y = 0; y < size_px; y += kEvery) {
    for (const uint8_t w : mask.subspan(At(size_px, y, 0), static_cast<size_t>(size_px)))
      fading_.insert(fading_.end(), 3, Fading(w));
  }
  for (int side = size_px / kCell;; side = (side + 1) / 2) {
    Grid grid;
    grid.side = side;
    grid.weight.resize(static_cast<size_t>(side) * static_cast<size_t>(side));
    grid.sums.resize(grid.weight.size());
    grids_.push_back(std::move(grid));
    if (side == 1) break;
  }
  const auto fades = [&](int cell_y, int cell_x) {
    for (int y = cell_y * kCell / kEvery; y < (cell_y + 1) * kCell / kEvery; ++y) {
      const auto row = fading_.begin() + static_cast<ptrdiff_t>(3 * At(size_px, y, cell_x * kCell));
      if (std::any_of(row, row + ptrdiff_t{3} * kCell, [](uint8_t w) { return w != 0; })) return true;
    }
    return false;
  };
  const int side = grids_[0].side;
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      if (!fades(y, x)) continue;
      if (runs_.empty() || runs_.back().y != y || runs_.back().last != x) runs_.push_back({y, x, x});
      runs_.back().last = x + 1;
    }
  }
  counts_.resize(3 * static_cast<size_t>(size_px));
  sums_.resize(counts_.size());
  rows_.resize(static_cast<size_t>(side) * counts_.size());
}

void BorderMatch::Gather(ConstImageView from, ConstImageView to) {
  constexpr int kRows = kCell / kEvery;
  constexpr float kFull = static_cast<float>(kernels::kMatchMostWeight * kernels::kMatchOther * kRows * kCell);
  Grid& grid = grids_[0];
  std::ranges::fill(grid.sums, Colour{});
  for (const Run& run : runs_) {
    const int y = run.y * kCell, x = 3 * run.first * kCell;
    const int width = 3 * size_px_;
    kernels::Active().match_sums({from.Row(y) + x, to.Row(y) + x, fading_.data() + At(width, y / kEvery, x),
                                  kEvery * from.stride_bytes, kEvery * to.stride_bytes, width, kRows,
                                  static_cast<size_t>(3 * (run.last - run.first) * kCell), counts_.data(),
                                  sums_.data()});
    for (int cell = run.first; cell < run.last; ++cell) {
      const auto first = static_cast<size_t>(3 * (cell - run.first) * kCell);
      std::array<int, 3> count = {}, sum = {};
      for (size_t i = 0; i < size_t{3} * kCell; i += 3) {
        for (size_t c = 0; c < 3; ++c) count[c] += counts_[first + i + c], sum[c] += sums_[first + i + c];
      }
      const size_t at = At(grid.side, run.y, cell);
      for (size_t c = 0; c < 3; ++c) {
        grid.weight[at][c] = static_cast<float>(count[c]) / kFull;
        grid.sums[at][c] = static_cast<float>(sum[c]) / kFull;
      }
    }
  }
}

// Weighted means up to one cell; then every cell, from coarse to fine, mixes its own mean with what is coarser.
void BorderMatch::Spread() {
  for (size_t g = 1; g < grids_.size(); ++g) {
    const Grid& fine = grids_[g - 1];
    Grid& coarse = grids_[g];
    std::ranges::fill(coarse.weight, Colour{});
    std::ranges::fill(coarse.sums, Colour{});
    for (int y = 0; y < fine.side; ++y) {
      for (int x = 0; x < fine.side; ++x) {
        const size_t from = At(fine.side, y, x);
        const size_t to = At(coarse.side, y / 2, x / 2);
        for (size_t c = 0; c < 3; ++c) {
          coarse.weight[to][c] += fine.weight[from][c];
          coarse.sums[to][c] += fine.sums[from][c];
        }
      }
    }
  }
  for (size_t g = grids_.size(); g-- > 0;) {
    Grid& grid = grids_[g];
    const Grid* coarse = g + 1 < grids_.size() ? &grids_[g + 1] : nullptr;
    const float trust = coarse != nullptr ? kTrust : 1e-6f;
    for (int y = 0; y < grid.side; ++y) {
      for (int x = 0; x < grid.side; ++x) {
        const size_t at = At(grid.side, y, x);
        const Colour beyond = coarse != nullptr ? coarse->sums[At(coarse->side, y / 2, x / 2)] : Colour{};
        for (size_t c = 0; c < 3; ++c)
          grid.sums[at][c] = (grid.sums[at][c] + trust * beyond[c]) / (grid.weight[at][c] + trust);
      }
    }
  }
}

// The finest grid's cells are values at their centres; between them it is linear, before the first and behind the last
// it stays.
void BorderMatch::Expand() {
  constexpr int kSteps = kernels::kMatchSteps;
  const Grid& grid = grids_[0];
  int16_t* out = rows_.data();
  const auto level_of = [&](size_t cell, size_t c) {
    const float level = std::clamp(grid.sums[cell][c], -float{kMostLevels}, float{kMostLevels});
    return static_cast<int>(std::lround(level * kernels::kMatchParts));
  };
  for (int y = 0; y < grid.side; ++y) {
    std::array<int, 3> left, right;
    for (size_t c = 0; c < 3; ++c) left[c] = right[c] = level_of(At(grid.side, y, 0), c);
    for (int cell = 0; cell <= grid.side; ++cell) {  // from the centre before the cell's to its own
      if (cell < grid.side) {
        for (size_t c = 0; c < 3; ++c) right[c] = level_of(At(grid.side, y, cell), c);
      }
      const int first = cell == 0 ? kCell / 2 : 0, last = cell == grid.side ? kCell / 2 : kCell;
      for (int x = first; x < last; ++x) {
        const int of_right = 2 * x + 1, of_left = kSteps - of_right;
        for (size_t c = 0; c < 3; ++c) {
          const int sum = left[c] * of_left + right[c] * of_right;
          *out++ = static_cast<int16_t>((sum + kSteps / 2 + (sum >> 31)) >> 5);  // to the nearest, halves towards zero
        }
      }
      left = right;
    }
  }
  static_assert(kSteps == 1 << 5);
}

void BorderMatch::Fit(ConstImageView from, ConstImageView to) {
  Gather(from, to);
  Spread();
  Expand();
}

BorderMatch::FieldRow BorderMatch::Row(int y) const {
  const int side = grids_[0].side;
  const int above = std::clamp((y - kCell / 2) / kCell, 0, std::max(side - 2, 0));
  const int below = std::min(above + 1, side - 1);
  const auto row = [&](int cell) {
    const size_t width = counts_.size();
    return std::span(rows_).subspan(static_cast<size_t>(cell) * width, width);
  };
  return {row(above), row(below), std::clamp(2 * y + 1 - kCell - 2 * above * kCell, 0, 2 * kCell)};
}

}  // namespace lips
