// The smooth field of colours that makes two pictures agree along the border of a mask.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "composite/border_field.h"
#include "image/view.h"

namespace lips {

// Differences `to - from` are averaged in cells of 16 pixels where a mask fades, and spread from there over the whole
// picture: each cell takes from the next coarser grid what it has not seen itself. The further two samples are apart,
// the less they count: where one picture has a collar and the other a neck, no light differs. Scratch memory only; one
// thread at a time.
class BorderMatch {
 public:
  static constexpr int kCell = border::kCell;
  static constexpr int kMostLevels = border::kMostLevels;

  // `mask` is [size_px, size_px], 0..255; size_px is a multiple of kCell.
  BorderMatch(std::span<const uint8_t> mask, int size_px);

  // The field for pictures of the mask's size.
  void Fit(ConstImageView from, ConstImageView to);

  // A row of the field lies between two of its coarse rows, as kernels/match.h says. B, G, R; valid until the next Fit.
  struct FieldRow {
    std::span<const int16_t> above, below;  // [3 * size_px]
    int part;
  };
  FieldRow Row(int y) const;

 private:
  using Colour = std::array<float, 3>;
  struct Grid {
    int side = 0;
    std::vector<Colour> weight;  // [side, side]
    std::vector<Colour> sums;    // weight times difference; after Spread the difference itself
  };
  // Neighbouring cells of a row in which the mask fades.
  struct Run {
    int y, first, last;
  };
  void Gather(ConstImageView from, ConstImageView to);
  void Spread();
  void Expand();

  int size_px_;
  std::vector<uint8_t> fading_;  // how much each sample of every second row counts, 0 .. kMatchMostWeight
  std::vector<Run> runs_;
  std::vector<int16_t> counts_, sums_;  // of a run's columns
  std::vector<Grid> grids_;             // finest first
  std::vector<int16_t> rows_;           // the finest grid's rows at full width
};

}  // namespace lips
