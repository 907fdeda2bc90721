// How good a network is on frames it never learned from.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "image/image.h"
#include "train/mouth_region.h"
#include "train/torch/model.h"
#include "train/training_set.h"

namespace lips {

struct EvaluateOptions {
  int64_t most_frames = 400;  // drawn, evenly spaced among the held-out ones
  int64_t most_heard = 2400;  // likewise
  int sheet_frames = 0;       // that many of them side by side: target, prediction, reference
  bool in_use = false;        // also Evaluation::in_use
  at::Device device = at::kCPU;
  at::ScalarType number = at::kFloat;
};

// PSNR in dB of some pictures against what they should be.
struct Likeness {
  double face = 0;    // whole pictures, of all squared errors together
  double mouth = 0;   // in MouthOf (image/mouth_area.h), mean of the pictures'
  double moving = 0;  // in MouthRegion::box, of all squared errors together
};

// Of one network with one kind of reference.
struct Drawings {
  Likeness right;      // with the sound of the frame
  Likeness other;      // with that of another held-out frame
  Likeness reference;  // the reference itself: what a network that only copies reaches
};

struct Evaluation {
  int64_t frames = 0;
  Drawings learned;  // references as while learning
  // Each frame its own reference, with the true mouth in it, as a template's frame is in use. What it shows more than
  // `learned` may be copied, so it says something only together with its `other`; its `reference` is not measured. Not
  // where there are resting pictures.
  std::optional<Drawings> in_use;
  std::vector<double> correlations;  // HeardCorrelations
  std::optional<Image> sheet;
};

// Correlation of each mouth parameter read from the sound with the true one, over at most `most_frames` held-out
// frames; empty where the mouth is unknown or held-out frames are not in runs.
Result<std::vector<double>> HeardCorrelations(const TrainingSet& set, const Model& model, const WeightValues& weights,
                                              ThreadPool& pool, const EvaluateOptions& options);

// Frames of the set itself where none is held out. Errors: those of reading pictures and of torch.
Result<Evaluation> Evaluate(const TrainingSet& set, const MouthRegion& region, const Model& model,
                            const WeightValues& weights, ThreadPool& pool, const EvaluateOptions& options);

}  // namespace lips
