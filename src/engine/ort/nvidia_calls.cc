#include "engine/ort/nvidia_calls.h"

#include <dlfcn.h>

namespace lips {
namespace {

constexpr int kSuccess = 0;
constexpr int kOutOfMemory = 2;
constexpr int kNoDevice = 100;

template <typename Function>
bool Load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

// Every driver since CUDA 11 has all of them.
bool LoadAll(void* library, NvidiaCalls& calls) {
  return Load(library, "cuInit", calls.Init) && Load(library, "cuDriverGetVersion", calls.DriverGetVersion) &&
         Load(library, "cuDeviceGetCount", calls.DeviceGetCount) && Load(library, "cuDeviceGet", calls.DeviceGet) &&
         Load(library, "cuDeviceGetName", calls.DeviceGetName) &&
         Load(library, "cuDeviceTotalMem_v2", calls.DeviceTotalMem) &&
         Load(library, "cuDeviceGetAttribute", calls.DeviceGetAttribute) &&
         Load(library, "cuGetErrorString", calls.GetErrorString) &&
         Load(library, "cuDevicePrimaryCtxRetain", calls.DevicePrimaryCtxRetain) &&
         Load(library, "cuCtxSetCurrent", calls.CtxSetCurrent) && Load(library, "cuStreamCreate", calls.StreamCreate) &&
         Load(library, "cuStreamSynchronize", calls.StreamSynchronize) &&
         Load(library, "cuStreamDestroy_v2", calls.StreamDestroy) && Load(library, "cuMemAlloc_v2", calls.MemAlloc) &&
         Load(library, "cuMemFree_v2", calls.MemFree) && Load(library, "cuMemAllocHost_v2", calls.MemAllocHost) &&
         Load(library, "cuMemFreeHost", calls.MemFreeHost) &&
         Load(library, "cuMemcpyHtoDAsync_v2", calls.MemcpyHtoDAsync) &&
         Load(library, "cuMemcpyDtoDAsync_v2", calls.MemcpyDtoDAsync) &&
         Load(library, "cuMemcpyDtoHAsync_v2", calls.MemcpyDtoHAsync);
}

}  // namespace

Result<NvidiaCalls> LoadNvidiaCalls(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return Error(ErrorCode::kUnsupported, "no NVIDIA driver here (" + library + " cannot be loaded)");
  }
  NvidiaCalls calls;
  if (!LoadAll(handle, calls)) {
    return Error(ErrorCode::kUnsupported, library + " is no NVIDIA driver, or one older than CUDA 11");
  }
  RETURN_IF_ERROR(CheckNvidia(calls, calls.Init(0), "cuInit"));
  int count = 0;
  RETURN_IF_ERROR(CheckNvidia(calls, calls.DeviceGetCount(&count), "cuDeviceGetCount"));
  RETURN_IF_ERROR(CheckNvidia(calls, count > 0 ? kSuccess : kNoDevice, "cuDeviceGetCount"));
  return calls;
}

Status CheckNvidia(const NvidiaCalls& calls, int error, const char* call) {
  if (error == kSuccess) return {};
  if (error == kNoDevice) return Error(ErrorCode::kUnsupported, "the NVIDIA driver finds no device on this machine");
  const char* text = nullptr;
  if (calls.GetErrorString(error, &text) != kSuccess || text == nullptr) text = "unknown error";
  return Error(
      error == kOutOfMemory ? ErrorCode::kResourceLimit : ErrorCode::kUnsupported,
      "the NVIDIA driver does not do its work: " + std::string(call) + " gives " + std::to_string(error) + ", " + text);
}

}  // namespace lips
