#include "image/aligned_bytes.h"

#include <new>
#include <utility>

namespace lips {

AlignedBytes::AlignedBytes(AlignedBytes&& other) noexcept
    : size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      data_(std::move(other.data_)) {}

AlignedBytes& AlignedBytes::operator=(AlignedBytes&& other) noexcept {
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  data_ = std::move(other.data_);
  return *this;
}

void AlignedBytes::Free::operator()(uint8_t* bytes) const { ::operator delete[](bytes, std::align_val_t{kAlignment}); }

void AlignedBytes::Resize(size_t size) {
  if (size > capacity_) {
    size_ = capacity_ = 0;
    data_.reset();  // before the new one: never both in memory
    data_.reset(static_cast<uint8_t*>(::operator new[](size, std::align_val_t{kAlignment})));
    capacity_ = size;
  }
  size_ = size;
}

}  // namespace lips
