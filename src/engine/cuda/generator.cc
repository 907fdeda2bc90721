#include "engine/cuda/generator.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <bit>
#include <map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/stats.h"
#include "engine/cuda/batch.h"
#include "engine/generator_input.h"
#include "engine/proof.h"
#include "image/image.h"
#include "image/unit.h"
#include "model/binding.h"
#include "model/weights.h"

namespace lips {
namespace {

using cuda::Batch;
using cuda::Check;
using cuda::FaceTemplate;
using cuda::Memory;
using cuda::Network;
using cuda::Port;

constexpr size_t kMostImages = 8;  // of one graph; larger ones are no faster
constexpr size_t kLeastSplit = 8;  // fewer frames go in one piece

class CudaGenerator : public Generator {
 public:
  CudaGenerator(Network network, std::string description, std::vector<uint8_t> used)
      : network_(std::move(network)), description_(std::move(description)), used_(std::move(used)) {}

  // What runs heads, and the batch of one: so that the first frame is as fast as the others.
  Status Init() {
    ASSIGN_OR_RETURN(head_stream_, cuda::Stream::Make());
    ASSIGN_OR_RETURN(tail_stream_, cuda::Stream::Make());
    const size_t pictures = 2 * picture_bytes();
    ASSIGN_OR_RETURN(faces_host_, Memory::Pinned(pictures));
    ASSIGN_OR_RETURN(faces_, Memory::OnDevice(pictures));
    ASSIGN_OR_RETURN(head_table_host_, Memory::Pinned(sizeof(uint8_t*)));
    ASSIGN_OR_RETURN(head_table_, Memory::OnDevice(sizeof(uint8_t*)));
    cuda::Bindings bindings;
    bindings.inputs.push_back({.base = faces_.data(), .image_bytes = pictures});
    const auto* table = reinterpret_cast<uint8_t* const*>(head_table_.data());
    for (const size_t at : network_.layout.maps) bindings.outputs.push_back({.table = table, .offset = at});
    ASSIGN_OR_RETURN(head_run_, cuda::Run::Make(network_.head, std::move(bindings)));
    ASSIGN_OR_RETURN(head_graph_, cuda::CapturedGraph::Capture(head_stream_, [this] { return EnqueueHead(); }));
    RETURN_IF_ERROR(BatchOf(1, 0));
    return {};
  }

  int size_px() const override { return network_.binding.size_px; }
  Dims audio_dims() const override { return network_.binding.audio_dims; }
  int64_t audio_floats() const override { return network_.binding.audio_floats(); }
  std::string Describe() const override { return description_; }
  int preferred_jobs() const override { return 2 * static_cast<int>(kMostImages); }

  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                            std::unique_ptr<Template> reuse) override;
  Status Generate(std::span<const Job> jobs) override;

 private:
  size_t picture_bytes() const { return size_t{3} * static_cast<size_t>(size_px()) * static_cast<size_t>(size_px()); }
  Status EnqueueHead() const;
  Status CheckJob(const Job& job, size_t index) const;
  // One of two of that size, which take turns.
  Result<Batch*> BatchOf(size_t images, size_t turn);

  Network network_;
  std::string description_;
  std::vector<uint8_t> used_;

  // Prepare's own.
  cuda::Stream head_stream_;
  Memory faces_host_, faces_, head_table_host_, head_table_;
  cuda::Run head_run_;
  cuda::CapturedGraph head_graph_;

  // Generate's own.
  cuda::Stream tail_stream_;
  std::map<std::pair<size_t, size_t>, std::unique_ptr<Batch>> batches_;  // by images and turn, made when first needed
};

Status CudaGenerator::EnqueueHead() const {
  RETURN_IF_ERROR(Check(
      cudaMemcpyAsync(faces_.data(), faces_host_.data(), faces_.bytes(), cudaMemcpyHostToDevice, head_stream_.get()),
      "sending pictures"));
  RETURN_IF_ERROR(Check(cudaMemcpyAsync(head_table_.data(), head_table_host_.data(), head_table_.bytes(),
                                        cudaMemcpyHostToDevice, head_stream_.get()),
                        "sending an address"));
  return head_run_.Enqueue(head_stream_);
}

Result<std::unique_ptr<Generator::Template>> CudaGenerator::Prepare(ConstImageView roi, ConstImageView masked,
                                                                    std::unique_ptr<Template> reuse) {
  RETURN_IF_ERROR(CheckFaces(*this, roi, masked));
  std::unique_ptr<FaceTemplate> face(dynamic_cast<FaceTemplate*>(reuse.get()));
  if (face != nullptr) static_cast<void>(reuse.release());  // `face` owns it now
  if (face == nullptr || face->bytes() != network_.layout.bytes) {
    ASSIGN_OR_RETURN(Memory memory, Memory::OnDevice(network_.layout.bytes));
    face = std::make_unique<FaceTemplate>(std::move(memory));
  }
  const int stride = 3 * size_px();
  CopyPixels(roi, ImageView{faces_host_.data(), size_px(), size_px(), stride});
  CopyPixels(masked, ImageView{faces_host_.data() + picture_bytes(), size_px(), size_px(), stride});
  *reinterpret_cast<uint8_t**>(head_table_host_.data()) = face->data();
  RETURN_IF_ERROR(head_graph_.Start(head_stream_));
  if (network_.layout.has_pictures) {
    RETURN_IF_ERROR(Check(cudaMemcpyAsync(face->data() + network_.layout.pictures, faces_.data(), faces_.bytes(),
                                          cudaMemcpyDeviceToDevice, head_stream_.get()),
                          "keeping pictures"));
  }
  RETURN_IF_ERROR(head_stream_.Wait());
  return std::unique_ptr<Template>(std::move(face));
}

Status CudaGenerator::CheckJob(const Job& job, size_t index) const {
  const std::string name = "job " + std::to_string(index);
  const auto* face = dynamic_cast<const FaceTemplate*>(job.face);
  if (face == nullptr || face->bytes() != network_.layout.bytes) {
    return Error(ErrorCode::kInvalidInput, name + " has no template of this generator");
  }
  return CheckJobSizes(*this, job, name);
}

Result<Batch*> CudaGenerator::BatchOf(size_t images, size_t turn) {
  std::unique_ptr<Batch>& batch = batches_[{images, turn}];
  if (batch == nullptr) {
    ASSIGN_OR_RETURN(batch, Batch::Make(network_, images, used_, tail_stream_));
  }
  return batch.get();
}

// Frames that go together of those that are left: of many a part, so that pictures are copied while the device works
// on the next ones.
size_t PieceOf(size_t jobs) {
  if (jobs < kLeastSplit) return std::bit_floor(jobs);
  return std::min(kMostImages, std::bit_floor(jobs) / 2);
}

Status CudaGenerator::Generate(std::span<const Job> jobs) {
  for (size_t i = 0; i < jobs.size(); ++i) RETURN_IF_ERROR(CheckJob(jobs[i], i));
  struct Piece {
    Batch* batch = nullptr;
    size_t first = 0;
  };
  Piece running;
  const auto finish = [&]() -> Status {
    if (running.batch == nullptr) return {};
    const Piece piece = std::exchange(running, {});
    return piece.batch->Finish(jobs.subspan(piece.first, piece.batch->images()), piece.first);
  };
  size_t most = PieceOf(jobs.size()), turn = 0;
  for (size_t first = 0; first < jobs.size(); turn = 1 - turn) {
    auto batch = BatchOf(std::min(most, std::bit_floor(jobs.size() - first)), turn);
    if (!batch.ok() && batch.error().code() == ErrorCode::kResourceLimit) {
      if (turn == 1) {  // without taking turns, then
        RETURN_IF_ERROR(finish());
        continue;
      }
      if (most > 1) {
        most /= 2;  // which needs less memory; one image has its own since Init
        continue;
      }
    }
    if (!batch.ok()) {
      RETURN_IF_ERROR(finish());
      return std::move(batch).TakeError();
    }
    Status started = batch.value()->Start(jobs.subspan(first, batch.value()->images()), tail_stream_);
    if (Status finished = finish(); !finished.ok() || !started.ok()) {
      static_cast<void>(tail_stream_.Wait());  // what was started meanwhile is nobody's any more
      return finished.ok() ? std::move(started) : std::move(finished);
    }
    running = {batch.value(), first};
    first += batch.value()->images();
  }
  return finish();
}

// One made-up frame of `generator` against the reference engine's.
Status ProveFrame(const Graph& graph, const GeneratorBinding& binding, const SessionOptions& options,
                  CudaGenerator& generator) {
  const int side = binding.size_px;
  const auto floats = size_t{3} * static_cast<size_t>(side) * static_cast<size_t>(side);
  Image pictures[2] = {Image(side, side), Image(side, side)};
  Tensor planes = ProofInput({1, 6, side, side});
  for (size_t i = 0; i < 2; ++i) {
    const auto part = planes.As<float>().subspan(i * floats, floats);
    if (!FromUnit(part, pictures[i].view())) return Error(ErrorCode::kCorrupted, "a proof's picture is none");
    ToUnit(pictures[i].view(), part);  // the reference sees what bytes can hold
  }
  const Dims& of_audio = binding.audio_dims;
  const Tensor audio = ProofInput({1, of_audio[0], of_audio[1], of_audio[2]});
  ASSIGN_OR_RETURN(const auto face, generator.Prepare(pictures[0].view(), pictures[1].view(), nullptr));
  Image mouth(side, side);
  const Generator::Job job = {.face = face.get(), .audio = audio.As<float>(), .mouth = mouth.view()};
  RETURN_IF_ERROR(generator.Generate({&job, 1}));
  Tensor actual(DType::kF32, {1, 3, side, side});
  ToUnit(mouth.view(), actual.As<float>());
  std::vector<Tensor> inputs(2);
  inputs[static_cast<size_t>(binding.image_input)] = std::move(planes);
  inputs[static_cast<size_t>(binding.audio_input)] = audio.Clone();
  SessionOptions reference = options;
  reference.precision = Precision::kF16;
  return Prove(graph, inputs, binding.output, actual, reference);
}

// Unless that was done before on this machine.
Status ProveOnce(const Graph& graph, const GeneratorOptions& options, const cuda::Device& device) {
  if (const std::string unsupported = FirstUnsupported(graph, Backend::kReference); !unsupported.empty()) {
    Log(LogLevel::kWarning, "network not proven", {{"why", unsupported}});
    return {};
  }
  const Findings proof(
      "proof", {HashOfGraph(graph), "cuda 1", device.name, std::to_string(static_cast<int>(options.template_level))});
  if (proof.Read() == kProven) return {};
  ASSIGN_OR_RETURN(const GeneratorBinding binding, BindGenerator(graph));
  ASSIGN_OR_RETURN(Network network, Network::Make(graph, options.template_level, Port::kPixels, device));
  CudaGenerator generator(std::move(network), "proof", {});  // of whole pictures
  RETURN_IF_ERROR(generator.Init());
  Status proven = ProveFrame(graph, binding, options.session, generator);
  if (!proven.ok()) return std::move(proven).TakeError().Within("engine cuda on " + device.name);
  proof.Keep(kProven);
  return {};
}

}  // namespace

Result<std::string> CudaDevice() {
  ASSIGN_OR_RETURN(const cuda::Device device, cuda::Device::Open());
  return device.name;
}

Result<int64_t> FreeCudaBytes() {
  RETURN_IF_ERROR(cuda::Device::Open());
  size_t free = 0, total = 0;
  RETURN_IF_ERROR(Check(cudaMemGetInfo(&free, &total), "asking for free memory"));
  return static_cast<int64_t>(free);
}

Result<std::unique_ptr<Generator>> OpenCudaGenerator(const Graph& graph, const GeneratorOptions& options) {
  const Stopwatch watch;
  RETURN_IF_ERROR(CheckWeights(graph));
  ASSIGN_OR_RETURN(const cuda::Device device, cuda::Device::Open());
  if (options.prove) RETURN_IF_ERROR(ProveOnce(graph, options, device));
  ASSIGN_OR_RETURN(Network network, Network::Make(graph, options.template_level, Port::kPixels, device));
  std::string description = "cuda f16, " + device.name + "; " + Describe(graph, network.binding);
  auto generator = std::make_unique<CudaGenerator>(std::move(network), description, options.used);
  RETURN_IF_ERROR(generator->Init());
  Log(LogLevel::kInfo, "generator open", {{"engine", description}, {"ms", watch.ElapsedMs()}});
  return std::unique_ptr<Generator>(std::move(generator));
}

}  // namespace lips
