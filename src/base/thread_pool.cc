#include "base/thread_pool.h"

#include <algorithm>
#include <system_error>

namespace lips {
namespace {

// About 20 microseconds: longer than the steps of a network differ, shorter than the system takes to wake a thread.
constexpr int kSpins = 500;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns when `value` is no longer `old`.
void AwaitChange(const std::atomic<uint32_t>& value, uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

int ThreadsOrCores(int wanted) {
  return wanted > 0 ? wanted : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void TeamBarrier::Arrive() {
  const uint32_t round = round_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count_) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    round_.notify_all();
    return;
  }
  AwaitChange(round_, round);
}

ThreadPool::ThreadPool(int threads) {
  threads_.reserve(static_cast<size_t>(std::max(threads, 1) - 1));
  for (int i = 1; i < threads; ++i) {
    try {
      threads_.emplace_back([this, i] { Serve(i); });
    } catch (const std::system_error&) {
      break;  // no more threads to be had: these do the work
    }
  }
  barrier_ = std::make_unique<TeamBarrier>(size());
}

ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadPool::RunErased(Call* call, const void* work) {
  const std::scoped_lock lock(running_);
  if (threads_.empty()) {
    call(work, Worker());
    return;
  }
  call_ = call;
  work_ = work;
  pending_.store(static_cast<uint32_t>(threads_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  call(work, Worker(0, size(), barrier_.get()));
  while (const uint32_t left = pending_.load(std::memory_order_acquire)) AwaitChange(pending_, left);
}

void ThreadPool::Serve(int index) {
  // A worker that starts late finds round_ already moved, so each keeps its own count from the beginning.
  uint32_t seen = 0;
  while (true) {
    AwaitChange(round_, seen);
    ++seen;
    if (stopping_.load(std::memory_order_relaxed)) return;
    call_(work_, Worker(index, size(), barrier_.get()));
    if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_all();
  }
}

}  // namespace lips
