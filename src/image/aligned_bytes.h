// Owned bytes that start on a 64-byte boundary.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace lips {

// Move-only; a moved-from one is empty.
class AlignedBytes {
 public:
  static constexpr size_t kAlignment = 64;

  AlignedBytes() = default;
  AlignedBytes(AlignedBytes&& other) noexcept;
  AlignedBytes& operator=(AlignedBytes&& other) noexcept;

  uint8_t* data() { return data_.get(); }
  const uint8_t* data() const { return data_.get(); }
  size_t size() const { return size_; }
  // Keeps the memory when it suffices. Contents unspecified.
  void Resize(size_t size);

 private:
  struct Free {
    void operator()(uint8_t* bytes) const;
  };
  size_t size_ = 0;
  size_t capacity_ = 0;
  std::unique_ptr<uint8_t[], Free> data_;
};

}  // namespace lips
