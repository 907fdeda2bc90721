// A block of memory that starts at a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace lips::cpu {

inline constexpr size_t kAlignment = 64;
inline constexpr size_t AlignUp(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Zero-filled, by the system where it is large: pages nobody touches cost nothing. Move-only.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(size_t bytes) : bytes_(bytes) {
    if (bytes == 0) return;
    block_.reset(static_cast<uint8_t*>(std::calloc(bytes + 2 * kAlignment, 1)));
    if (block_ == nullptr) std::abort();  // as operator new would end
    const size_t past = reinterpret_cast<uintptr_t>(block_.get()) % kAlignment;
    data_ = block_.get() + (past == 0 ? 0 : kAlignment - past);
  }
  uint8_t* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<uint8_t[], Free> block_;
  uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace lips::cpu
