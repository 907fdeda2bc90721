#include "engine/ort/session.h"

#include <onnxruntime_c_api.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "engine/ort/library.h"
#include "engine/session_input.h"
#include "model/onnx.h"

namespace lips {
namespace {

ONNXTensorElementDataType ElementType(DType dtype) {
  switch (dtype) {
    case DType::kF32: return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    case DType::kF64: return ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE;
    case DType::kF16: return ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16;
    case DType::kBf16: return ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16;
    case DType::kI64: return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    case DType::kI32: return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32;
    case DType::kI8: return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8;
    case DType::kU8: return ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8;
    case DType::kBool: return ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL;
  }
  return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

Result<DType> FromElementType(ONNXTensorElementDataType type) {
  for (int i = 0; i <= static_cast<int>(DType::kBool); ++i) {
    if (ElementType(static_cast<DType>(i)) == type) return static_cast<DType>(i);
  }
  return Error(ErrorCode::kUnsupported, "element type " + std::to_string(static_cast<int>(type)) + " of an output");
}

// An object of the C API, released on every way out.
template <typename T>
class Handle {
 public:
  using Release = void(ORT_API_CALL*)(T*);
  explicit Handle(Release release) : release_(release) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (object_ != nullptr) release_(object_);
  }
  T** out() { return &object_; }
  T* get() const { return object_; }

 private:
  Release release_;
  T* object_ = nullptr;
};

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
  struct OutputShape {
    DType dtype = DType::kF32;
    Dims dims;
  };

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
  std::vector<OutputShape> output_shapes_;
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

Result<OrtValue*> OrtSessionAdapter::Wrap(DType dtype, const Dims& dims, const uint8_t* data) {
  ASSIGN_OR_RETURN(const int64_t count, ElementCount(dims));
  static uint8_t no_elements = 0;  // an empty tensor may have no memory, but the C API wants an address
  OrtValue* value = nullptr;
  // The C API has one call for inputs and outputs, hence the cast; Run does not write to inputs.
  RETURN_IF_ERROR(TakeStatus(*library_.api, library_.api->CreateTensorWithDataAsOrtValue(
                                                memory_, count > 0 ? const_cast<uint8_t*>(data) : &no_elements,
                                                static_cast<size_t>(count) * SizeOf(dtype), dims.data(), dims.size(),
                                                ElementType(dtype), &value)));
  return value;
}

Status OrtSessionAdapter::CopyOut(size_t index, Tensor& to) {
  const OrtApi& api = *library_.api;
  OrtValue* value = output_values_[index];
  Handle<OrtTensorTypeAndShapeInfo> info(api.ReleaseTensorTypeAndShapeInfo);
  RETURN_IF_ERROR(TakeStatus(api, api.GetTensorTypeAndShape(value, info.out())));
  size_t rank = 0;
  RETURN_IF_ERROR(TakeStatus(api, api.GetDimensionsCount(info.get(), &rank)));
  Dims dims(rank);
  RETURN_IF_ERROR(TakeStatus(api, api.GetDimensions(info.get(), dims.data(), rank)));
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  RETURN_IF_ERROR(TakeStatus(api, api.GetTensorElementType(info.get(), &type)));
  ASSIGN_OR_RETURN(const DType dtype, FromElementType(type));
  to.Resize(dtype, dims);
  void* data = nullptr;
  RETURN_IF_ERROR(TakeStatus(api, api.GetTensorMutableData(value, &data)));
  if (to.bytes() > 0) std::memcpy(to.data(), data, to.bytes());
  output_shapes_[index] = {dtype, std::move(dims)};
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
    const Status in_place = RunInto(inputs, outputs, true);
    // Shapes that depend on values, not only on input shapes, differ from Run to Run: those graphs pay the copy.
    if (in_place.ok() || in_place.error().code() != ErrorCode::kInvalidInput) return in_place;
  }
  known_input_dims_.clear();
  RETURN_IF_ERROR(RunInto(inputs, outputs, false));
  for (const TensorView& input : inputs) known_input_dims_.push_back(input.dims);
  return {};
}

Status RequireProvider(const OrtLibrary& library, const std::string& name, Provider provider) {
  char** names = nullptr;
  int count = 0;
  RETURN_IF_ERROR(TakeStatus(*library.api, library.api->GetAvailableProviders(&names, &count)));
  bool found = false;
  std::string offered;
  for (int i = 0; i < count; ++i) {
    found = found || name == names[i];
    offered += (i > 0 ? ", " : "") + std::string(names[i]);
  }
  RETURN_IF_ERROR(TakeStatus(*library.api, library.api->ReleaseAvailableProviders(names, count)));
  if (found) return {};
  return Error(ErrorCode::kUnsupported, "provider " + std::string(Name(provider)) + ": ONNX Runtime " +
                                            library.version + " in " + library.path + " offers only " + offered +
                                            "; set ONNXRUNTIME_ROOT to a GPU build, or use --provider cpu");
}

// Adds the provider in front of the CPU, which stays as the fallback for single operators.
Status AppendProvider(const OrtLibrary& library, Provider provider, OrtSessionOptions* options) {
  const OrtApi& api = *library.api;
  Status appended;
  if (provider == Provider::kTensorRt) {
    RETURN_IF_ERROR(RequireProvider(library, "TensorrtExecutionProvider", provider));
    Handle<OrtTensorRTProviderOptionsV2> tensorrt(api.ReleaseTensorRTProviderOptions);
    RETURN_IF_ERROR(TakeStatus(api, api.CreateTensorRTProviderOptions(tensorrt.out())));
    appended = TakeStatus(api, api.SessionOptionsAppendExecutionProvider_TensorRT_V2(options, tensorrt.get()));
  } else if (provider == Provider::kCuda) {
    RETURN_IF_ERROR(RequireProvider(library, "CUDAExecutionProvider", provider));
    Handle<OrtCUDAProviderOptionsV2> cuda(api.ReleaseCUDAProviderOptions);
    RETURN_IF_ERROR(TakeStatus(api, api.CreateCUDAProviderOptions(cuda.out())));
    appended = TakeStatus(api, api.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda.get()));
  }
  if (appended.ok()) return {};
  return Error(ErrorCode::kUnsupported,
               "provider " + std::string(Name(provider)) + " does not start (" + appended.error().message() +
                   "); it needs an NVIDIA driver and the CUDA libraries this ONNX Runtime was built for");
}

std::string Description(const OrtLibrary& library, const SessionOptions& options, int threads) {
  return "ort " + library.version + " " + std::string(Name(options.provider)) + ", " + std::to_string(threads) +
         (threads == 1 ? " thread" : " threads");
}

}  // namespace

Result<std::unique_ptr<Session>> OpenOrtSession(const Graph& graph, const SessionOptions& options) {
  ASSIGN_OR_RETURN(const OrtLibrary* library, LoadOrtLibrary());
  const OrtApi& api = *library->api;
  const int threads = ThreadCount(options);
  Handle<OrtSessionOptions> ort_options(api.ReleaseSessionOptions);
  RETURN_IF_ERROR(TakeStatus(api, api.CreateSessionOptions(ort_options.out())));
  RETURN_IF_ERROR(TakeStatus(api, api.SetIntraOpNumThreads(ort_options.get(), threads)));
  RETURN_IF_ERROR(TakeStatus(api, api.SetInterOpNumThreads(ort_options.get(), 1)));
  RETURN_IF_ERROR(TakeStatus(api, api.SetSessionGraphOptimizationLevel(ort_options.get(), ORT_ENABLE_ALL)));
  // Idle workers sleep at once: the head, the tail and the encoder have a pool each, and the video's decoder and
  // encoder want the cores too. Spinning doubled the CPU time of a render on two cores.
  RETURN_IF_ERROR(TakeStatus(
      api, api.AddSessionConfigEntry(ort_options.get(), "session.intra_op.allow_spinning", options.spin ? "1" : "0")));
  // Whoever spins does so within a Run, never into what comes after it: another engine's turn in a benchmark.
  RETURN_IF_ERROR(TakeStatus(api, api.AddSessionConfigEntry(ort_options.get(), "session.force_spinning_stop", "1")));
  RETURN_IF_ERROR(AppendProvider(*library, options.provider, ort_options.get()));
  auto session = std::make_unique<OrtSessionAdapter>(*library, graph, Description(*library, options, threads));
  Status loaded = session->Load(graph, *ort_options.get());
  if (!loaded.ok()) return std::move(loaded).TakeError().Within("onnxruntime");
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace lips
