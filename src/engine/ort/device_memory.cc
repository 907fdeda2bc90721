#include "engine/ort/device_memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "engine/ort/nvidia_calls.h"

namespace lips {
namespace {

constexpr size_t kAlignment = 256;  // what CUDA's own allocations have

class HostMemory : public DeviceMemory {
 public:
  const char* ort_name() const override { return "Cpu"; }
  void* stream() const override { return nullptr; }
  Result<void*> Allocate(size_t bytes, bool /*host*/) override {
    void* memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
    if (memory == nullptr) return Error(ErrorCode::kResourceLimit, "no memory for " + std::to_string(bytes) + " bytes");
    return memory;
  }
  void Free(void* memory, bool /*host*/) override { std::free(memory); }
  Status Copy(void* to, const void* from, size_t bytes, Way /*way*/) override {
    if (bytes > 0) std::memcpy(to, from, bytes);
    return {};
  }
  Status Wait() override { return {}; }
};

class NvidiaMemory : public DeviceMemory {
 public:
  explicit NvidiaMemory(const NvidiaCalls& calls) : calls_(calls) {}
  NvidiaMemory(const NvidiaMemory&) = delete;
  NvidiaMemory& operator=(const NvidiaMemory&) = delete;
  ~NvidiaMemory() override {
    const std::shared_lock in_use(DeviceInUse());
    if (stream_ != nullptr && Enter().ok()) calls_.StreamDestroy(stream_);
  }

  // The primary context is the one that CUDA's runtime and so ONNX Runtime use; it stays for the process.
  Status Open() {
    constexpr unsigned kNonBlocking = 1;  // CU_STREAM_NON_BLOCKING: not in order with the default stream
    const std::shared_lock in_use(DeviceInUse());
    int device = 0;
    RETURN_IF_ERROR(Check(calls_.DeviceGet(&device, 0), "cuDeviceGet"));
    RETURN_IF_ERROR(Check(calls_.DevicePrimaryCtxRetain(&context_, device), "cuDevicePrimaryCtxRetain"));
    RETURN_IF_ERROR(Enter());
    return Check(calls_.StreamCreate(&stream_, kNonBlocking), "cuStreamCreate");
  }

  const char* ort_name() const override { return "Cuda"; }
  void* stream() const override { return stream_; }

  Result<void*> Allocate(size_t bytes, bool host) override {
    const std::shared_lock in_use(DeviceInUse());
    RETURN_IF_ERROR(Enter());
    bytes = std::max<size_t>(bytes, 1);
    if (host) {
      void* memory = nullptr;
      RETURN_IF_ERROR(Check(calls_.MemAllocHost(&memory, bytes), "cuMemAllocHost"));
      return memory;
    }
    uint64_t address = 0;
    RETURN_IF_ERROR(Check(calls_.MemAlloc(&address, bytes), "cuMemAlloc"));
    return reinterpret_cast<void*>(address);
  }

  void Free(void* memory, bool host) override {
    const std::shared_lock in_use(DeviceInUse());
    if (!Enter().ok()) return;
    if (host) {
      calls_.MemFreeHost(memory);
    } else {
      calls_.MemFree(Address(memory));
    }
  }

  Status Copy(void* to, const void* from, size_t bytes, Way way) override {
    if (bytes == 0) return {};
    const std::shared_lock in_use(DeviceInUse());
    RETURN_IF_ERROR(Enter());
    switch (way) {
      case Way::kIn: return Check(calls_.MemcpyHtoDAsync(Address(to), from, bytes, stream_), "cuMemcpyHtoDAsync");
      case Way::kWithin:
        return Check(calls_.MemcpyDtoDAsync(Address(to), Address(from), bytes, stream_), "cuMemcpyDtoDAsync");
      case Way::kOut: return Check(calls_.MemcpyDtoHAsync(to, Address(from), bytes, stream_), "cuMemcpyDtoHAsync");
    }
    return {};
  }

  Status Wait() override {
    const std::shared_lock in_use(DeviceInUse());
    RETURN_IF_ERROR(Enter());
    return Check(calls_.StreamSynchronize(stream_), "cuStreamSynchronize");
  }

 private:
  static uint64_t Address(const void* memory) { return reinterpret_cast<uint64_t>(memory); }
  Status Check(int error, const char* call) const { return CheckNvidia(calls_, error, call); }
  Status Enter() const { return Check(calls_.CtxSetCurrent(context_), "cuCtxSetCurrent"); }  // of this thread

  NvidiaCalls calls_;
  void* context_ = nullptr;
  void* stream_ = nullptr;
};

}  // namespace

std::shared_mutex& DeviceInUse() {
  static auto* const kMutex = new std::shared_mutex;  // memory may be freed while the process ends
  return *kMutex;
}

std::shared_ptr<DeviceMemory> OpenHostMemory() { return std::make_shared<HostMemory>(); }

Result<std::shared_ptr<DeviceMemory>> OpenNvidiaMemory(const std::string& library) {
  ASSIGN_OR_RETURN(const NvidiaCalls calls, LoadNvidiaCalls(library));
  auto memory = std::make_shared<NvidiaMemory>(calls);
  RETURN_IF_ERROR(memory->Open());
  return std::shared_ptr<DeviceMemory>(std::move(memory));
}

Result<DeviceBlock> DeviceBlock::Make(std::shared_ptr<DeviceMemory> memory, size_t bytes, bool host) {
  DeviceBlock block;
  ASSIGN_OR_RETURN(block.data_, memory->Allocate(bytes, host));
  block.memory_ = std::move(memory);
  block.bytes_ = bytes;
  block.host_ = host;
  return block;
}

}  // namespace lips
