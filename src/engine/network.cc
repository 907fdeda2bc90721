#include "engine/network.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/stats.h"
#include "engine/cpu/generator.h"
#include "engine/cuda/generator.h"
#include "engine/generator_input.h"
#include "engine/proof.h"
#include "engine/session_input.h"
#include "image/unit.h"
#include "model/binding.h"
#include "model/half_graph.h"
#include "model/split.h"

namespace lips {
namespace {

// Frames that go through a device together at most: its memory holds their inputs for every size in use.
constexpr size_t kDeviceFrames = 32;

// What the head computes from one face, for one frame of the batch.
class FaceTemplate : public Generator::Template {
 public:
  std::vector<Tensor> features;         // the tail's inputs before the audio, ...
  std::unique_ptr<Session::Kept> kept;  // ... or where sessions keep: in the device's memory
  size_t bytes() const override {
    size_t sum = kept != nullptr ? kept->bytes() : 0;
    for (const Tensor& feature : features) sum += feature.bytes();
    return sum;
  }
};

// Refers to `tensor` without allocating once `view` has been used for a tensor of that rank.
void Point(TensorView& view, const Tensor& tensor) {
  view.dtype = tensor.dtype();
  view.dims = tensor.dims();
  view.data = tensor.data();
}

// Models with a batch of B > 1 always run B frames; those of a batch left open run one at a time, which no backend
// does more slowly per frame and which needs no copying; but where sessions keep, on a device, as many at once as are
// there, in powers of two.
class NetworkGenerator : public Generator {
 public:
  NetworkGenerator(GeneratorBinding binding, std::string binding_text, std::unique_ptr<Session> head,
                   std::unique_ptr<Session> tail, size_t feature_count, size_t output_count)
      : binding_(std::move(binding)),
        binding_text_(std::move(binding_text)),
        batch_(std::max<int64_t>(1, binding_.fixed_batch)),
        head_(std::move(head)),
        tail_(std::move(tail)),
        head_image_(DType::kF32, {batch_, 6, binding_.size_px, binding_.size_px}),
        head_outputs_(batch_ > 1 ? feature_count : 0),
        feature_count_(feature_count),
        tail_audio_(DType::kF32, {batch_, binding_.audio_dims[0], binding_.audio_dims[1], binding_.audio_dims[2]}),
        tail_batch_(batch_ > 1 ? feature_count : 0),
        tail_inputs_(feature_count + 1),
        tail_outputs_(output_count),
        keeps_(batch_ == 1 && head_->keeps() && tail_->keeps()),
        tail_views_(output_count) {}

  int size_px() const override { return binding_.size_px; }
  Dims audio_dims() const override { return binding_.audio_dims; }
  int64_t audio_floats() const override { return binding_.audio_floats(); }
  std::string Describe() const override { return tail_->Describe() + "; " + binding_text_; }
  std::string engine() const { return tail_->Describe(); }
  int preferred_jobs() const override { return stacks_ ? static_cast<int>(kDeviceFrames) / 2 : 1; }

  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                            std::unique_ptr<Template> reuse) override;
  Status Generate(std::span<const Job> jobs) override;

  // One frame of made-up input through head and tail, twice: the first run is the warm-up, which also teaches the
  // backend its shapes, the second is how frames are made from then on. Inputs are left in `inputs`, in graph order.
  Result<Tensor> RunSample(std::vector<Tensor>& inputs);

 private:
  int64_t plane_floats() const { return int64_t{3} * binding_.size_px * binding_.size_px; }
  bool Batched(const Tensor& feature) const {
    const bool floats = feature.dtype() == DType::kF32 || feature.dtype() == DType::kF16;
    return batch_ > 1 && floats && !feature.dims().empty() && feature.dims()[0] == batch_;
  }
  Status RunHead(FaceTemplate& face);
  Status CheckJob(const Job& job, size_t index) const;
  size_t PieceOf(size_t jobs) const;
  Status RunTail(std::span<const Job> jobs);  // PieceOf() of them
  Status RunTailOnDevice(std::span<const Job> jobs);
  void GatherFeature(size_t index, std::span<const Job> jobs);
  Result<std::span<const float>> Pictures(size_t count) const;  // of the last RunTail

  GeneratorBinding binding_;
  std::string binding_text_;
  int64_t batch_;
  std::unique_ptr<Session> head_;
  std::unique_ptr<Session> tail_;

  // Prepare's own; only frame 0 of a batch is ever filled.
  Tensor head_image_;
  TensorView head_input_;
  std::vector<Tensor> head_outputs_;  // of a whole batch
  std::vector<bool> batched_;         // per feature: has a batch axis; written by the first Prepare, at open
  size_t feature_count_;

  // Generate's own.
  Tensor tail_audio_;
  std::vector<Tensor> tail_batch_;  // features of all frames of a batch
  std::vector<TensorView> tail_inputs_;
  std::vector<Tensor> tail_outputs_;

  // Where sessions keep.
  bool keeps_ = false;
  bool stacks_ = false;  // several frames' features form a batch; known from the first Prepare on, at open
  std::vector<const Session::Kept*> tail_kept_;
  std::vector<TensorView> tail_views_;
};

const FaceTemplate* AsFace(const Generator::Template* face) { return dynamic_cast<const FaceTemplate*>(face); }

Status NetworkGenerator::RunHead(FaceTemplate& face) {
  Point(head_input_, head_image_);
  if (keeps_) {
    ASSIGN_OR_RETURN(face.kept, head_->RunToKeep({&head_input_, 1}, std::move(face.kept)));
    return {};
  }
  face.features.resize(feature_count_);
  if (batch_ == 1) return head_->Run({&head_input_, 1}, face.features);
  RETURN_IF_ERROR(head_->Run({&head_input_, 1}, head_outputs_));
  if (batched_.empty()) {
    for (const Tensor& output : head_outputs_) batched_.push_back(Batched(output));
  }
  for (size_t i = 0; i < head_outputs_.size(); ++i) {
    const Tensor& from = head_outputs_[i];
    Dims dims = from.dims();
    if (batched_[i]) dims[0] = 1;
    face.features[i].Resize(from.dtype(), dims);
    if (face.features[i].bytes() > 0) std::memcpy(face.features[i].data(), from.data(), face.features[i].bytes());
  }
  return {};
}

Result<std::unique_ptr<Generator::Template>> NetworkGenerator::Prepare(ConstImageView roi, ConstImageView masked,
                                                                       std::unique_ptr<Template> reuse) {
  RETURN_IF_ERROR(CheckFaces(*this, roi, masked));
  auto* recycled = dynamic_cast<FaceTemplate*>(reuse.get());
  std::unique_ptr<FaceTemplate> face = recycled != nullptr ? std::unique_ptr<FaceTemplate>(recycled) : nullptr;
  if (recycled != nullptr) static_cast<void>(reuse.release());  // `face` owns it now
  if (face == nullptr) face = std::make_unique<FaceTemplate>();
  const auto plane = static_cast<size_t>(plane_floats());
  ToUnit(roi, head_image_.As<float>().first(plane));
  ToUnit(masked, head_image_.As<float>().subspan(plane, plane));
  RETURN_IF_ERROR(RunHead(*face));
  return std::unique_ptr<Template>(std::move(face));
}

Status NetworkGenerator::CheckJob(const Job& job, size_t index) const {
  const std::string name = "job " + std::to_string(index);
  const FaceTemplate* face = AsFace(job.face);
  if (face == nullptr || (keeps_ ? face->kept == nullptr : face->features.size() != feature_count_)) {
    return Error(ErrorCode::kInvalidInput, name + " has no template of this generator");
  }
  return CheckJobSizes(*this, job, name);
}

// Frames beyond the last job repeat it.
void NetworkGenerator::GatherFeature(size_t index, std::span<const Job> jobs) {
  const Tensor& first = AsFace(jobs[0].face)->features[index];
  if (!batched_[index]) {
    Point(tail_inputs_[index], first);
    return;
  }
  Dims dims = first.dims();
  dims[0] = batch_;
  Tensor& all = tail_batch_[index];
  all.Resize(first.dtype(), dims);
  for (size_t frame = 0; frame < static_cast<size_t>(batch_); ++frame) {
    const Tensor& one = AsFace(jobs[std::min(frame, jobs.size() - 1)].face)->features[index];
    if (one.bytes() == first.bytes()) std::memcpy(all.data() + frame * first.bytes(), one.data(), first.bytes());
  }
  Point(tail_inputs_[index], all);
}

size_t NetworkGenerator::PieceOf(size_t jobs) const {
  if (!keeps_) return std::min(static_cast<size_t>(batch_), jobs);
  return stacks_ ? std::min(kDeviceFrames, std::bit_floor(jobs)) : 1;
}

Status NetworkGenerator::RunTailOnDevice(std::span<const Job> jobs) {
  const auto row = static_cast<size_t>(audio_floats());
  tail_kept_.clear();
  for (const Job& job : jobs) tail_kept_.push_back(AsFace(job.face)->kept.get());
  TensorView& audio = tail_inputs_.back();
  Dims dims = tail_audio_.dims();
  dims[0] = static_cast<int64_t>(jobs.size());
  tail_audio_.Resize(DType::kF32, dims);
  Point(audio, tail_audio_);
  if (jobs.size() == 1) {
    audio.data = reinterpret_cast<const uint8_t*>(jobs[0].audio.data());
  } else {
    for (size_t i = 0; i < jobs.size(); ++i) {
      std::ranges::copy(jobs[i].audio, tail_audio_.As<float>().subspan(i * row, row).begin());
    }
  }
  return tail_->RunWith(tail_kept_, {&audio, 1}, tail_views_);
}

Status NetworkGenerator::RunTail(std::span<const Job> jobs) {
  if (keeps_) return RunTailOnDevice(jobs);
  Point(tail_inputs_.back(), tail_audio_);
  if (batch_ == 1) {
    const FaceTemplate& face = *AsFace(jobs[0].face);
    for (size_t i = 0; i < feature_count_; ++i) Point(tail_inputs_[i], face.features[i]);
    tail_inputs_.back().data = reinterpret_cast<const uint8_t*>(jobs[0].audio.data());
  } else {
    for (size_t i = 0; i < feature_count_; ++i) GatherFeature(i, jobs);
    const auto row = static_cast<size_t>(audio_floats());
    for (size_t frame = 0; frame < static_cast<size_t>(batch_); ++frame) {
      const auto audio = jobs[std::min(frame, jobs.size() - 1)].audio;
      std::ranges::copy(audio, tail_audio_.As<float>().subspan(frame * row, row).begin());
    }
  }
  return tail_->Run(tail_inputs_, tail_outputs_);
}

Result<std::span<const float>> NetworkGenerator::Pictures(size_t count) const {
  const auto index = static_cast<size_t>(binding_.output);
  const TensorView output = keeps_ ? tail_views_[index] : TensorView(tail_outputs_[index]);
  ASSIGN_OR_RETURN(const int64_t size, ElementCount(output.dims));
  const int64_t frames = keeps_ ? static_cast<int64_t>(count) : batch_;
  if (output.dtype != DType::kF32 || size != frames * plane_floats()) {
    return Error(ErrorCode::kCorrupted, "the network gave " + std::string(Name(output.dtype)) + " " +
                                            ToString(output.dims) + ", expected " + std::to_string(frames) +
                                            " pictures of 3 planes");
  }
  return std::span(reinterpret_cast<const float*>(output.data), static_cast<size_t>(size));
}

Status NetworkGenerator::Generate(std::span<const Job> jobs) {
  for (size_t i = 0; i < jobs.size(); ++i) RETURN_IF_ERROR(CheckJob(jobs[i], i));
  const auto plane = static_cast<size_t>(plane_floats());
  for (size_t begin = 0; begin < jobs.size();) {
    const auto piece = jobs.subspan(begin, PieceOf(jobs.size() - begin));
    RETURN_IF_ERROR(RunTail(piece));
    ASSIGN_OR_RETURN(const std::span<const float> pictures, Pictures(piece.size()));
    for (size_t i = 0; i < piece.size(); ++i) {
      if (FromUnit(pictures.subspan(i * plane, plane), piece[i].mouth)) continue;
      return Error(ErrorCode::kCorrupted, "job " + std::to_string(begin + i) + ": the network gave NaN or infinity");
    }
    begin += piece.size();
  }
  return {};
}

// The same frame in every place of the batch.
void Repeat(const Tensor& one, Tensor& all) {
  for (size_t at = 0; one.bytes() > 0 && at < all.bytes(); at += one.bytes()) {
    std::memcpy(all.data() + at, one.data(), one.bytes());
  }
}

Result<Tensor> NetworkGenerator::RunSample(std::vector<Tensor>& inputs) {
  Dims image_dims = head_image_.dims();
  image_dims[0] = 1;
  Repeat(ProofInput(image_dims), head_image_);
  Dims audio_dims = tail_audio_.dims();
  audio_dims[0] = 1;
  const Tensor audio = ProofInput(audio_dims);
  Repeat(audio, tail_audio_);
  inputs.resize(2);
  inputs[static_cast<size_t>(binding_.image_input)] = head_image_.Clone();
  inputs[static_cast<size_t>(binding_.audio_input)] = tail_audio_.Clone();

  FaceTemplate face;
  const Job job = {.face = &face, .audio = audio.As<float>(), .mouth = {}};
  for (int run = 0; run < 2; ++run) {
    RETURN_IF_ERROR(RunHead(face));
    RETURN_IF_ERROR(RunTail({&job, 1}));
  }
  std::ranges::fill(head_image_.As<float>(), 0.0f);
  if (!keeps_) return tail_outputs_[static_cast<size_t>(binding_.output)].Clone();
  stacks_ = binding_.fixed_batch <= 0 && face.kept->stacks();
  ASSIGN_OR_RETURN(const std::span<const float> picture, Pictures(1));
  return Tensor::Of<float>(tail_views_[static_cast<size_t>(binding_.output)].dims, picture);
}

// Proves `generator` unless that was done before on this machine, or cannot be done. Warms up in any case.
Status ProveAndWarmUp(const Graph& graph, const GeneratorOptions& options, const GeneratorBinding& binding,
                      NetworkGenerator& generator) {
  std::vector<Tensor> inputs;
  ASSIGN_OR_RETURN(const Tensor actual, generator.RunSample(inputs));
  if (!options.prove || options.session.backend == Backend::kReference) return {};
  if (const std::string unsupported = FirstUnsupported(graph, Backend::kReference); !unsupported.empty()) {
    Log(LogLevel::kWarning, "network not proven", {{"why", unsupported}});
    return {};
  }
  const Findings proof("proof", {HashOfGraph(graph), generator.engine()});
  if (proof.Read() == kProven) return {};
  Status proven = Prove(graph, inputs, binding.output, actual, options.session);
  if (!proven.ok()) return std::move(proven).TakeError().Within("engine " + generator.engine());
  proof.Keep(kProven);
  return {};
}

}  // namespace

Result<std::unique_ptr<Generator>> OpenNetworkGenerator(const Graph& graph, const GeneratorOptions& options) {
  RETURN_IF_ERROR(CheckPrecision(options.session));
  const Backend backend = options.session.backend;
  if (backend == Backend::kCpu || backend == Backend::kCuda) {
    auto generator = backend == Backend::kCpu ? OpenCpuGenerator(graph, options) : OpenCudaGenerator(graph, options);
    if (generator.ok()) return generator;
    GeneratorOptions other = options;
    ASSIGN_OR_RETURN(other.session, Delegate(options.session, std::move(generator).TakeError()));
    return OpenNetworkGenerator(graph, other);
  }
  const Stopwatch watch;
  ASSIGN_OR_RETURN(const GeneratorBinding binding, BindGenerator(graph));
  if (graph.inputs.size() != 2) {
    return Error(ErrorCode::kUnsupported, "the network takes " + std::to_string(graph.inputs.size()) +
                                              " inputs, expected an image and audio only");
  }
  // In f16 before the cut, so that what crosses it is f16, too.
  std::optional<Graph> half;
  if (options.session.precision == Precision::kF16) {
    ASSIGN_OR_RETURN(half, ComputeInHalf(graph));
  }
  ASSIGN_OR_RETURN(const SplitGraph split, CutByInput(half ? *half : graph, binding.image_input));
  ASSIGN_OR_RETURN(auto head, OpenSession(split.head, options.session));
  ASSIGN_OR_RETURN(auto tail, OpenSession(split.tail, options.session));
  auto generator =
      std::make_unique<NetworkGenerator>(binding, Describe(graph, binding), std::move(head), std::move(tail),
                                         split.head.outputs.size(), split.tail.outputs.size());
  RETURN_IF_ERROR(ProveAndWarmUp(graph, options, binding, *generator));
  Log(LogLevel::kInfo, "generator open", {{"engine", generator->engine()}, {"ms", watch.ElapsedMs()}});
  return std::unique_ptr<Generator>(std::move(generator));
}

}  // namespace lips
