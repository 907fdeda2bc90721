// Cuts what depends on the picture alone out of a generator, as much of it as shall be kept per picture.
#pragma once

#include <cstdint>

#include "model/split.h"

namespace lips {

// What crosses from the head (run once per picture) to the tail (run for every frame).
enum class TemplateCut : uint8_t {
  kDeep = 1,      // as kSkips, but values that are cheap to compute from the picture are computed again
  kSkips = 2,     // the values CutByInput hands over: the deepest features and the skip connections
  kExpanded = 3,  // as kSkips, but products of those with weights cross in their place where that saves enough
};

// Reading a value out of a cache in memory takes about as long as a few dozen multiply-accumulates: 25 GB/s of memory
// against 100 to 500 GMAC/s are 16 to 80 MACs per f32 (half of that per bf16, whose arithmetic is twice as fast). So
// what costs less than this per value is computed again, and a product that costs at least this is kept.
inline constexpr int64_t kMacsPerCachedValue = 64;

// `graph` has known shapes (InferShapes) and operators of ONNX; `image_input` is an index into graph.inputs. In the
// tail, convolutions over concatenations are split and those of upsampled values commuted (passes.h), which is where
// products of single skip connections come from.
//
// The head's outputs are what crosses. The tail's inputs are, in this order: what crosses, in the order of the head's
// outputs; the image itself if `tail_takes_input` is set (kDeep only, and only where something is computed again); the
// graph's other inputs in their order. At least one value always crosses.
// Errors: those of CutByInput.
Result<SplitGraph> CutTemplate(const Graph& graph, int image_input, TemplateCut level);

}  // namespace lips
