#include "engine/ort/session.h"

#include <onnxruntime_c_api.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/places.h"
#include "engine/ort/bound_session.h"
#include "engine/ort/device_memory.h"
#include "engine/ort/handle.h"
#include "engine/ort/library.h"
#include "engine/ort/provider.h"
#include "engine/ort/tensor_value.h"
#include "engine/session_input.h"
#include "model/onnx.h"

namespace lips {
namespace {

// The values of one Run, released at its end.
class RunValues {
 public:
  RunValues(const OrtApi& api, std::vector<OrtValue*>& values) : api_(api), values_(values) {}
  RunValues(const RunValues&) = delete;
  RunValues& operator=(const RunValues&) = delete;
  ~RunValues() {
    for (OrtValue*& value : values_) {
      if (value != nullptr) api_.ReleaseValue(std::exchange(value, nullptr));
    }
  }

 private:
  const OrtApi& api_;
  std::vector<OrtValue*>& values_;
};

class OrtSessionAdapter : public Session {
 public:
  OrtSessionAdapter(const OrtLibrary& library, const Graph& graph, std::string description)
      : library_(library), description_(std::move(description)) {
    for (const ValueId id : graph.inputs) inputs_.push_back(graph.values[static_cast<size_t>(id)]);
    for (const ValueId id : graph.outputs) output_names_.push_back(graph.values[static_cast<size_t>(id)].name);
    for (const Value& input : inputs_) input_name_pointers_.push_back(input.name.c_str());
    for (const std::string& name : output_names_) output_name_pointers_.push_back(name.c_str());
    input_values_.resize(inputs_.size());
    output_values_.resize(output_names_.size());
    output_shapes_.resize(output_names_.size());
  }
  OrtSessionAdapter(const OrtSessionAdapter&) = delete;
  OrtSessionAdapter& operator=(const OrtSessionAdapter&) = delete;
  ~OrtSessionAdapter() override {
    if (session_ != nullptr) library_.api->ReleaseSession(session_);
    if (memory_ != nullptr) library_.api->ReleaseMemoryInfo(memory_);
  }

  Status Load(const Graph& graph, const OrtSessionOptions& options);
  Status Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) override;
  std::string Describe() const override { return description_; }

 private:
  bool SameInputDims(std::span<const TensorView> inputs) const;
  Result<OrtValue*> Wrap(DType dtype, const Dims& dims, const uint8_t* data);
  Status RunInto(std::span<const TensorView> inputs, std::span<Tensor> outputs, bool in_place);
  Status CopyOut(size_t index, Tensor& to);

  const OrtLibrary& library_;
  std::string description_;
  std::vector<Value> inputs_;
  std::vector<std::string> output_names_;
  std::vector<const char*> input_name_pointers_;
  std::vector<const char*> output_name_pointers_;
  OrtSession* session_ = nullptr;
  OrtMemoryInfo* memory_ = nullptr;

  std::vector<OrtValue*> input_values_;   // of the current Run
  std::vector<OrtValue*> output_values_;  // of the current Run
  std::vector<Dims> known_input_dims_;    // those that output_shapes_ belongs to; empty: none yet
  std::vector<OrtTensorShape> output_shapes_;
};

Status OrtSessionAdapter::Load(const Graph& graph, const OrtSessionOptions& options) {
  const OrtApi& api = *library_.api;
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, SerializeOnnx(graph));
  RETURN_IF_ERROR(TakeStatus(api, api.CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory_)));
  return TakeStatus(api, api.CreateSessionFromArray(library_.env, bytes.data(), bytes.size(), &options, &session_));
}

bool OrtSessionAdapter::SameInputDims(std::span<const TensorView> inputs) const {
  return std::ranges::equal(inputs, known_input_dims_,
                            [](const TensorView& view, const Dims& dims) { return view.dims == dims; });
}

// The C API has one call for inputs and outputs, hence the cast; Run does not write to inputs.
Result<OrtValue*> OrtSessionAdapter::Wrap(DType dtype, const Dims& dims, const uint8_t* data) {
  return WrapTensor(*library_.api, *memory_, dtype, dims, const_cast<uint8_t*>(data));
}

Status OrtSessionAdapter::CopyOut(size_t index, Tensor& to) {
  const OrtApi& api = *library_.api;
  OrtValue* value = output_values_[index];
  ASSIGN_OR_RETURN(output_shapes_[index], ShapeOf(api, *value));
  to.Resize(output_shapes_[index].dtype, output_shapes_[index].dims);
  void* data = nullptr;
  RETURN_IF_ERROR(TakeStatus(api, api.GetTensorMutableData(value, &data)));
  if (to.bytes() > 0) std::memcpy(to.data(), data, to.bytes());
  return {};
}

Status OrtSessionAdapter::RunInto(std::span<const TensorView> inputs, std::span<Tensor> outputs, bool in_place) {
  const OrtApi& api = *library_.api;
  const RunValues release_inputs(api, input_values_);
  const RunValues release_outputs(api, output_values_);
  for (size_t i = 0; i < inputs.size(); ++i) {
    ASSIGN_OR_RETURN(input_values_[i], Wrap(inputs[i].dtype, inputs[i].dims, inputs[i].data));
  }
  for (size_t i = 0; in_place && i < outputs.size(); ++i) {
    outputs[i].Resize(output_shapes_[i].dtype, output_shapes_[i].dims);
    ASSIGN_OR_RETURN(output_values_[i], Wrap(outputs[i].dtype(), outputs[i].dims(), outputs[i].data()));
  }
  RETURN_IF_ERROR(
      TakeStatus(api, api.Run(session_, nullptr, input_name_pointers_.data(), input_values_.data(), inputs.size(),
                              output_name_pointers_.data(), outputs.size(), output_values_.data())));
  for (size_t i = 0; !in_place && i < outputs.size(); ++i) RETURN_IF_ERROR(CopyOut(i, outputs[i]));
  return {};
}

Status OrtSessionAdapter::Run(std::span<const TensorView> inputs, std::span<Tensor> outputs) {
  RETURN_IF_ERROR(CheckSessionInputs(inputs_, inputs));
  RETURN_IF_ERROR(CheckSessionOutputs(output_names_.size(), outputs.size()));
  if (!known_input_dims_.empty() && SameInputDims(inputs)) {
    Status in_place = RunInto(inputs, outputs, true);
    // Shapes that depend on values, not only on input shapes, differ from Run to Run: those graphs pay the copy.
    if (in_place.ok() || in_place.error().code() != ErrorCode::kInvalidInput) return in_place;
  }
  known_input_dims_.clear();
  RETURN_IF_ERROR(RunInto(inputs, outputs, false));
  for (const TensorView& input : inputs) known_input_dims_.push_back(input.dims);
  return {};
}

std::string Description(const OrtLibrary& library, const SessionOptions& options, int threads) {
  std::string text = "ort " + library.version + " " + std::string(Name(options.provider));
  if (options.precision == Precision::kF16) text += " f16";
  return text + ", " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

// What both kinds of sessions are opened with.
Status SetUp(const OrtLibrary& library, const SessionOptions& options, const ProviderSetup& provider,
             OrtHandle<OrtSessionOptions>& ort_options) {
  const OrtApi& api = *library.api;
  RETURN_IF_ERROR(TakeStatus(api, api.CreateSessionOptions(ort_options.out())));
  RETURN_IF_ERROR(TakeStatus(api, api.SetIntraOpNumThreads(ort_options.get(), ThreadCount(options))));
  RETURN_IF_ERROR(TakeStatus(api, api.SetInterOpNumThreads(ort_options.get(), 1)));
  RETURN_IF_ERROR(TakeStatus(api, api.SetSessionGraphOptimizationLevel(ort_options.get(), ORT_ENABLE_ALL)));
  // Idle workers sleep at once: the head, the tail and the encoder have a pool each, and the video's decoder and
  // encoder want the cores too. Spinning doubled the CPU time of a render on two cores.
  RETURN_IF_ERROR(TakeStatus(
      api, api.AddSessionConfigEntry(ort_options.get(), "session.intra_op.allow_spinning", options.spin ? "1" : "0")));
  // Whoever spins does so within a Run, never into what comes after it: another engine's turn in a benchmark.
  RETURN_IF_ERROR(TakeStatus(api, api.AddSessionConfigEntry(ort_options.get(), "session.force_spinning_stop", "1")));
  if (const std::string left_out(OptimizersLeftOut(provider)); !left_out.empty()) {
    RETURN_IF_ERROR(TakeStatus(
        api,
        api.AddSessionConfigEntry(ort_options.get(), "optimization.disable_specified_optimizers", left_out.c_str())));
  }
  return AppendProvider(library, provider, ort_options.get());
}

// TensorRT builds its engines for minutes and keeps them here; empty where there is no home.
Path EngineFolder(Provider provider) {
  if (provider != Provider::kTensorRt || CacheFolder().empty()) return {};
  Path folder = CacheFolder() / "tensorrt";
  return MakeFolder(folder).ok() ? folder : Path();
}

Result<std::unique_ptr<Session>> OpenBound(const OrtLibrary& library, const Graph& graph, const SessionOptions& options,
                                           const std::shared_ptr<DeviceMemory>& memory, bool graphs) {
  const ProviderSetup setup = {.provider = options.provider,
                               .half = options.precision == Precision::kF16,
                               .graphs = graphs,
                               .stream = memory->stream(),
                               .engine_folder = EngineFolder(options.provider)};
  OrtHandle<OrtSessionOptions> ort_options(library.api->ReleaseSessionOptions);
  RETURN_IF_ERROR(SetUp(library, options, setup, ort_options));
  return OpenBoundSession(
      library, graph, std::move(ort_options),
      {.memory = memory,
       .graphs = graphs,
       .description = Description(library, options, ThreadCount(options)) + (graphs ? ", CUDA graphs" : "")});
}

Result<std::unique_ptr<Session>> OpenOnDevice(const OrtLibrary& library, const Graph& graph,
                                              const SessionOptions& options) {
  if (options.provider == Provider::kCpu) return OpenBound(library, graph, options, OpenHostMemory(), false);
  RETURN_IF_ERROR(CheckProvider(library, options.provider));
  ASSIGN_OR_RETURN(const auto memory, OpenNvidiaMemory());
  auto session = OpenBound(library, graph, options, memory, true);
  if (session.ok()) return session;
  // A network of which a part runs on the CPU cannot be recorded.
  Log(LogLevel::kWarning, "no CUDA graphs for this network", {{"why", session.error().message()}});
  return OpenBound(library, graph, options, memory, false);
}

}  // namespace

Result<std::string> ProviderDevice(Provider provider) {
  ASSIGN_OR_RETURN(const OrtLibrary* library, LoadOrtLibrary());
  if (provider == Provider::kCpu) return std::string(Name(provider));
  ASSIGN_OR_RETURN(const NvidiaDevice device, CheckProvider(*library, provider));
  return Describe(device);
}

Result<std::unique_ptr<Session>> OpenOrtSession(const Graph& graph, const SessionOptions& options) {
  ASSIGN_OR_RETURN(const OrtLibrary* library, LoadOrtLibrary());
  const auto open = [&]() -> Result<std::unique_ptr<Session>> {
    if (options.resident || options.provider != Provider::kCpu) return OpenOnDevice(*library, graph, options);
    OrtHandle<OrtSessionOptions> ort_options(library->api->ReleaseSessionOptions);
    RETURN_IF_ERROR(SetUp(*library, options, {}, ort_options));
    auto session =
        std::make_unique<OrtSessionAdapter>(*library, graph, Description(*library, options, ThreadCount(options)));
    RETURN_IF_ERROR(session->Load(graph, *ort_options.get()));
    return std::unique_ptr<Session>(std::move(session));
  };
  auto session = open();
  if (!session.ok()) return std::move(session).TakeError().Within("onnxruntime");
  return session;
}

}  // namespace lips
