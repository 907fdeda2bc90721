// Memory of the device that a session computes on, and the copies to it, within it and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <utility>

#include "base/result.h"

namespace lips {

// Copies are made in the order asked for, together with whatever else is given to stream(), and are done after Wait().
// One thread at a time.
class DeviceMemory {
 public:
  enum class Way : uint8_t { kIn, kWithin, kOut };  // from this computer's memory, on the device, to this computer's

  virtual ~DeviceMemory() = default;
  virtual const char* ort_name() const = 0;  // what ONNX Runtime calls it: "Cpu", "Cuda"
  virtual void* stream() const = 0;          // CUDA stream; null where there is none
  // `host`: memory of this computer that the device copies from and to without detours. Errors: kResourceLimit.
  virtual Result<void*> Allocate(size_t bytes, bool host) = 0;
  virtual void Free(void* memory, bool host) = 0;  // of Allocate
  virtual Status Copy(void* to, const void* from, size_t bytes, Way way) = 0;
  virtual Status Wait() = 0;
};

// While a thread records a CUDA graph the driver refuses most of what any other thread asks of the device, and the
// record is lost. So whoever asks something holds this shared, and who records, alone. NvidiaMemory does so by itself.
std::shared_mutex& DeviceInUse();

// This computer's own memory: for ONNX Runtime's CPU provider.
std::shared_ptr<DeviceMemory> OpenHostMemory();

// Memory of the first NVIDIA device, with a stream of its own. Errors: those of LoadNvidiaCalls.
Result<std::shared_ptr<DeviceMemory>> OpenNvidiaMemory(const std::string& library = "libcuda.so.1");

// One allocation. Move-only.
class DeviceBlock {
 public:
  DeviceBlock() = default;
  static Result<DeviceBlock> Make(std::shared_ptr<DeviceMemory> memory, size_t bytes, bool host = false);
  DeviceBlock(DeviceBlock&& other) noexcept { *this = std::move(other); }
  DeviceBlock& operator=(DeviceBlock&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(host_, other.host_);
    return *this;
  }
  ~DeviceBlock() {
    if (data_ != nullptr) memory_->Free(data_, host_);
  }
  uint8_t* data() const { return static_cast<uint8_t*>(data_); }  // an address of the device unless `host`
  size_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<DeviceMemory> memory_;
  void* data_ = nullptr;
  size_t bytes_ = 0;
  bool host_ = false;
};

}  // namespace lips
