#include "bench/peak.h"

#include <algorithm>
#include <barrier>
#include <thread>
#include <vector>

#include "base/stats.h"
#include "kernels/peak.h"

namespace lips {
namespace {

// Many short runs: on a busy machine some fall between the neighbours' turns.
constexpr int kRuns = 60;
constexpr double kRunMs = 2;

// How many steps take about kRunMs on this machine.
size_t CalibratedSteps(const kernels::PeakLoop& loop) {
  for (size_t steps = 1 << 12;; steps *= 4) {
    const Stopwatch watch;
    loop.run(steps);
    const double ms = watch.ElapsedMs();
    if (ms > kRunMs / 4) return std::max<size_t>(1, static_cast<size_t>(static_cast<double>(steps) * kRunMs / ms));
  }
}

double MeasureGflops(const kernels::PeakLoop& loop, int threads) {
  const size_t steps = CalibratedSteps(loop);
  double best_ms = 0;
  Stopwatch watch;
  // Every thread waits for the others before and after each run; the last to arrive reads the clock.
  bool running = false;
  const auto turn = [&]() noexcept {
    running = !running;
    if (running) {
      watch.Restart();
      return;
    }
    const double ms = watch.ElapsedMs();
    best_ms = best_ms > 0 ? std::min(best_ms, ms) : ms;
  };
  std::barrier barrier(threads, turn);
  const auto work = [&] {
    for (int run = 0; run < kRuns; ++run) {
      barrier.arrive_and_wait();
      loop.run(steps);
      barrier.arrive_and_wait();
    }
  };
  {
    std::vector<std::jthread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  const double flop = 2.0 * static_cast<double>(loop.macs_per_step) * static_cast<double>(steps) * threads;
  return best_ms > 0 ? flop / (best_ms * 1e6) : 0;
}

double MeasureGflops(kernels::PeakKind kind, int threads) {
  return MeasureGflops(kernels::FastestPeakLoop(ActiveIsa(), kind), threads);
}

}  // namespace

double Peak::For(Precision precision) const {
  switch (precision) {
    case Precision::kBf16: return bf16_gflops;
    case Precision::kInt8: return int8_gflops;
    case Precision::kAuto:
    case Precision::kF16:  // the CPU has no such products: they are made in f32
    case Precision::kF32: break;
  }
  return f32_gflops;
}

Json Peak::ToJson() const {
  return Json::Object(
      {{"threads", threads}, {"f32_gflops", f32_gflops}, {"bf16_gflops", bf16_gflops}, {"int8_gflops", int8_gflops}});
}

Peak MeasurePeak(int threads) {
  return {.threads = threads,
          .f32_gflops = MeasureGflops(kernels::PeakKind::kF32, threads),
          .bf16_gflops = MeasureGflops(kernels::PeakKind::kBf16, threads),
          .int8_gflops = MeasureGflops(kernels::PeakKind::kInt8, threads)};
}

}  // namespace lips
