// The smooth field of colours that makes two pictures agree along the border of a mask.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "image/view.h"

namespace lips {

// Differences `to - from` are averaged in cells of 16 pixels where a mask fades, and spread from there over the whole
// picture: each cell takes from the next coarser grid what it has not seen itself. The further two pixels are apart,
// the less they count: where one picture has a collar and the other a neck, no light differs. Scratch memory only; one
// thread at a time.
class BorderMatch {
 public:
  static constexpr int kCell = 16;
  static constexpr int kMostLevels = 12;  // a match never moves a sample further: what differs more is no lighting

  // `mask` is [size_px, size_px], 0..255; size_px is a multiple of kCell.
  BorderMatch(std::span<const uint8_t> mask, int size_px);

  // The field for pictures of the mask's size.
  void Fit(ConstImageView from, ConstImageView to);
  // Row `y` of it: 3 * size_px levels, B, G, R, valid until the next call.
  std::span<const int16_t> Row(int y);

 private:
  struct Grid {
    int side = 0;
    std::vector<float> weight;               // [side, side]
    std::vector<std::array<float, 3>> sums;  // weight times difference; after Spread the difference itself
  };
  void Gather(ConstImageView from, ConstImageView to);
  void Spread();
  void Expand();

  int size_px_;
  std::vector<uint8_t> fading_;  // how much each pixel counts
  std::vector<bool> fades_;      // of the finest grid: the cells where any does
  std::vector<Grid> grids_;      // finest first
  std::vector<int16_t> rows_;    // the finest grid's rows at full width, 16 times a level
  std::vector<int16_t> row_;
};

}  // namespace lips
