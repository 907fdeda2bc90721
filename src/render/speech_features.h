// The audio path on its own: a file's mel, encoder rows or generator windows as one tensor.
#pragma once

#include <optional>
#include <string_view>

#include "audio/window.h"
#include "base/file.h"
#include "base/result.h"
#include "engine/audio_encoder.h"
#include "tensor/tensor.h"

namespace lips {

enum class FeatureStage : uint8_t {
  kMel,      // [columns, 80]
  kEncoder,  // [rows, 512], first and last doubled: one row per 25-per-second frame
  kWindow,   // [rows, 16 * 512 seen as the generator's audio input]: [rows, 32, 16, 16]
};

// Computes the stage for the whole file in memory. `encoder` is needed for all but kMel. Errors: those of decoding;
// kInvalidInput when too short; kResourceLimit when the result would exceed 4 GB (render and serve stream instead).
Result<Tensor> ComputeSpeechFeatures(const Path& audio, FeatureStage stage, AudioEncoder* encoder, WindowEdge edge);

}  // namespace lips
