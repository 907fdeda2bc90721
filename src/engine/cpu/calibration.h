// What a network's numbers ranged over on an avatar's frames, and the levels of 8 bits that follow from it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/cpu/packed_matrix.h"

namespace lips::cpu {

// The smallest and the largest number each channel took while frames ran.
struct Range {
  std::vector<float> low, high;
};

// Ranges of a graph's values by their names, and of what lies between depthwise convolution and projection of each
// InvertedResidual by the name of its output.
struct Calibration {
  std::map<std::string, Range, std::less<>> values, depths;
};

// Levels for a range, with a whole level that means zero; of `padded` channels, those beyond the range's never used.
QuantisationTable Quantise(const Range& range, int padded);

}  // namespace lips::cpu
