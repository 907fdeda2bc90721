// Runs of consecutive frames as tensors, and what a network gets wrong on them.
#pragma once

#include <ATen/ATen.h>

#include <span>

#include "base/result.h"
#include "image/view.h"
#include "train/mouth_region.h"
#include "train/random.h"
#include "train/schedule.h"
#include "train/training_set.h"

namespace lips {

struct Batch {
  at::Tensor inputs;  // [runs, frames + 15, row floats or 80 * 16]
  at::Tensor known;   // [runs, frames + 15]
  at::Tensor mouth;   // [runs, frames, 6]; undefined where unknown
  Rect cells;         // the part of the face below, in cells
  at::Tensor target;  // [runs * pictures, 3, h, w] f32, B, G, R in [0, 1]; undefined without pictures
  at::Tensor image;   // [runs * pictures, 6, h, w]: what the generator sees
  at::Tensor weight;  // [h, w]: of each pixel in the losses, mean 1
  at::Tensor drawn;   // [runs * pictures] i64: which of the runs' frames the pictures are
  int pictures = 0;   // of each run, consecutive
  Batch To(at::Device device) const;
};

// Runs that begin at `starts`; the pictures are the first ones of each run's frames from a random one on. References
// are resting pictures where there are any, else random frames, or of them what MouthRegion::pasted says. `random`
// varies the sound, too, when `vary`.
Result<Batch> MakeBatch(const TrainingSet& set, const MouthRegion& region, const StagePlan& plan, const Rect& cells,
                        std::span<const int64_t> starts, bool vary, Random& random);

// Hearing alone: `runs` runs of `frames` frames of the sound that is heard only, drawn by `random`, which varies it,
// too.
Batch MakeMoreBatch(const TrainingSet& set, int64_t runs, int64_t frames, Random& random);

// Mean absolute difference and that of gradients, weighted by pixel, plus that of the change from a picture to the next
// one of its run. `drawn` as Batch::target.
at::Tensor PictureLoss(const Batch& batch, const at::Tensor& drawn);

// `read` is [runs * frames, 6].
at::Tensor MouthLoss(const Batch& batch, const at::Tensor& read);

Rect Intersection(const Rect& a, const Rect& b);  // empty where they do not meet
inline Rect WholeFace() { return {0, 0, kCells, kCells}; }

}  // namespace lips
