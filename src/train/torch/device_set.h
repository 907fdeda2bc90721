// Everything a run learns from, in a device's memory, and batches made of it there: no step waits for a processor that
// decodes, varies or copies.
#pragma once

#include <ATen/ATen.h>

#include "base/result.h"
#include "base/thread_pool.h"
#include "train/mouth_region.h"
#include "train/random.h"
#include "train/schedule.h"
#include "train/torch/batch.h"
#include "train/training_set.h"

namespace lips {

// Pictures take 3 bytes a pixel, twice where there are resting ones; sound 25 KB a second. What the device's memory
// does not hold comes as torch's exception.
class DeviceSet {
 public:
  // The sound alone: a run that never draws needs no pictures. `set` and `region` outlive it.
  static DeviceSet Load(const TrainingSet& set, const MouthRegion& region, at::Device device);
  // The pictures, decoded on all threads of `pool`. Errors: those of reading them.
  Status TakePictures(ThreadPool& pool);
  bool has_pictures() const { return pictures_.defined(); }

  // As the functions of batch.h, whose numbers these are when `vary` is false; what varies is drawn by torch's
  // generator of the device, seeded from `random`. Plans with pictures take TakePictures first.
  Batch MakeBatch(const StagePlan& plan, const Rect& cells, std::span<const int64_t> starts, bool vary,
                  Random& random) const;
  Batch MakeMoreBatch(int64_t runs, int64_t frames, Random& random) const;

 private:
  struct Heard {
    at::Tensor mel;           // [columns, 80]; undefined where rows are given
    at::Tensor first_column;  // [rows] i64: where in the mel begins what a row hears
    at::Tensor given;         // [rows, floats], or undefined
    at::Tensor noise;         // [floats]: TrainingSet::row_noise
    at::Tensor mouth;         // [frames, 6], or undefined
    int64_t rows = 0;
  };
  static Heard HeardOf(const Sound& sound, std::span<const float> mouths, at::Device device);
  void Listen(const Heard& heard, std::span<const int64_t> starts, int64_t frames, bool vary, Batch& batch) const;

  const TrainingSet* set_ = nullptr;
  const MouthRegion* region_ = nullptr;
  at::Device device_ = at::kCPU;
  at::Tensor weight_;    // [S, S]
  at::Tensor pasted_;    // [S, S], or undefined
  at::Tensor pictures_;  // [frames, S, S, 3] u8, B, G, R
  at::Tensor resting_;   // likewise; undefined where there are none
  Heard heard_;
  Heard more_;
};

}  // namespace lips
