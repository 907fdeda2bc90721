// The steps between a program's maps and the memory of its callers.
#pragma once

#include <memory>

#include "engine/cpu/program.h"

namespace lips::cpu {

// f32 [N,C,H,W] in the memory of `planes` to `out`.
std::unique_ptr<Step> MakeFromPlanes(MapId planes, MapId out, std::span<const Map> maps);
// A FacePair in the memory of `faces` to the six channels of `out`.
std::unique_ptr<Step> MakeFromFaces(MapId faces, MapId out, std::span<const Map> maps);
// `x` to f32 [N,C,H,W] in the memory of `planes`.
std::unique_ptr<Step> MakeToPlanes(MapId x, MapId planes, std::span<const Map> maps);

}  // namespace lips::cpu
