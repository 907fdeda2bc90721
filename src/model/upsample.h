// A Resize that makes pictures larger, read for the passes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/edit.h"

namespace lips {

// Rows and columns of [N, C, H, W] made more, linearly, channel by channel.
struct Upsample {
  size_t node = 0;
  ValueId input = kNoValue;
  std::string_view mode;  // coordinate_transformation_mode, e.g. "align_corners"; a view into the node
  bool is_twice = false;  // exactly twice as many of each
};

// The Upsample that makes `id`; nothing when another node does.
std::optional<Upsample> UpsampleOf(const GraphEdit& edit, ValueId id);

}  // namespace lips
