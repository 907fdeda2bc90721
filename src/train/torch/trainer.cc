#include "train/torch/trainer.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "train/torch/batch.h"
#include "train/torch/copy_start.h"

namespace lips {
namespace {

constexpr double kFirstDecay = 0.9;
constexpr double kSecondDecay = 0.99;  // short runs: thousands of steps
constexpr double kEpsilon = 1e-8;
constexpr double kWeightDecay = 1e-3;
constexpr double kMostGradient = 1.0;  // norm
constexpr double kMouthShare = 0.05;   // of mouth parameters in the loss, once there are pictures
constexpr double kAverageDecay = 0.998;

std::vector<float> Floats(const at::Tensor& tensor) {
  const at::Tensor on_cpu = tensor.cpu().contiguous();
  return {on_cpu.data_ptr<float>(), on_cpu.data_ptr<float>() + on_cpu.numel()};
}

}  // namespace

struct Trainer::Lesson {
  Status status;
  StepLosses losses;
};

Trainer::Trainer(const TrainingSet& set, const MouthRegion& region, const ModelShape& shape,
                 const TrainerOptions& options)
    : set_(set), region_(region), model_(shape), options_(options), pool_(options.workers) {
  options_.workers = pool_.size();
  for (int k = 0; k < options_.workers; ++k) {
    replicas_.push_back(std::make_unique<Replica>(model_.layout, options_.device));
  }
  const WeightValues initial = model_.Initial(options_.seed);
  weights_ = {initial.parameters.to(options_.device), initial.statistics.to(options_.device)};
  average_ = {weights_.parameters.clone(), weights_.statistics.clone()};
  first_moment_ = at::zeros_like(weights_.parameters);
  second_moment_ = at::zeros_like(weights_.parameters);
  at::Tensor decayed = at::zeros({model_.layout.parameter_floats});
  for (const auto& [name, slot] : model_.layout.parameters) {
    if (slot.dims.size() > 1) decayed.narrow(0, slot.offset, ElementCount(slot.dims).value()).fill_(1);
  }
  decayed_ = decayed.to(options_.device);
}

Status Trainer::Begin() {
  Random random(options_.seed, 0xC0B1);
  const StagePlan plan = PlanAt(0.99, 0, {});
  const std::vector<int64_t> possible = set_.RunStarts(plan.run_frames, false);
  if (possible.empty()) return Error(ErrorCode::kInvalidInput, "there are too few frames in a row to learn from");
  std::vector<int64_t> starts;
  for (int run = 0; run < plan.runs; ++run) {
    starts.push_back(possible[static_cast<size_t>(random.Below(static_cast<int64_t>(possible.size())))]);
  }
  ASSIGN_OR_RETURN(const Batch on_cpu, MakeBatch(set_, region_, plan, region_.crop_cells, starts, false, random));
  const auto measure = [&](WeightValues& values) -> Status {
    at::NoGradGuard no_grad;
    const Batch batch = on_cpu.To(options_.device);
    Replica& replica = *replicas_[0];
    replica.Load(values);
    NetOptions net;
    net.norm = NormMode::kLive;
    net.momentum = 1;
    const at::Tensor heard = Hear(model_, replica, net, batch.inputs, batch.known);
    Draw(model_, replica, net, batch.cells, batch.image, heard.index_select(0, batch.drawn));
    values.statistics.copy_(replica.statistics());
    return {};
  };
  WeightValues values = model_.Initial(options_.seed);
  RETURN_IF_ERROR(Guarded([&] { return StartAsCopy(model_, measure, values); }));
  at::NoGradGuard no_grad;
  weights_.parameters.copy_(values.parameters);
  weights_.statistics.copy_(values.statistics);
  average_.parameters.copy_(values.parameters);
  average_.statistics.copy_(values.statistics);
  return {};
}

void Trainer::Learn(const StagePlan& plan, int worker, Lesson& lesson) {
  lesson.status = Guarded([&]() -> Status {
    at::init_num_threads();  // one: the setting is per thread
    Replica& replica = *replicas_[static_cast<size_t>(worker)];
    replica.Load(weights_);
    Random random(options_.seed, static_cast<uint64_t>(step_ * options_.workers + worker));
    const std::vector<int64_t> possible = set_.RunStarts(plan.run_frames, false);
    if (possible.empty()) {
      return Error(ErrorCode::kInvalidInput,
                   "no " + std::to_string(plan.run_frames) + " consecutive frames are left to learn from");
    }
    std::vector<int64_t> starts;
    for (int run = 0; run < plan.runs; ++run) {
      starts.push_back(possible[static_cast<size_t>(random.Below(static_cast<int64_t>(possible.size())))]);
    }
    const Rect cells = plan.stage == Stage::kFace ? WholeFace() : region_.crop_cells;
    ASSIGN_OR_RETURN(const Batch on_cpu, MakeBatch(set_, region_, plan, cells, starts, true, random));
    const Batch batch = on_cpu.To(options_.device);
    NetOptions net;
    net.norm = plan.stage == Stage::kSound || plan.stage == Stage::kMouth ? NormMode::kLive : NormMode::kFolded;
    net.number = options_.number;
    const at::Tensor heard = Hear(model_, replica, net, batch.inputs, batch.known);
    at::Tensor loss;
    if (batch.mouth.defined()) loss = MouthLoss(batch, ReadMouth(replica, heard));
    if (plan.more_runs > 0) {
      const Batch more = MakeMoreBatch(set_, plan.more_runs, plan.more_run_frames, random).To(options_.device);
      const at::Tensor of_more =
          MouthLoss(more, ReadMouth(replica, Hear(model_, replica, net, more.inputs, more.known)));
      // Each frame counts alike.
      const int frames = plan.runs * plan.run_frames;
      const int more_frames = plan.more_runs * plan.more_run_frames;
      loss = (loss * frames + of_more * more_frames) / (frames + more_frames);
    }
    if (loss.defined()) lesson.losses.mouth = loss.item<double>();
    if (plan.pictures > 0) {
      const at::Tensor drawn = Draw(model_, replica, net, cells, batch.image, heard.index_select(0, batch.drawn));
      const at::Tensor picture = PictureLoss(batch, drawn);
      lesson.losses.picture = picture.item<double>();
      loss = loss.defined() ? picture + kMouthShare * loss : picture;
    }
    loss.backward();
    return {};
  });
}

Result<StepLosses> Trainer::Step(const StagePlan& plan) {
  std::vector<Lesson> lessons(static_cast<size_t>(options_.workers));
  pool_.Run([&](const Worker& worker) { Learn(plan, worker.index(), lessons[static_cast<size_t>(worker.index())]); });
  StepLosses losses;
  for (Lesson& lesson : lessons) {
    RETURN_IF_ERROR(std::move(lesson.status));
    losses.picture += lesson.losses.picture / options_.workers;
    losses.mouth += lesson.losses.mouth / options_.workers;
  }
  RETURN_IF_ERROR(Guarded([&] { return Update(plan); }));
  return losses;
}

Status Trainer::Update(const StagePlan& plan) {
  at::NoGradGuard no_grad;
  at::Tensor gradient = replicas_[0]->gradient().clone();
  at::Tensor statistics = replicas_[0]->statistics().clone();
  for (size_t k = 1; k < replicas_.size(); ++k) {
    gradient += replicas_[k]->gradient();
    statistics += replicas_[k]->statistics();
  }
  gradient /= options_.workers;
  statistics /= options_.workers;
  const double norm = gradient.norm().item<double>();
  if (!std::isfinite(norm)) {
    return Error(ErrorCode::kCorrupted, "the gradient is not finite at step " + std::to_string(step_) +
                                            ": the run diverged; continue from the last checkpoint with a lower "
                                            "--learning-rate");
  }
  if (norm > kMostGradient) gradient *= kMostGradient / norm;
  ++step_;
  const auto step = static_cast<double>(step_);
  first_moment_.mul_(kFirstDecay).add_(gradient, 1 - kFirstDecay);
  second_moment_.mul_(kSecondDecay).addcmul_(gradient, gradient, 1 - kSecondDecay);
  const double first_scale = 1 / (1 - std::pow(kFirstDecay, step));
  const double second_scale = 1 / (1 - std::pow(kSecondDecay, step));
  const at::Tensor move = first_moment_ * first_scale / ((second_moment_ * second_scale).sqrt_() + kEpsilon);
  weights_.parameters.sub_(weights_.parameters * decayed_, plan.learning_rate * kWeightDecay);
  weights_.parameters.sub_(move, plan.learning_rate);
  weights_.statistics.copy_(statistics);
  const double keep = std::min(kAverageDecay, (1 + step) / (10 + step));
  average_.parameters.lerp_(weights_.parameters, 1 - keep);
  average_.statistics.lerp_(weights_.statistics, 1 - keep);
  return {};
}

void Trainer::Save(TensorFile& file) const {
  file.facts.Set("step", step_);
  file.facts.Set("seed", static_cast<int64_t>(options_.seed));
  file.facts.Set("workers", options_.workers);
  file.arrays["parameters"] = Floats(weights_.parameters);
  file.arrays["statistics"] = Floats(weights_.statistics);
  file.arrays["average_parameters"] = Floats(average_.parameters);
  file.arrays["average_statistics"] = Floats(average_.statistics);
  file.arrays["first_moment"] = Floats(first_moment_);
  file.arrays["second_moment"] = Floats(second_moment_);
}

Status Trainer::BeginWith(const TensorFile& file) {
  RETURN_IF_ERROR(Load(file));
  at::NoGradGuard no_grad;
  weights_.parameters.copy_(average_.parameters);
  weights_.statistics.copy_(average_.statistics);
  first_moment_.zero_();
  second_moment_.zero_();
  step_ = 0;
  return {};
}

Status Trainer::Load(const TensorFile& file) {
  std::vector<std::pair<const std::vector<float>*, at::Tensor*>> pairs;
  const std::array<std::pair<const char*, at::Tensor*>, 6> all = {{{"parameters", &weights_.parameters},
                                                                   {"statistics", &weights_.statistics},
                                                                   {"average_parameters", &average_.parameters},
                                                                   {"average_statistics", &average_.statistics},
                                                                   {"first_moment", &first_moment_},
                                                                   {"second_moment", &second_moment_}}};
  for (const auto& [name, tensor] : all) {
    const auto found = file.arrays.find(name);
    if (found == file.arrays.end() || static_cast<int64_t>(found->second.size()) != tensor->numel()) {
      return Error(ErrorCode::kInvalidInput,
                   "the checkpoint is of a network of another shape; continue with the options "
                   "it was started with, or choose another output folder");
    }
    pairs.emplace_back(&found->second, tensor);
  }
  const Json* step = file.facts.Find("step");
  if (step == nullptr || !step->is_int()) return Error(ErrorCode::kCorrupted, "the checkpoint does not tell its step");
  for (const auto& [values, tensor] : pairs) {
    at::Tensor loaded = at::empty({static_cast<int64_t>(values->size())});
    if (!values->empty()) std::memcpy(loaded.data_ptr<float>(), values->data(), values->size() * sizeof(float));
    tensor->copy_(loaded);
  }
  step_ = step->as_int();
  return {};
}

}  // namespace lips
