// An object of ONNX Runtime's C interface, released on every way out.
#pragma once

#include <utility>

namespace lips {

template <typename T>
class OrtHandle {
 public:
  using Release = void (*)(T*);  // OrtApi's ReleaseT
  explicit OrtHandle(Release release, T* object = nullptr) : release_(release), object_(object) {}
  OrtHandle(OrtHandle&& other) noexcept : release_(other.release_), object_(std::exchange(other.object_, nullptr)) {}
  OrtHandle& operator=(OrtHandle&& other) noexcept {
    std::swap(release_, other.release_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~OrtHandle() {
    if (object_ != nullptr) release_(object_);
  }
  T** out() { return &object_; }  // of an empty handle
  T* get() const { return object_; }

 private:
  Release release_;
  T* object_;
};

}  // namespace lips
