#include "net/loop.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

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

struct Timer::State {
  explicit State(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> then;
  uint64_t round = 0;  // tells a cancelled wait, which may already have been queued, from the current one
};

Timer::Timer(Loop& loop) : state_(std::make_shared<State>(loop.context())) {}
Timer::~Timer() { Cancel(); }

void Timer::After(std::chrono::milliseconds delay, std::function<void()> then) {
  state_->then = std::move(then);
  const uint64_t round = ++state_->round;
  state_->timer.expires_after(delay);
  state_->timer.async_wait([state = state_, round](const boost::system::error_code&) {
    if (state->round != round || !state->then) return;
    const auto due = std::move(state->then);
    state->then = nullptr;
    due();
  });
}

void Timer::Cancel() {
  ++state_->round;
  state_->then = nullptr;
  state_->timer.cancel();
}

}  // namespace lips
