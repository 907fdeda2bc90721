// Encoders on a CUDA device.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "engine/cuda/generator.h"
#include "engine/cuda/program.h"
#include "engine/session_input.h"
#include "model/passes.h"

namespace lips {
namespace {

using cuda::Check;
using cuda::Memory;

constexpr size_t kMostBatches = 4;  // numbers of images whose memory is kept

// One number of images: what goes up and comes down, and the graph between.
struct Batch {
  Memory up_host, up, down_host, down;
  cuda::Run run;
  cuda::CapturedGraph graph;
};

class CudaSession : public Session {
 public:
  CudaSession(cuda::Program program, std::vector<Value> inputs, Dims output, std::string device)
      : program_(std::move(program)),
        inputs_(std::move(inputs)),
        output_(std::move(output)),
        device_(std::move(device)) {}

  Status Init() {
    ASSIGN_OR_RETURN(stream_, cuda::Stream::Make());
    return {};
  }
  std::string Describe() const override { return "cuda f16, " + device_; }

  Status Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) override {
    RETURN_IF_ERROR(CheckSessionInputs(inputs_, inputs));
    RETURN_IF_ERROR(CheckSessionOutputs(1, outputs.size()));
    const int64_t images = inputs[0].dims[0];
    Dims dims = output_;
    dims[0] = images;
    outputs[0].Resize(DType::kF32, dims);
    if (images == 0) return {};
    ASSIGN_OR_RETURN(Batch * batch, BatchOf(images));
    std::memcpy(batch->up_host.data(), inputs[0].data, batch->up_host.bytes());
    RETURN_IF_ERROR(batch->graph.Start(stream_));
    RETURN_IF_ERROR(stream_.Wait());
    std::memcpy(outputs[0].data(), batch->down_host.data(), outputs[0].bytes());
    return {};
  }

 private:
  Result<Batch*> BatchOf(int64_t images);
  Status Enqueue(const Batch& batch) const;

  cuda::Program program_;
  std::vector<Value> inputs_;
  Dims output_;
  std::string device_;
  cuda::Stream stream_;
  std::map<int64_t, Batch> batches_;
};

Status CudaSession::Enqueue(const Batch& batch) const {
  RETURN_IF_ERROR(Check(
      cudaMemcpyAsync(batch.up.data(), batch.up_host.data(), batch.up.bytes(), cudaMemcpyHostToDevice, stream_.get()),
      "sending rows"));
  RETURN_IF_ERROR(batch.run.Enqueue(stream_));
  return Check(cudaMemcpyAsync(batch.down_host.data(), batch.down.data(), batch.down.bytes(), cudaMemcpyDeviceToHost,
                               stream_.get()),
               "receiving rows");
}

Result<Batch*> CudaSession::BatchOf(int64_t images) {
  if (const auto found = batches_.find(images); found != batches_.end()) return &found->second;
  if (images > 1 << 16) {
    return Error(ErrorCode::kResourceLimit, "a batch of " + std::to_string(images) + "; engine cuda takes 65536");
  }
  if (batches_.size() >= kMostBatches) batches_.clear();
  const auto floats = [&](const Dims& dims) {
    size_t count = 1;
    for (size_t i = 1; i < dims.size(); ++i) count *= static_cast<size_t>(dims[i]);
    return count * sizeof(float);
  };
  const size_t count = static_cast<size_t>(images), in = floats(inputs_[0].dims), out = floats(output_);
  Batch batch;
  ASSIGN_OR_RETURN(batch.up_host, Memory::Pinned(count * in));
  ASSIGN_OR_RETURN(batch.up, Memory::OnDevice(count * in));
  ASSIGN_OR_RETURN(batch.down_host, Memory::Pinned(count * out));
  ASSIGN_OR_RETURN(batch.down, Memory::OnDevice(count * out));
  cuda::Bindings bindings;
  bindings.inputs = {{.base = batch.up.data(), .image_bytes = in}};
  bindings.outputs = {{.base = batch.down.data(), .image_bytes = out}};
  bindings.images = static_cast<int>(images);
  bindings.same_for_any_batch = true;
  ASSIGN_OR_RETURN(batch.run, cuda::Run::Make(program_, std::move(bindings)));
  ASSIGN_OR_RETURN(batch.graph, cuda::CapturedGraph::Capture(stream_, [&] { return Enqueue(batch); }));
  return &batches_.emplace(images, std::move(batch)).first->second;
}

}  // namespace

Result<std::unique_ptr<Session>> OpenCudaSession(const Graph& graph, const SessionOptions& /*options*/) {
  ASSIGN_OR_RETURN(const cuda::Device device, cuda::Device::Open());
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1) {
    return Error(ErrorCode::kUnsupported, "engine cuda runs networks of one input and output here, not of " +
                                              std::to_string(graph.inputs.size()) + " and " +
                                              std::to_string(graph.outputs.size()) + "; use --engine cpu or ort");
  }
  ASSIGN_OR_RETURN(const Graph single, WithBatch(graph, 1));
  ASSIGN_OR_RETURN(const Graph optimised, Optimise(single));
  const auto value = [](const Graph& of, ValueId id) { return of.values[static_cast<size_t>(id)]; };
  ASSIGN_OR_RETURN(cuda::Plan plan, cuda::Plan::Make(optimised, {}));
  Value input = value(single, single.inputs[0]);
  const Dims output = value(optimised, optimised.outputs[0]).dims;
  if (input.dims.empty() || output.empty()) {
    return Error(ErrorCode::kUnsupported, "engine cuda needs a batch in inputs and outputs; use --engine cpu or ort");
  }
  input.dims[0] = kDynamicDim;
  ASSIGN_OR_RETURN(cuda::Program program, cuda::Program::Make(std::move(plan), device));
  auto session = std::make_unique<CudaSession>(std::move(program), std::vector<Value>{input}, output, device.name);
  RETURN_IF_ERROR(session->Init());
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace lips
