#include "train/torch/trainer.h"

#include <ATen/Parallel.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/stats.h"
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
// Likewise, where there is more sound than pictures: else an ear that knows hours of it is bent to suit the minutes
// drawn.
constexpr double kMoreMouthShare = 0.5;
constexpr int64_t kCheckEvery = 64;  // steps between two looks at a device that is not waited for
constexpr double kAverageDecay = 0.998;
constexpr double kTakenShare = 0.1;  // of the learning rate, for what was taken over beside a new encoder

std::vector<float> Floats(const at::Tensor& tensor) {
  const at::Tensor on_cpu = tensor.cpu().contiguous();
  return {on_cpu.data_ptr<float>(), on_cpu.data_ptr<float>() + on_cpu.numel()};
}

at::Tensor Tensor1D(const std::vector<float>& values) {
  at::Tensor tensor = at::empty({std::ssize(values)});
  if (!values.empty()) std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
  return tensor;
}

// Networks with the same generator: with each audio encoder or none, with mouth parameters and without.
std::vector<ModelShape> ShapesBeside(const ModelShape& own) {
  std::vector<ModelShape> shapes;
  for (const int parameters : {0, kMouthParameters}) {
    ModelShape shape = own;
    shape.mouth_parameters = parameters;
    shape.learns_rows = false;
    shapes.push_back(shape);
    shape.learns_rows = true;
    for (const EncoderWidth& width : kEncoderWidths) {
      shape.encoder.channels = width.channels;
      shapes.push_back(shape);
    }
  }
  return shapes;
}

}  // namespace

struct Trainer::Lesson {
  Status status;
  at::Tensor losses;  // [2]
};

Trainer::Trainer(const TrainingSet& set, const MouthRegion& region, const ModelShape& shape,
                 const TrainerOptions& options)
    : set_(set), region_(region), model_(shape), options_(options), pool_(options.threads) {
  options_.workers = std::min(options_.workers, pool_.size());
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
  hearing_ = model_.Hearing().to(options_.device);
  losses_ = at::zeros_like(weights_.parameters.narrow(0, 0, 2));
  net_.number = options_.number;
  unusual_ = UnusualMouths(set_.mouths());
}

Error Trainer::Diverged() const {
  return Error(ErrorCode::kCorrupted, "the gradient is not finite at step " + std::to_string(step_) +
                                          ": the run diverged; continue from the last checkpoint with a lower "
                                          "--learning-rate");
}

Status Trainer::FindStarts(const StagePlan& plan) {
  std::vector<int64_t>& possible = possible_[plan.run_frames];
  if (possible.empty()) possible = set_.RunStarts(plan.run_frames, false);
  if (!possible.empty()) return {};
  return Error(ErrorCode::kInvalidInput,
               "no " + std::to_string(plan.run_frames) + " consecutive frames are left to learn from");
}

Result<Batch> Trainer::BatchFor(const StagePlan& plan, const Rect& cells, bool vary, Random& random) const {
  const std::vector<int64_t>& possible = possible_.at(plan.run_frames);
  std::vector<int64_t> starts;
  const auto any = [&] { return possible[static_cast<size_t>(random.Below(std::ssize(possible)))]; };
  for (int run = 0; run < plan.runs; ++run) {
    int64_t start = any();
    if (plan.pictures > 0 && !unusual_.empty()) {
      const auto unusual = [&](int64_t first) { return unusual_[static_cast<size_t>(first + plan.run_frames / 2)]; };
      if (const int64_t other = any(); unusual(other) > unusual(start)) start = other;
    }
    starts.push_back(start);
  }
  if (device_set_) return device_set_->MakeBatch(plan, cells, starts, vary, random);
  ASSIGN_OR_RETURN(const Batch batch, MakeBatch(set_, region_, plan, cells, starts, vary, random));
  return batch.To(options_.device);
}

Batch Trainer::MoreFor(const StagePlan& plan, Random& random) const {
  if (device_set_) return device_set_->MakeMoreBatch(plan.more_runs, plan.more_run_frames, random);
  return MakeMoreBatch(set_, plan.more_runs, plan.more_run_frames, random).To(options_.device);
}

Status Trainer::Begin() {
  Random random(options_.seed, 0xC0B1);
  const StagePlan plan = PlanAt(0.99, 0, {});
  RETURN_IF_ERROR(FindStarts(plan));
  const bool filmed = !set_.faces().header().has_resting;
  ASSIGN_OR_RETURN(const Batch batch, BatchFor(plan, filmed ? WholeFace() : region_.crop_cells, false, random));
  const auto measure = [&](WeightValues& values) -> Status {
    at::NoGradGuard no_grad;
    Replica& replica = *replicas_[0];
    replica.Load(values);
    replica.Prepare(NormMode::kLive, at::kFloat);
    NetOptions net;
    net.momentum = 1;
    const at::Tensor heard = Hear(model_, replica, net, batch.inputs, batch.known);
    Draw(model_, replica, net, batch.cells, batch.image, heard.index_select(0, batch.drawn));
    values.statistics.copy_(replica.statistics());
    return {};
  };
  WeightValues values = model_.Initial(options_.seed);
  RETURN_IF_ERROR(Guarded([&] { return StartAsCopy(model_, measure, values); }));
  StartFrom(values);
  return {};
}

void Trainer::StartFrom(const WeightValues& values) {
  at::NoGradGuard no_grad;
  for (WeightValues* weights : {&weights_, &average_}) {
    weights->parameters.copy_(values.parameters);
    weights->statistics.copy_(values.statistics);
  }
}

void Trainer::Learn(const StagePlan& plan, int worker, Lesson& lesson) {
  lesson.status = Guarded([&]() -> Status {
    at::init_num_threads();  // one: the setting is per thread
    Replica& replica = *replicas_[static_cast<size_t>(worker)];
    replica.Load(weights_);
    Random random(options_.seed, static_cast<uint64_t>(step_ * options_.workers + worker));
    const Rect cells = plan.whole ? WholeFace() : region_.crop_cells;
    ASSIGN_OR_RETURN(const Batch batch, BatchFor(plan, cells, true, random));
    const bool live = plan.stage == Stage::kSound || plan.stage == Stage::kMouth;
    replica.Prepare(live ? NormMode::kLive : NormMode::kFolded, options_.number);
    const bool listens = plan.hearing_share > 0;
    const at::Tensor heard = [&] {
      const at::AutoGradMode gradients(listens);
      return Hear(model_, replica, net_, batch.inputs, batch.known);
    }();
    at::Tensor loss;
    if (batch.mouth.defined() && listens) loss = MouthLoss(batch, ReadMouth(replica, heard));
    if (plan.more_runs > 0) {
      const Batch more = MoreFor(plan, random);
      const at::Tensor of_more =
          MouthLoss(more, ReadMouth(replica, Hear(model_, replica, net_, more.inputs, more.known)));
      // Each frame counts alike.
      const int frames = plan.runs * plan.run_frames;
      const int more_frames = plan.more_runs * plan.more_run_frames;
      loss = (loss * frames + of_more * more_frames) / (frames + more_frames);
    }
    const at::Tensor none = at::zeros_like(losses_[0]);
    const at::Tensor mouth = loss.defined() ? loss.detach() : none;
    at::Tensor picture = none;
    if (plan.pictures > 0) {
      const at::Tensor drawn = Draw(model_, replica, net_, cells, batch.image, heard.index_select(0, batch.drawn));
      const at::Tensor wrong = PictureLoss(batch, drawn);
      picture = wrong.detach();
      const double share = plan.more_runs > 0 ? kMoreMouthShare : kMouthShare;
      loss = loss.defined() ? wrong + share * loss : wrong;
    }
    lesson.losses = at::stack({picture, mouth});
    loss.backward();
    return {};
  });
}

Status Trainer::Step(const StagePlan& plan) {
  RETURN_IF_ERROR(FindStarts(plan));
  std::vector<Lesson> lessons(static_cast<size_t>(options_.workers));
  if (options_.workers == 1) {
    Learn(plan, 0, lessons[0]);
  } else {
    pool_.Run([&](const Worker& worker) {
      if (worker.index() < options_.workers) {
        Learn(plan, worker.index(), lessons[static_cast<size_t>(worker.index())]);
      }
    });
  }
  for (Lesson& lesson : lessons) RETURN_IF_ERROR(std::move(lesson.status));
  return Guarded([&]() -> Status {
    RETURN_IF_ERROR(Update(plan));
    for (const Lesson& lesson : lessons) losses_.add_(lesson.losses, 1.0 / options_.workers);
    ++summed_;
    return {};
  });
}

Result<StepLosses> Trainer::TakeLosses() {
  StepLosses losses;
  RETURN_IF_ERROR(Guarded([&]() -> Status {
    const std::vector<float> sums = Floats(losses_);
    if (!std::isfinite(sums[0]) || !std::isfinite(sums[1])) return Diverged();
    const auto steps = static_cast<double>(std::max<int64_t>(summed_, 1));
    losses = {sums[0] / steps, sums[1] / steps};
    losses_.zero_();
    summed_ = 0;
    return {};
  }));
  return losses;
}

Result<double> Trainer::MsOfStep(const StagePlan& plan) {
  RETURN_IF_ERROR(FindStarts(plan));
  constexpr int kWarmUp = 2;
  constexpr int kTimed = 3;
  Stopwatch watch;
  for (int k = 0; k < kWarmUp + kTimed; ++k) {
    Lesson lesson;
    Learn(plan, 0, lesson);
    RETURN_IF_ERROR(std::move(lesson.status));
    if (k + 1 != kWarmUp && k + 1 != kWarmUp + kTimed) continue;
    RETURN_IF_ERROR(Guarded([&]() -> Status {
      Floats(lesson.losses);
      Floats(replicas_[0]->gradient().narrow(0, 0, 1));  // waits for the device
      return {};
    }));
    if (k + 1 == kWarmUp) watch.Restart();
  }
  return watch.ElapsedMs() / kTimed;
}

Status Trainer::Settle(bool draws) {
  if (!options_.resident) return {};
  RETURN_IF_ERROR(Guarded([&]() -> Status {
    device_set_ = DeviceSet::Load(set_, region_, options_.device);
    return draws ? device_set_->TakePictures(pool_) : Status();
  }));
  if (!draws || options_.device.is_cpu()) return {};
  StagePlan plan = PlanAt(0.5, 0, {.batch = options_.batch});
  plan.stage = Stage::kFolded;
  std::array<double, 2> ms = {};
  for (const bool planes : {false, true}) {
    net_.depthwise_planes = planes;
    ASSIGN_OR_RETURN(ms[planes ? 1 : 0], MsOfStep(plan));
  }
  net_.depthwise_planes = ms[1] < ms[0];
  char text[160];
  std::snprintf(text, sizeof(text), "a step of %d pictures takes %.0f ms, with depthwise channels outermost %.0f ms",
                plan.runs * plan.pictures, ms[0], ms[1]);
  if (options_.say) options_.say(text);
  return {};
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
  const at::Tensor norm = gradient.norm();
  const bool look = options_.device.is_cpu() || step_ % kCheckEvery == 0;
  if (look && !std::isfinite(norm.item<double>())) return Diverged();
  gradient *= (kMostGradient / norm).clamp_max(1);
  ++step_;
  const auto step = static_cast<double>(step_);
  first_moment_.mul_(kFirstDecay).add_(gradient, 1 - kFirstDecay);
  second_moment_.mul_(kSecondDecay).addcmul_(gradient, gradient, 1 - kSecondDecay);
  const double first_scale = 1 / (1 - std::pow(kFirstDecay, step));
  const double second_scale = 1 / (1 - std::pow(kSecondDecay, step));
  at::Tensor move = first_moment_ * first_scale / ((second_moment_ * second_scale).sqrt_() + kEpsilon);
  move += kWeightDecay * weights_.parameters * decayed_;
  if (plan.pictures == 0) move *= hearing_;  // what draws stays as it is
  if (plan.stage == Stage::kSound && anew_.defined()) move *= kTakenShare + (1 - kTakenShare) * anew_;
  if (plan.hearing_share != 1) move *= 1 - (1 - plan.hearing_share) * hearing_;
  weights_.parameters.sub_(move, plan.learning_rate);
  weights_.statistics.copy_(statistics);
  const double keep = std::min(kAverageDecay, (1 + step) / (10 + step));
  average_.parameters.lerp_(weights_.parameters, 1 - keep);
  average_.statistics.lerp_(weights_.statistics, 1 - keep);
  return {};
}

Status Trainer::Save(TensorFile& file) const {
  if (!std::isfinite(weights_.parameters.sum().item<double>())) return Diverged();
  file.facts.Set("step", step_);
  file.facts.Set("seed", static_cast<int64_t>(options_.seed));
  file.facts.Set("workers", options_.workers);
  file.facts.Set("encoder_anew", anew_.defined());
  file.arrays["parameters"] = Floats(weights_.parameters);
  file.arrays["statistics"] = Floats(weights_.statistics);
  file.arrays["average_parameters"] = Floats(average_.parameters);
  file.arrays["average_statistics"] = Floats(average_.statistics);
  file.arrays["first_moment"] = Floats(first_moment_);
  file.arrays["second_moment"] = Floats(second_moment_);
  return {};
}

Status Trainer::TakeBeside(const TensorFile& file) {
  const auto parameters = file.arrays.find("average_parameters"), statistics = file.arrays.find("average_statistics");
  if (parameters == file.arrays.end() || statistics == file.arrays.end()) return Load(file);
  for (const ModelShape& shape : ShapesBeside(model_.shape)) {
    const Model other(shape);
    if (std::ssize(parameters->second) != other.layout.parameter_floats ||
        std::ssize(statistics->second) != other.layout.statistic_floats) {
      continue;
    }
    WeightValues values = model_.Initial(options_.seed);
    TakeOver(other.layout, {Tensor1D(parameters->second), Tensor1D(statistics->second)}, model_.layout, values);
    average_.parameters.copy_(values.parameters);
    average_.statistics.copy_(values.statistics);
    const bool same_encoder = shape.learns_rows && shape.encoder.channels == model_.shape.encoder.channels;
    if (model_.shape.learns_rows && !same_encoder) anew_ = model_.Encoding().to(options_.device);
    return {};
  }
  return Load(file);  // says what does not fit
}

Status Trainer::BeginWith(const TensorFile& file) {
  const auto parameters = file.arrays.find("parameters");
  const bool same = parameters != file.arrays.end() && std::ssize(parameters->second) == model_.layout.parameter_floats;
  RETURN_IF_ERROR(same ? Load(file) : TakeBeside(file));
  at::NoGradGuard no_grad;
  anew_ = same ? at::Tensor() : anew_;
  weights_.parameters.copy_(average_.parameters);
  weights_.statistics.copy_(average_.statistics);
  first_moment_.zero_();
  second_moment_.zero_();
  step_ = 0;
  return {};
}

Status Trainer::BeginWith(const StateDict& generator) {
  WeightValues values = model_.Initial(options_.seed);
  RETURN_IF_ERROR(TakeState(generator, model_.generator, model_.layout, values));
  StartFrom(values);
  if (model_.shape.learns_rows) anew_ = model_.Encoding().to(options_.device);
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
    tensor->copy_(Tensor1D(*values));
  }
  const Json* anew = file.facts.Find("encoder_anew");
  anew_ = anew != nullptr && anew->is_bool() && anew->as_bool() ? model_.Encoding().to(options_.device) : at::Tensor();
  step_ = step->as_int();
  return {};
}

}  // namespace lips
