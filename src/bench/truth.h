// The right pictures of a benchmark's frames, and how far from them an engine's are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "bench/contender.h"
#include "image/image.h"

namespace lips {

inline constexpr double kIdenticalDb = 120;  // stands for the infinite PSNR of equal pictures, which JSON lacks

// Peak signal-to-noise ratio of 8-bit pictures over all frames and channels together, in dB; kIdenticalDb when not one
// byte differs. `used` [height, width] limits it to its nonzero pixels; empty: all. Same number and sizes on both
// sides.
double PsnrDb(std::span<const Image> expected, std::span<const Image> actual, std::span<const uint8_t> used);

// The material's pictures by the reference engine, or by ONNX Runtime where that lacks an operator. Errors: those of
// the engines.
Result<std::vector<Image>> TruePictures(const Graph& graph, const GeneratorBinding& binding,
                                        const FaceSamples& material);

// Every frame of the material, one at a time, by `contender`. Errors: its own.
Result<std::vector<Image>> PicturesOf(Contender& contender, size_t frames);

}  // namespace lips
