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
  at::Device device = at::kCPU;
  at::ScalarType number = at::kFloat;
};

struct Evaluation {
  int64_t frames = 0;
  double psnr_db = 0;                  // of the whole face picture
  double mouth_psnr_db = 0;            // within MouthRegion::box
  double shuffled_mouth_psnr_db = 0;   // with the sound of another held-out frame
  double reference_mouth_psnr_db = 0;  // of the reference picture: what a network that only copies reaches
  std::vector<double> correlations;    // HeardCorrelations
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
