// The arithmetic of BorderMatch, cell by cell, for CPUs and for devices (engine/cuda): constexpr, which CUDA's compiler
// takes for a device too, and without a product whose fusion with a sum would change a bit.
#pragma once

#include <cstdint>

#include "kernels/match.h"

namespace lips::border {

inline constexpr int kCell = 16;  // pixels
inline constexpr int kEvery = 2;  // of rows is looked at: the field is smooth, so that is plenty
inline constexpr int kRows = kCell / kEvery;
inline constexpr int kMostLevels = 12;  // a match never moves a sample further: what differs more is no lighting
inline constexpr float kTrust = 1.0f;   // in what is beyond a cell, in full cells' weights
inline constexpr float kTrustInNothing = 1e-6f;  // of the coarsest grid: there is nothing beyond
static_assert(kRows <= kernels::kMatchMostRows && kernels::kMatchSteps == 2 * kCell);

// How much a pixel of weight `w` belongs to the border, 0 .. kMatchMostWeight: most in the middle of the fading.
constexpr int Fading(int w) {
  constexpr int kMiddle = 127 * 128;
  return (w * (255 - w) * kernels::kMatchMostWeight + kMiddle / 2) / kMiddle;
}

// A cell's sum, of what samples count or of that times their difference, in weights of a full cell.
constexpr float OfFullCell(int sum) {
  constexpr float kFull = static_cast<float>(kernels::kMatchMostWeight * kernels::kMatchOther * kRows * kCell);
  return static_cast<float>(sum) / kFull;
}

// A cell's own mean mixed with what is beyond it. The product is exact: trust is 1, or nothing is beyond.
constexpr float Mixed(float sum, float weight, float beyond, float trust) {
  static_assert(kTrust == 1.0f);
  return (sum + trust * beyond) / (weight + trust);
}

// A cell's level in the field's parts of a level: the nearest, halves away from zero.
constexpr int PartsOf(float level) {
  const auto most = static_cast<float>(kMostLevels);
  const float parts = (level < -most ? -most : level > most ? most : level) * float{kernels::kMatchParts};
  const int whole = static_cast<int>(parts);
  const float rest = parts - static_cast<float>(whole);
  return whole + (rest >= 0.5f ? 1 : rest <= -0.5f ? -1 : 0);
}

// Where a column or row lies between the centres of cells: before the first and behind the last it is at them.
struct Between {
  int low, high;  // cells
  int of_high;    // of kMatchSteps
};
// A column of a row of `side` cells.
constexpr Between ColumnsAt(int x, int side) {
  const int cell = (x + kCell / 2) / kCell;
  return {cell > 0 ? cell - 1 : 0, cell < side ? cell : side - 1, 2 * (x + kCell / 2 - cell * kCell) + 1};
}
constexpr Between RowsAt(int y, int side) {
  const int last = side > 1 ? side - 2 : 0, cell = (y - kCell / 2) / kCell;
  const int low = cell < last ? cell : last, of_high = 2 * y + 1 - kCell - 2 * low * kCell;
  return {low, low + 1 < side ? low + 1 : side - 1, of_high < 0 ? 0 : of_high > 2 * kCell ? 2 * kCell : of_high};
}

// The field's parts between two cells', to the nearest, halves towards zero.
constexpr int16_t PartsBetween(int low, int high, int of_high) {
  static_assert(kernels::kMatchSteps == 1 << 5);
  const int sum = low * (kernels::kMatchSteps - of_high) + high * of_high;
  return static_cast<int16_t>((sum + kernels::kMatchSteps / 2 + (sum >> 31)) >> 5);
}

}  // namespace lips::border
