// The row kernels on every instruction set of this machine; the scalar definition is the peer. The tests run the same
// cases.
#include <benchmark/benchmark.h>

#include <string>

#include "kernels/row_cases.h"

namespace lips::kernels {
namespace {

struct Work {
  double flops = 0;  // per call; a multiply-add counts as two
  double bytes = 0;  // per call, read and written
};

template <typename Case>
void Add(const std::string& name, const Case& sample, Work work) {
  ForEachIsa([&](Isa isa, const Table& table) {
    const char* isa_name = isa == Isa::kScalar ? "scalar" : isa == Isa::kAvx2 ? "avx2" : "avx512";
    benchmark::RegisterBenchmark((name + "/" + isa_name).c_str(), [=, own = sample](benchmark::State& state) mutable {
      for (auto _ : state) {
        own.Run(table);
        benchmark::ClobberMemory();
      }
      constexpr auto kRate = benchmark::Counter::kIsIterationInvariantRate;
      if (work.flops > 0) state.counters["FLOP/s"] = benchmark::Counter(work.flops, kRate);
      if (work.bytes > 0) state.counters["B/s"] = benchmark::Counter(work.bytes, kRate);
    });
  });
}

std::string Size(size_t pixels, size_t channels) {
  return "/" + std::to_string(pixels) + "x" + std::to_string(channels);
}

void AddDepthwise(std::mt19937& rng) {
  struct Shape {
    size_t width, stride, channels, spare;
  };
  // The inverted residuals of the decoder: wide and shallow, deep and narrow, and the latter with colliding columns.
  for (const Shape& s : {Shape{64, 1, 32, 0}, Shape{64, 1, 64, 0}, Shape{40, 1, 256, 0}, Shape{20, 1, 1024, 16},
                         Shape{20, 1, 1024, 0}, Shape{32, 2, 64, 16}}) {
    for (const NumberType type : kNumberTypes) {
      Add("DepthwiseRow" + Size(s.width, s.channels) + "/stride " + std::to_string(s.stride) + "/spare " +
              std::to_string(s.spare) + "/" + NameOf(type),
          DepthwiseCase(rng, RandomFloat, type, s.width, s.stride, s.channels, s.spare),
          {.flops = 18.0 * static_cast<double>(s.width * s.channels)});
    }
  }
}

void AddConvert(std::mt19937& rng) {
  for (const NumberType from : kNumberTypes) {
    for (const NumberType to : kNumberTypes) {
      Add("ConvertRow" + Size(64, 64) + "/" + NameOf(from) + " to " + NameOf(to),
          ConvertCase(rng, RandomFloat, from, to, 64, 64, 0),
          {.bytes = 64.0 * 64.0 * static_cast<double>(SizeOf(from) + SizeOf(to))});
    }
  }
}

void AddAll() {
  std::mt19937 rng(1);
  AddDepthwise(rng);
  AddConvert(rng);
}

}  // namespace
}  // namespace lips::kernels

int main(int argc, char** argv) {
  lips::kernels::AddAll();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
