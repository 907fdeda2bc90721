// A team of threads for computing: the same few threads run every piece of work, and meet at barriers inside it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace lips {

// How many threads compute when `wanted` are asked for: below 1, one per core of this machine.
int ThreadsOrCores(int wanted);

// Where the threads of one Run wait for each other. Waiting spins for some microseconds, then sleeps: a partner that
// the system has put aside for a video encoder must not cost a whole core.
class TeamBarrier {
 public:
  explicit TeamBarrier(int count) : count_(static_cast<uint32_t>(count)) {}
  TeamBarrier(const TeamBarrier&) = delete;
  TeamBarrier& operator=(const TeamBarrier&) = delete;

  // Returns when `count` threads have called it; what they wrote before is then visible to all of them.
  void Arrive();

 private:
  const uint32_t count_;
  std::atomic<uint32_t> arrived_{0};
  std::atomic<uint32_t> round_{0};
};

// One thread's place in a running team.
class Worker {
 public:
  Worker() = default;  // a team of one: the calling thread
  Worker(int index, int count, TeamBarrier* barrier) : index_(index), count_(count), barrier_(barrier) {}

  int index() const { return index_; }  // 0 is the thread that called Run
  int count() const { return count_; }
  // This worker's share [first, second) of n items, in order of index; shares differ by one at most.
  std::pair<int, int> Share(int n) const {
    return {static_cast<int>(int64_t{n} * index_ / count_), static_cast<int>(int64_t{n} * (index_ + 1) / count_)};
  }
  // Waits for the whole team. All of its threads must call it equally often.
  void Meet() const {
    if (count_ > 1) barrier_->Arrive();
  }

 private:
  int index_ = 0;
  int count_ = 1;
  TeamBarrier* barrier_ = nullptr;
};

// Threads wait for work spinning for some microseconds, then asleep. Run never allocates.
class ThreadPool {
 public:
  // The caller of Run is one of them; below 1 counts as 1. Fewer when the system gives no more: see size().
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls body(const Worker&) on every thread at once, the caller's included, and returns when all are done. A second
  // Run from another thread waits for the first. `body` must not throw, nor call Run.
  template <typename Body>
  void Run(const Body& body) {
    RunErased([](const void* work, const Worker& worker) { (*static_cast<const Body*>(work))(worker); }, &body);
  }

 private:
  using Call = void(const void* work, const Worker& worker);

  void RunErased(Call* call, const void* work);
  void Serve(int index);

  std::mutex running_;                    // held by the thread in Run
  std::unique_ptr<TeamBarrier> barrier_;  // made when all threads are; workers use it from their first work on
  Call* call_ = nullptr;                  // written before round_ moves, read after
  const void* work_ = nullptr;
  std::atomic<uint32_t> round_{0};    // moves when there is work, or an end
  std::atomic<uint32_t> pending_{0};  // threads still at it
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
};

}  // namespace lips
