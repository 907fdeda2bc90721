#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace lips {
namespace {

TEST(ThreadPool, OfOneRunsOnTheCallersThread) {
  for (const int threads : {-3, 0, 1}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), 1);
    std::thread::id ran;
    pool.Run([&](const Worker& worker) {
      worker.Meet();
      ran = std::this_thread::get_id();
      EXPECT_EQ(worker.Share(7), std::pair(0, 7));
    });
    EXPECT_EQ(ran, std::this_thread::get_id());
  }
}

TEST(ThreadPool, CallsEveryWorkerOnceForEachRun) {
  ThreadPool pool(4);
  std::vector<int> calls(4);
  for (int run = 0; run < 2000; ++run) pool.Run([&](const Worker& worker) { ++calls[size_t(worker.index())]; });
  EXPECT_EQ(calls, (std::vector<int>{2000, 2000, 2000, 2000}));
}

TEST(ThreadPool, SharesCoverEverythingInOrder) {
  for (const int n : {0, 1, 2, 3, 10, 1000003}) {
    int next = 0;
    for (int i = 0; i < 3; ++i) {
      const auto [first, last] = Worker(i, 3, nullptr).Share(n);
      EXPECT_EQ(first, next);
      EXPECT_LE(last - first, n / 3 + 1);
      next = last;
    }
    EXPECT_EQ(next, n);
  }
}

// Each round sums what all wrote in the round before: a barrier that lets one through early gives another number.
TEST(ThreadPool, WorkersSeeWhatOthersWroteBeforeTheyMet) {
  constexpr int kThreads = 3;
  ThreadPool pool(kThreads);
  std::vector<uint64_t> now(kThreads, 1);
  std::vector<uint64_t> next(kThreads);
  for (int run = 0; run < 20; ++run) {
    now.assign(kThreads, 1);
    pool.Run([&](const Worker& worker) {
      for (int round = 0; round < 30; ++round) {
        next[size_t(worker.index())] = std::accumulate(now.begin(), now.end(), uint64_t{0}) % 1000003;
        worker.Meet();
        now[size_t(worker.index())] = next[size_t(worker.index())];
        worker.Meet();
      }
    });
    uint64_t expected = 1;
    for (int round = 0; round < 30; ++round) expected = expected * kThreads % 1000003;
    EXPECT_EQ(now, std::vector<uint64_t>(kThreads, expected));
  }
}

TEST(ThreadPool, RunsFromSeveralThreadsTakeTurns) {
  ThreadPool pool(2);
  int inside = 0;  // unguarded on purpose: only one Run at a time may touch it
  int64_t sum = 0;
  const auto use = [&] {
    for (int run = 0; run < 500; ++run) {
      pool.Run([&](const Worker& worker) {
        if (worker.index() != 0) return;
        EXPECT_EQ(++inside, 1);
        ++sum;
        --inside;
      });
    }
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(sum, 1000);
}

TEST(ThreadPool, EndsAtOnceWhenNothingEverRan) {
  for (int i = 0; i < 50; ++i) const ThreadPool pool(3);
}

}  // namespace
}  // namespace lips
