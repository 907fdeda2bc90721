// The calls of NVIDIA's driver that are needed here, found at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace lips {

// Declared here because the driver's header comes with CUDA; names and meanings are the header's. All return 0 or an
// error number. Addresses of device memory are 64-bit integers.
struct NvidiaCalls {
  // NOLINTBEGIN(readability-identifier-naming)
  int (*Init)(unsigned flags) = nullptr;
  int (*DriverGetVersion)(int* version) = nullptr;
  int (*DeviceGetCount)(int* count) = nullptr;
  int (*DeviceGet)(int* device, int ordinal) = nullptr;
  int (*DeviceGetName)(char* name, int size, int device) = nullptr;
  int (*DeviceTotalMem)(size_t* bytes, int device) = nullptr;
  int (*DeviceGetAttribute)(int* value, int attribute, int device) = nullptr;
  int (*GetErrorString)(int error, const char** text) = nullptr;
  int (*DevicePrimaryCtxRetain)(void** context, int device) = nullptr;
  int (*CtxSetCurrent)(void* context) = nullptr;
  int (*StreamCreate)(void** stream, unsigned flags) = nullptr;
  int (*StreamSynchronize)(void* stream) = nullptr;
  int (*StreamDestroy)(void* stream) = nullptr;
  int (*MemAlloc)(uint64_t* address, size_t bytes) = nullptr;
  int (*MemFree)(uint64_t address) = nullptr;
  int (*MemAllocHost)(void** memory, size_t bytes) = nullptr;
  int (*MemFreeHost)(void* memory) = nullptr;
  int (*MemcpyHtoDAsync)(uint64_t to, const void* from, size_t bytes, void* stream) = nullptr;
  int (*MemcpyDtoDAsync)(uint64_t to, uint64_t from, size_t bytes, void* stream) = nullptr;
  int (*MemcpyDtoHAsync)(void* to, uint64_t from, size_t bytes, void* stream) = nullptr;
  // NOLINTEND(readability-identifier-naming)
};

// The driver in `library`, which stays loaded, initialised. Errors: kUnsupported, one sentence: there is none, it is
// something else, it does not start, it finds no device.
Result<NvidiaCalls> LoadNvidiaCalls(const std::string& library);

// What `call` returned. Errors: kUnsupported; kResourceLimit when the device's memory is used up.
Status CheckNvidia(const NvidiaCalls& calls, int error, const char* call);

}  // namespace lips
