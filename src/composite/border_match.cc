#include "composite/border_match.h"

#include <algorithm>
#include <cassert>

#include "kernels/table.h"

namespace lips {
namespace {

using border::kCell;
using border::kEvery;

size_t At(int side, int y, int x) {
  return static_cast<size_t>(y) * static_cast<size_t>(side) + static_cast<size_t>(x);
}

}  // namespace

BorderMatch::BorderMatch(std::span<const uint8_t> mask, int size_px) : size_px_(size_px) {
  assert(size_px % kCell == 0 && mask.size() == static_cast<size_t>(size_px) * static_cast<size_t>(size_px));
  for (int y = 0; y < size_px; y += kEvery) {
    for (const uint8_t w : mask.subspan(At(size_px, y, 0), static_cast<size_t>(size_px)))
      fading_.insert(fading_.end(), 3, static_cast<uint8_t>(border::Fading(w)));
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
  Grid& grid = grids_[0];
  std::ranges::fill(grid.sums, Colour{});
  for (const Run& run : runs_) {
    const int y = run.y * kCell, x = 3 * run.first * kCell;
    const int width = 3 * size_px_;
    kernels::Active().match_sums({from.Row(y) + x, to.Row(y) + x, fading_.data() + At(width, y / kEvery, x),
                                  kEvery * from.stride_bytes, kEvery * to.stride_bytes, width, border::kRows,
                                  static_cast<size_t>(run.last - run.first) * 3 * kCell, counts_.data(), sums_.data()});
    for (int cell = run.first; cell < run.last; ++cell) {
      const auto first = static_cast<size_t>(cell - run.first) * 3 * kCell;
      std::array<int, 3> count = {}, sum = {};
      for (size_t i = 0; i < size_t{3} * kCell; i += 3) {
        for (size_t c = 0; c < 3; ++c) count[c] += counts_[first + i + c], sum[c] += sums_[first + i + c];
      }
      const size_t at = At(grid.side, run.y, cell);
      for (size_t c = 0; c < 3; ++c) {
        grid.weight[at][c] = border::OfFullCell(count[c]);
        grid.sums[at][c] = border::OfFullCell(sum[c]);
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
    const float trust = coarse != nullptr ? border::kTrust : border::kTrustInNothing;
    for (int y = 0; y < grid.side; ++y) {
      for (int x = 0; x < grid.side; ++x) {
        const size_t at = At(grid.side, y, x);
        const Colour beyond = coarse != nullptr ? coarse->sums[At(coarse->side, y / 2, x / 2)] : Colour{};
        for (size_t c = 0; c < 3; ++c)
          grid.sums[at][c] = border::Mixed(grid.sums[at][c], grid.weight[at][c], beyond[c], trust);
      }
    }
  }
}

// The finest grid's cells are values at their centres; between them it is linear, before the first and behind the last
// it stays.
void BorderMatch::Expand() {
  const Grid& grid = grids_[0];
  int16_t* out = rows_.data();
  const auto parts_of = [&](size_t cell, size_t c) { return border::PartsOf(grid.sums[cell][c]); };
  for (int y = 0; y < grid.side; ++y) {
    std::array<int, 3> left, right;
    for (size_t c = 0; c < 3; ++c) left[c] = right[c] = parts_of(At(grid.side, y, 0), c);
    for (int cell = 0; cell <= grid.side; ++cell) {  // from the centre before the cell's to its own
      if (cell < grid.side) {
        for (size_t c = 0; c < 3; ++c) right[c] = parts_of(At(grid.side, y, cell), c);
      }
      const int first = cell == 0 ? kCell / 2 : 0, last = cell == grid.side ? kCell / 2 : kCell;
      for (int x = first; x < last; ++x) {
        for (size_t c = 0; c < 3; ++c) *out++ = border::PartsBetween(left[c], right[c], 2 * x + 1);
      }
      left = right;
    }
  }
}

void BorderMatch::Fit(ConstImageView from, ConstImageView to) {
  Gather(from, to);
  Spread();
  Expand();
}

BorderMatch::FieldRow BorderMatch::Row(int y) const {
  const border::Between at = border::RowsAt(y, grids_[0].side);
  const auto row = [&](int cell) {
    const size_t width = counts_.size();
    return std::span(rows_).subspan(static_cast<size_t>(cell) * width, width);
  };
  return {row(at.low), row(at.high), at.of_high};
}

}  // namespace lips
