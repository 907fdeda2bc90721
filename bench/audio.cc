// What the audio front end costs per unit of work: a mel column, a second of resampling.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <kissfft/kissfft.hh>
#include <vector>

#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "audio/resampler.h"

namespace lips {
namespace {

std::vector<float> Tone(size_t samples) {
  std::vector<float> tone(samples);
  for (size_t n = 0; n < samples; ++n) tone[n] = 0.5f * std::sin(0.1f * static_cast<float>(n));
  return tone;
}

// The peer: the Fourier transform alone, which any front end of this shape pays for a column.
void FourierTransformAlone(benchmark::State& state) {
  const kissfft<double> fft(400, false);
  std::array<double, 800> in = {};
  for (size_t n = 0; n < in.size(); ++n) in[n] = std::sin(0.1 * static_cast<double>(n));
  std::array<std::complex<double>, 400> out;
  for (auto _ : state) {
    fft.transform_real(in.data(), out.data());
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(FourierTransformAlone);

void MelColumn(benchmark::State& state) {
  const std::vector<float> hop = Tone(kMelHopSamples);
  MelStream stream;
  std::vector<float> columns;
  for (auto _ : state) {
    columns.clear();
    stream.Push(hop, columns);
    benchmark::DoNotOptimize(columns.data());
  }
}
BENCHMARK(MelColumn);

// A second of speech through mel, windows and doubling, with an encoder that costs nothing.
void FeatureSecond(benchmark::State& state) {
  const std::vector<float> second = Tone(kModelRateHz);
  const auto encode = [](std::span<const float>, int64_t, std::span<float>) -> Status { return {}; };
  FeatureStream stream(encode, 512);
  std::vector<float> rows;
  for (auto _ : state) {
    rows.clear();
    if (!stream.Push(second, rows).ok()) state.SkipWithError("the encoder failed");
    benchmark::DoNotOptimize(rows.data());
  }
}
BENCHMARK(FeatureSecond)->Unit(benchmark::kMillisecond);

// A second of stereo to 16 kHz mono.
void ResampleSecond(benchmark::State& state) {
  const auto rate_hz = static_cast<int>(state.range(0));
  const std::vector<float> second = Tone(2 * static_cast<size_t>(rate_hz));
  auto resampler = Resampler::Create(rate_hz, 2);
  std::vector<float> out;
  for (auto _ : state) {
    out.clear();
    if (!resampler.value().Push(second, out).ok()) state.SkipWithError("resampling failed");
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(ResampleSecond)->Arg(8000)->Arg(16000)->Arg(44100)->Arg(48000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lips

BENCHMARK_MAIN();
