// Proves that what an avatar is rendered with does what it should: compositing, engine, cache, streaming, precisions.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"
#include "render/job.h"
#include "verify/metric.h"

namespace lips {

struct AvatarProofRequest {
  JobRequest job;  // `audio` may be empty where the package has features of its own
  int frames = 2;  // for the engine against the reference, which takes seconds a frame
  std::function<void(const std::string& step)> progress;
  const StopFlag* stop = nullptr;
};

struct AvatarProof {
  std::string avatar, engine, reference;
  std::vector<Metric> metrics;
  Json ToJson() const;
};

// Metrics: "identity" (55 dB; the template's own mouth pasted as the reference does), "natural identity" (0 changed
// samples), "engine" (45 dB of the mouth against --engine reference), "cache" and "batch" (0 different samples between
// pictures and templates, together and alone; of engine cuda "batch" is 2 levels), "streaming" (0 different values
// between pieces and the whole), "gate streaming", and "bf16", "int8" (told: dB of the mouth against f32 of our own
// engine). What cannot be measured (no network, no audio) is not a number. Errors: those of opening and running.
Result<AvatarProof> ProveAvatar(const AvatarProofRequest& request);

}  // namespace lips
