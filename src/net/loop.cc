#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace lips {

namespace asio = boost::asio;

struct Loop::State {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

Loop::Loop() : state_(std::make_unique<State>()) {}
Loop::~Loop() = default;

void Loop::Run() { state_->context.run(); }
void Loop::RunFor(std::chrono::milliseconds duration) {
  state_->context.restart();
  state_->context.run_for(duration);
}
bool Loop::RunReady() {
  state_->context.restart();
  return state_->context.poll() > 0;
}
void Loop::Stop() { state_->context.stop(); }
void Loop::Post(std::function<void()> work) { asio::post(state_->context, std::move(work)); }
asio::io_context& Loop::context() { return state_->context; }

// What is to be called belongs to the wait, which goes with its loop at the latest: a callback that keeps its own timer
// alive does so no longer than that.
struct Timer::State {
  explicit State(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::weak_ptr<std::function<void()>> then;  // of the wait that counts
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}
Timer::~Timer() { Cancel(); }

void Timer::After(std::chrono::milliseconds delay, std::function<void()> then) {
  Cancel();  // such a wait may already have been queued
  auto due = std::make_shared<std::function<void()>>(std::move(then));
  state_->then = due;
  state_->timer.expires_after(delay);
  state_->timer.async_wait([state = state_, due = std::move(due)](const boost::system::error_code&) {
    if (!*due) return;
    const auto now = std::exchange(*due, nullptr);
    state->then.reset();
    now();
  });
}

void Timer::Cancel() {
  if (const auto due = state_->then.lock()) std::exchange(*due, nullptr);  // perhaps the last to hold us
  state_->then.reset();
  state_->timer.cancel();
}

}  // namespace lips
