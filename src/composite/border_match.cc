#include "composite/border_match.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lips {
namespace {

constexpr float kTrust = 1.0f;  // of a full cell's weight: below that, neighbours say more
constexpr int kEvery = 2;       // of rows and columns is looked at: the field is smooth, so that is plenty
constexpr int kOther = 40;      // levels apart, pixels show two things and not one in two lights: such count nothing
constexpr int kFine = 16;       // parts of a level in which rows_ count

size_t At(int side, int y, int x) {
  return static_cast<size_t>(y) * static_cast<size_t>(side) + static_cast<size_t>(x);
}

// How much a pixel of weight `w` belongs to the border: most in the middle of the fading.
uint8_t Fading(uint8_t w) { return static_cast<uint8_t>(w * (255 - w) / 64 / 4); }

}  // namespace

BorderMatch::BorderMatch(std::span<const uint8_t> mask, int size_px) : size_px_(size_px) {
  assert(size_px % kCell == 0 && mask.size() == static_cast<size_t>(size_px) * static_cast<size_t>(size_px));
  for (const uint8_t w : mask) fading_.push_back(Fading(w));
  for (int side = size_px / kCell;; side = (side + 1) / 2) {
    Grid grid;
    grid.side = side;
    grid.weight.resize(static_cast<size_t>(side) * static_cast<size_t>(side));
    grid.sums.resize(grid.weight.size());
    grids_.push_back(std::move(grid));
    if (side == 1) break;
  }
  const int side = grids_[0].side;
  fades_.resize(grids_[0].weight.size());
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      if (fading_[At(size_px, y, x)] != 0) fades_[At(side, y / kCell, x / kCell)] = true;
    }
  }
  rows_.resize(static_cast<size_t>(size_px / kCell) * 3 * static_cast<size_t>(size_px));
  row_.resize(3 * static_cast<size_t>(size_px));
}

void BorderMatch::Gather(ConstImageView from, ConstImageView to) {
  Grid& grid = grids_[0];
  for (int cell_y = 0; cell_y < grid.side; ++cell_y) {
    for (int cell_x = 0; cell_x < grid.side; ++cell_x) {
      int total = 0;
      std::array<int, 3> sums = {};
      const bool fades = fades_[At(grid.side, cell_y, cell_x)];
      for (int y = cell_y * kCell; fades && y < (cell_y + 1) * kCell; y += kEvery) {
        const uint8_t* fading = fading_.data() + At(size_px_, y, cell_x * kCell);
        const uint8_t* a = from.Row(y) + 3 * cell_x * kCell;
        const uint8_t* b = to.Row(y) + 3 * cell_x * kCell;
        for (int x = 0; x < kCell; x += kEvery) {
          int apart = 0;
          for (int c = 0; c < 3; ++c) apart = std::max(apart, std::abs(b[3 * x + c] - a[3 * x + c]));
          const int counts = fading[x] * std::max(kOther - apart, 0);
          total += counts;
          for (int c = 0; c < 3; ++c) sums[static_cast<size_t>(c)] += counts * (b[3 * x + c] - a[3 * x + c]);
        }
      }
      const size_t at = At(grid.side, cell_y, cell_x);
      constexpr int kLooked = kCell / kEvery;
      constexpr float kFull = 64.0f * kOther * kLooked * kLooked;
      grid.weight[at] = static_cast<float>(total) / kFull;
      for (size_t c = 0; c < 3; ++c) grid.sums[at][c] = static_cast<float>(sums[c]) / kFull;
    }
  }
}

// Weighted means up to one cell; then every cell, from coarse to fine, mixes its own mean with what is coarser.
void BorderMatch::Spread() {
  for (size_t g = 1; g < grids_.size(); ++g) {
    const Grid& fine = grids_[g - 1];
    Grid& coarse = grids_[g];
    std::ranges::fill(coarse.weight, 0.0f);
    std::ranges::fill(coarse.sums, std::array<float, 3>{});
    for (int y = 0; y < fine.side; ++y) {
      for (int x = 0; x < fine.side; ++x) {
        const size_t from = At(fine.side, y, x);
        const size_t to = At(coarse.side, y / 2, x / 2);
        coarse.weight[to] += fine.weight[from];
        for (size_t c = 0; c < 3; ++c) coarse.sums[to][c] += fine.sums[from][c];
      }
    }
  }
  for (size_t g = grids_.size(); g-- > 0;) {
    Grid& grid = grids_[g];
    const Grid* coarse = g + 1 < grids_.size() ? &grids_[g + 1] : nullptr;
    for (int y = 0; y < grid.side; ++y) {
      for (int x = 0; x < grid.side; ++x) {
        const size_t at = At(grid.side, y, x);
        const float trust = coarse != nullptr ? kTrust : 1e-6f;
        for (size_t c = 0; c < 3; ++c) {
          const float beyond = coarse != nullptr ? coarse->sums[At(coarse->side, y / 2, x / 2)][c] : 0.0f;
          grid.sums[at][c] = (grid.sums[at][c] + trust * beyond) / (grid.weight[at] + trust);
        }
      }
    }
  }
}

// The finest grid's cells are values at their centres; between them it is linear.
void BorderMatch::Expand() {
  const Grid& grid = grids_[0];
  int16_t* out = rows_.data();
  for (int y = 0; y < grid.side; ++y) {
    for (int x = 0; x < size_px_; ++x) {
      const int left = std::clamp((x - kCell / 2) / kCell, 0, std::max(grid.side - 2, 0));
      const int right = std::min(left + 1, grid.side - 1);
      const float t = std::clamp((static_cast<float>(x) + 0.5f) / kCell - 0.5f - static_cast<float>(left), 0.0f, 1.0f);
      for (size_t c = 0; c < 3; ++c) {
        const float a = grid.sums[At(grid.side, y, left)][c];
        const float b = grid.sums[At(grid.side, y, right)][c];
        const float level = std::clamp(a + (b - a) * t, -float{kMostLevels}, float{kMostLevels});
        *out++ = static_cast<int16_t>(std::lround(level * kFine));
      }
    }
  }
}

void BorderMatch::Fit(ConstImageView from, ConstImageView to) {
  Gather(from, to);
  Spread();
  Expand();
}

std::span<const int16_t> BorderMatch::Row(int y) {
  const int side = grids_[0].side;
  const int above = std::clamp((y - kCell / 2) / kCell, 0, std::max(side - 2, 0));
  const int below = std::min(above + 1, side - 1);
  const int t = std::clamp(2 * y + 1 - kCell - 2 * above * kCell, 0, 2 * kCell);  // of 2 * kCell
  const size_t width = row_.size();
  const int16_t* a = rows_.data() + static_cast<size_t>(above) * width;
  const int16_t* b = rows_.data() + static_cast<size_t>(below) * width;
  for (size_t i = 0; i < width; ++i) {
    const int sum = a[i] * (2 * kCell - t) + b[i] * t;               // kFine * 2 * kCell = 512 times a level
    row_[i] = static_cast<int16_t>((sum + 256 + (sum >> 31)) >> 9);  // to the nearest, halves towards zero
  }
  return row_;
}

}  // namespace lips
