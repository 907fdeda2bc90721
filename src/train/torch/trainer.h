// One training run in progress: weights, optimiser and workers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "train/mouth_region.h"
#include "train/schedule.h"
#include "train/tensor_file.h"
#include "train/torch/device_set.h"
#include "train/torch/model.h"
#include "train/training_set.h"

namespace lips {

struct TrainerOptions {
  uint64_t seed = 1;
  int threads = 1;  // for what is decoded and judged
  int workers = 1;  // of these: each learns from a batch of its own; gradients are averaged in a fixed order
  at::Device device = at::kCPU;
  at::ScalarType number = at::kFloat;
  int batch = 1;          // ScheduleOptions::batch, for what is measured beforehand
  bool resident = false;  // all there is to learn from lies in the device's memory; takes one worker
  std::function<void(const std::string& line)> say = {};  // what was found out, for a person
};

// What steps found, averaged over them and the workers.
struct StepLosses {
  double picture = 0;
  double mouth = 0;
};

// One thread at a time; uses `workers` of its own.
class Trainer {
 public:
  // `set` and `region` outlive it.
  Trainer(const TrainingSet& set, const MouthRegion& region, const ModelShape& shape, const TrainerOptions& options);

  // First weights: a copier of references (copy_start.h). For a run that does not continue another; call it before the
  // first Step. Errors: those of reading pictures.
  Status Begin();

  // Instead of Begin: the averaged weights of another run's Save; everything else begins anew. So does the audio
  // encoder where that run has none or one of another width; what is taken over then learns at a tenth of the rate
  // while there is sound alone, so that the new encoder comes to say what the rest already understands. Errors: those
  // of Load.
  Status BeginWith(const TensorFile& file);

  // Likewise with a generator's state dict, the audio encoder anew. Errors: those of TakeState.
  Status BeginWith(const StateDict& generator);

  // Takes what there is to learn from into the device's memory, where options say so, and finds out how a device other
  // than the CPU draws fastest; without `draws` the sound alone. Call it after Begin, BeginWith or Load. Errors: those
  // of reading pictures.
  Status Settle(bool draws);

  // AdamW with clipped gradients, and a moving average of the weights. On the CPU the same seed, step and weights give
  // the same result, bit for bit, with the same number of workers on the same machine; a GPU adds up in whatever order.
  // Errors: kCorrupted when a number is not finite any more, those of reading pictures. The CPU notices at once and
  // changes nothing then; another device is not waited for, and notices in TakeLosses or Save.
  Status Step(const StagePlan& plan);

  // Of the steps since the last call. Errors: kCorrupted when a number is not finite any more.
  Result<StepLosses> TakeLosses();

  int64_t step() const { return step_; }
  const Model& model() const { return model_; }
  bool encoder_anew() const { return anew_.defined(); }     // the audio encoder alone, beside what BeginWith took over
  const WeightValues& average() const { return average_; }  // what is evaluated and exported
  const TrainerOptions& options() const { return options_; }
  ThreadPool& pool() { return pool_; }

  // Everything a continued run needs. Errors: kCorrupted when a number is not finite any more.
  Status Save(TensorFile& file) const;
  // Errors: kInvalidInput when `file` is of another shape.
  Status Load(const TensorFile& file);

 private:
  struct Lesson;
  Error Diverged() const;
  Status FindStarts(const StagePlan& plan);
  Result<Batch> BatchFor(const StagePlan& plan, const Rect& cells, bool vary, Random& random) const;
  Batch MoreFor(const StagePlan& plan, Random& random) const;
  Result<double> MsOfStep(const StagePlan& plan);
  void StartFrom(const WeightValues& values);
  // The averaged weights of a run with the same generator into average_, as far as they have a place here.
  Status TakeBeside(const TensorFile& file);
  void Learn(const StagePlan& plan, int worker, Lesson& lesson);
  Status Update(const StagePlan& plan);

  const TrainingSet& set_;
  const MouthRegion& region_;
  Model model_;
  TrainerOptions options_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<Replica>> replicas_;
  WeightValues weights_;
  WeightValues average_;
  std::optional<DeviceSet> device_set_;
  NetOptions net_;
  std::vector<float> unusual_;                    // each frame's mouth; of two frames the more unusual one is drawn
  std::map<int, std::vector<int64_t>> possible_;  // TrainingSet::RunStarts by length
  at::Tensor losses_;                             // [2]: sums of pictures' and mouths'
  int64_t summed_ = 0;
  at::Tensor first_moment_;
  at::Tensor second_moment_;
  at::Tensor decayed_;  // 1 for the weights of convolutions, 0 for the rest
  at::Tensor hearing_;  // Model::Hearing
  at::Tensor anew_;     // Model::Encoding where the rest was taken over; undefined: nothing was, or everything
  int64_t step_ = 0;
};

// Makes `body` a place where torch's exceptions become an Error.
template <typename Body>
Status Guarded(const Body& body) {
  try {
    return body();
  } catch (const std::exception& failure) {
    const std::string text = failure.what();
    return Error(ErrorCode::kResourceLimit, "torch: " + text.substr(0, text.find('\n')));
  }
}

}  // namespace lips
