// Steps that only move numbers: padding, joining, and tensors that are no maps.
//
// A tensor of any rank that is no picture, [1,896,16] say, is kept as a flat map: one pixel whose channels are the
// elements in the tensor's order.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "engine/cpu/program.h"

namespace lips::cpu {

// `x` with channels, rows and columns of `value` before it; `out` is so large that some come after it, too.
struct PadSpec {
  MapId x = kNoMap, out = kNoMap;
  std::array<int, 3> before = {0, 0, 0};  // channels, rows, columns
  float value = 0;
};
std::unique_ptr<Step> MakePad(const PadSpec& spec, std::span<const Map> maps);

// Channels of the first input, then of the second, and so on.
std::unique_ptr<Step> MakeConcat(std::vector<MapId> inputs, MapId out, std::span<const Map> maps);

// The picture `x` as the flat map of [N,H,W,C].
std::unique_ptr<Step> MakeFlat(MapId x, MapId out, std::span<const Map> maps);

// `outer` times: a chunk of the first input, a chunk of the second, ...; chunks[k] elements of input k. All flat.
std::unique_ptr<Step> MakeFlatConcat(std::vector<MapId> inputs, MapId out, int64_t outer, std::vector<int64_t> chunks,
                                     std::span<const Map> maps);

// A flat map's elements in the memory of `elements`, a tensor of f32.
std::unique_ptr<Step> MakeToElements(MapId x, MapId elements, std::span<const Map> maps);

}  // namespace lips::cpu
