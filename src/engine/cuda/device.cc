#include "engine/cuda/device.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "engine/cuda/launch.h"

namespace lips::cuda {
namespace {

constexpr int kMostShared = 160 * 1024;
constexpr int kLeastGeneration = 8;  // compute capability 8.0: mma.m16n8k16 and cp.async

Result<Device> OpenOnce() {
  int count = 0;
  const cudaError_t counted = cudaGetDeviceCount(&count);
  if (counted != cudaSuccess || count < 1) {
    const std::string why = counted == cudaSuccess                   ? "no device"
                            : counted == cudaErrorInsufficientDriver ? "no driver, or one that is too old"
                                                                     : cudaGetErrorString(counted);
    return Error(ErrorCode::kUnsupported,
                 "engine cuda finds no NVIDIA device: " + why + "; it needs one with a driver for CUDA " +
                     std::to_string(CUDART_VERSION / 1000) + " (nvidia-smi shows both); or use --engine cpu");
  }
  cudaDeviceProp properties = {};
  RETURN_IF_ERROR(Check(cudaGetDeviceProperties(&properties, 0), "asking what it is"));
  if (properties.major < kLeastGeneration) {
    return Error(ErrorCode::kUnsupported, "engine cuda needs a device of compute capability 8.0 or later; '" +
                                              std::string(properties.name) + "' has " +
                                              std::to_string(properties.major) + "." +
                                              std::to_string(properties.minor) + "; use --engine cpu or ort");
  }
  // No tile needs more.
  const int shared = std::min(static_cast<int>(properties.sharedMemPerBlockOptin), kMostShared);
  RETURN_IF_ERROR(Check(AllowSharedMemory(shared), "preparing kernels"));
  return Device{.name = properties.name, .multiprocessors = properties.multiProcessorCount, .most_shared = shared};
}

}  // namespace

Status Check(int answer, const std::string& doing) {
  const auto result = static_cast<cudaError_t>(answer);
  if (result == cudaSuccess) return {};
  static_cast<void>(cudaGetLastError());  // what is not sticky is dealt with here
  if (result == cudaErrorMemoryAllocation) {
    return Error(ErrorCode::kResourceLimit,
                 "the CUDA device's memory is full (" + doing + "); use a smaller --cache-memory, or fewer avatars");
  }
  return Error(ErrorCode::kIo, "the CUDA device failed while " + doing + ": " + cudaGetErrorString(result) + " (" +
                                   cudaGetErrorName(result) + ")");
}

Result<Device> Device::Open() {
  static const Result<Device> kDevice = OpenOnce();
  if (!kDevice.ok()) return kDevice.error();
  return kDevice.value();
}

void Memory::Free::operator()(uint8_t* data) const { static_cast<void>(pinned ? cudaFreeHost(data) : cudaFree(data)); }

Result<Memory> Memory::OnDevice(size_t bytes) {
  Memory memory;
  void* data = nullptr;
  RETURN_IF_ERROR(Check(cudaMalloc(&data, bytes), "taking " + std::to_string(bytes >> 10) + " KiB"));
  memory.data_ = {static_cast<uint8_t*>(data), Free{false}};
  memory.bytes_ = bytes;
  return memory;
}

Result<Memory> Memory::Pinned(size_t bytes) {
  Memory memory;
  void* data = nullptr;
  RETURN_IF_ERROR(Check(cudaMallocHost(&data, bytes), "pinning " + std::to_string(bytes >> 10) + " KiB"));
  memory.data_ = {static_cast<uint8_t*>(data), Free{true}};
  memory.bytes_ = bytes;
  return memory;
}

void Stream::Destroy::operator()(cudaStream_t stream) const { static_cast<void>(cudaStreamDestroy(stream)); }

Result<Stream> Stream::Make() {
  Stream stream;
  cudaStream_t made = nullptr;
  RETURN_IF_ERROR(Check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "making a stream"));
  stream.stream_.reset(made);
  return stream;
}

Status Stream::Wait() const { return Check(cudaStreamSynchronize(get()), "computing"); }

void Event::Destroy::operator()(cudaEvent_t event) const { static_cast<void>(cudaEventDestroy(event)); }

Result<Event> Event::Make() {
  Event event;
  cudaEvent_t made = nullptr;
  RETURN_IF_ERROR(Check(cudaEventCreateWithFlags(&made, cudaEventDisableTiming), "making an event"));
  event.event_.reset(made);
  return event;
}

Status Event::Record(const Stream& stream) const {
  return Check(cudaEventRecord(event_.get(), stream.get()), "recording an event");
}

Status Event::Wait() const { return Check(cudaEventSynchronize(event_.get()), "computing"); }

void CapturedGraph::Destroy::operator()(cudaGraphExec_t graph) const { static_cast<void>(cudaGraphExecDestroy(graph)); }

Status CapturedGraph::Begin(const Stream& stream) {
  return Check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "beginning a graph");
}

Result<CapturedGraph> CapturedGraph::End(const Stream& stream) {
  cudaGraph_t captured = nullptr;
  RETURN_IF_ERROR(Check(cudaStreamEndCapture(stream.get(), &captured), "capturing a graph"));
  cudaGraphExec_t executable = nullptr;
  const cudaError_t made = cudaGraphInstantiate(&executable, captured, 0);
  static_cast<void>(cudaGraphDestroy(captured));
  RETURN_IF_ERROR(Check(made, "making a graph"));
  CapturedGraph graph;
  graph.graph_.reset(executable);
  RETURN_IF_ERROR(Check(cudaGraphUpload(executable, stream.get()), "uploading a graph"));
  return graph;
}

Status CapturedGraph::Start(const Stream& stream) const {
  return Check(cudaGraphLaunch(graph_.get(), stream.get()), "starting a graph");
}

}  // namespace lips::cuda
