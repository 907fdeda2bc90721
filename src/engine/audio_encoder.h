// The audio encoder network: mel windows to feature rows.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "engine/generator.h"
#include "engine/session.h"

namespace lips {

// One thread at a time. Rows do not depend on which others share a call (the batch is run in fixed-size pieces, so
// that streaming equals offline bit for bit).
class AudioEncoder {
 public:
  virtual ~AudioEncoder() = default;
  virtual int row_floats() const = 0;  // 512
  virtual std::string Describe() const = 0;
  // `inputs` is [count, 80, 16], `out` [count, row_floats]. Errors: kCorrupted when the network gave NaN or infinity.
  virtual Status Encode(std::span<const float> inputs, int64_t count, std::span<float> out) = 0;
};

// Errors as OpenGenerator's.
Result<std::unique_ptr<AudioEncoder>> OpenAudioEncoder(const Path& model, const GeneratorOptions& options);
Result<std::unique_ptr<AudioEncoder>> OpenAudioEncoder(const FilePart& model, const GeneratorOptions& options);

}  // namespace lips
