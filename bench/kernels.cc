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

void AddBlend(std::mt19937& rng) {
  for (const size_t channels : {size_t{64}, size_t{256}}) {
    Add("BlendRows" + Size(34, channels), BlendCase(rng, RandomFloat, 34, channels, 0),
        {.bytes = 16.0 * 34.0 * static_cast<double>(channels)});
  }
}

// What lies at the ends of a network: rows of 320 pixels.
void AddEnds(std::mt19937& rng) {
  for (const NumberType type : kNumberTypes) {
    const double out_bytes = 320.0 * static_cast<double>(SizeOf(type));
    Add(std::string("BgrPixelsRow/320/") + NameOf(type), BgrPixelsCase(rng, type, 320, 0),
        {.bytes = 320.0 * 6.0 + 16.0 * out_bytes});
    Add("RowFromPlanes" + Size(320, 32) + "/" + NameOf(type), RowFromPlanesCase(rng, RandomFloat, type, 320, 32, 0),
        {.bytes = 320.0 * 32.0 * 4.0 + 32.0 * out_bytes});
    Add("PlanesFromRow" + Size(320, 32) + "/" + NameOf(type), PlanesFromRowCase(rng, RandomFloat, type, 320, 32, 0),
        {.bytes = 320.0 * 32.0 * 4.0 + 32.0 * out_bytes});
  }
  Add("SigmoidRow/4096", SigmoidCase(rng, 4096), {.bytes = 8.0 * 4096.0});
  Add("SigmoidBgrRow/320", SigmoidBgrCase(rng, 320, 16), {.bytes = 320.0 * 15.0});
}

void AddAll() {
  std::mt19937 rng(1);
  AddDepthwise(rng);
  AddBlend(rng);
  AddConvert(rng);
  AddEnds(rng);
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
