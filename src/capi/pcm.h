// Whatever samples a program has, as floats.
#pragma once

#include <cstddef>
#include <vector>

#include "capi/lipstream.h"

namespace lips::capi {

// Bytes of one value; 0 when there is no such format.
size_t BytesOf(lips_pcm format);

// Appends `count` values at `pcm` (any alignment) to `out`: integers divided by their range, so that full scale is
// [-1, 1).
void AppendFloats(lips_pcm format, const void* pcm, size_t count, std::vector<float>& out);

}  // namespace lips::capi
