// A function that is called at most once and may own what cannot be copied.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace lips {

template <typename Signature>
class Once;

// Once<void(int)> done = [owner = std::move(owner)](int n) { ... };  Calling it empties it. Move-only.
template <typename... Args>
class Once<void(Args...)> {
 public:
  Once() = default;
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Once>)
      Once(F function)  // NOLINT(google-explicit-constructor): a lambda should be given as one
      : body_(std::make_unique<Holder<F>>(std::move(function))) {}

  explicit operator bool() const { return body_ != nullptr; }

  void operator()(Args... args) {
    const std::unique_ptr<Body> body = std::move(body_);
    body->Call(std::forward<Args>(args)...);
  }

 private:
  struct Body {
    virtual ~Body() = default;
    virtual void Call(Args... args) = 0;
  };
  template <typename F>
  struct Holder : Body {
    explicit Holder(F f) : function(std::move(f)) {}
    void Call(Args... args) override { function(std::forward<Args>(args)...); }
    F function;
  };
  std::unique_ptr<Body> body_;
};

}  // namespace lips
