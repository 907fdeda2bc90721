// Steps whose pixels come from several pixels of the same channel: pools and enlargements.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "engine/cpu/program.h"
#include "model/window.h"

namespace lips::cpu {

// The largest number of each window, or the mean; in the mean those in the padding count as zeros with `count_pads`.
struct PoolSpec {
  MapId x = kNoMap, out = kNoMap;
  bool maximum = true;
  bool count_pads = false;
  std::array<WindowAxis, 2> axes = {};
};

std::unique_ptr<Step> MakePool(PoolSpec spec, std::span<const Map> maps);

// Where each position of an axis reads: low[i] and high[i], the second with `fraction`.
struct BlendAxis {
  std::vector<int> low, high;
  std::vector<float> fraction;
};

// Bilinear; any sizes.
struct ResizeSpec {
  MapId x = kNoMap, out = kNoMap;
  BlendAxis rows = {}, columns = {};
};

std::unique_ptr<Step> MakeResize(ResizeSpec spec, std::span<const Map> maps);

}  // namespace lips::cpu
