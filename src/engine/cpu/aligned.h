// A block of memory that starts at a cache line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace lips::cpu {

inline constexpr size_t kAlignment = 64;
inline constexpr size_t AlignUp(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Zero-filled. Move-only.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(size_t bytes) : bytes_(bytes) {
    if (bytes == 0) return;
    data_.reset(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, AlignUp(bytes))));
    if (data_ == nullptr) std::abort();  // as operator new would end
    std::memset(data_.get(), 0, AlignUp(bytes));
  }
  uint8_t* data() const { return data_.get(); }
  size_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(uint8_t* p) const { std::free(p); }
  };
  std::unique_ptr<uint8_t[], Free> data_;
  size_t bytes_ = 0;
};

}  // namespace lips::cpu
