#include "audio/mel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <kissfft/kissfft.hh>
#include <numbers>

namespace lips {
namespace {

constexpr size_t kPadding = kMelFftSamples / 2;  // zeros at both ends, so that column t is centred on sample 200 t
constexpr double kPreEmphasis = 0.97;
constexpr double kSmallestMagnitude = 1e-5;
constexpr double kReferenceDb = 20;
constexpr double kSilenceDb = -100;  // 20 log10(1e-5): becomes -4; 0 dB becomes +4
constexpr double kLargest = 4;

// What a band hears: `weights` for the bins from `first_bin` on; all others are zero.
struct Band {
  size_t first_bin = 0;
  std::vector<double> weights;
};

// The constants every stream shares.
struct Tables {
  std::array<double, kMelFftSamples> window;
  std::array<Band, kMelBands> bands;
  size_t first_bin = kMelBins;  // no band hears anything below, nor from end_bin on
  size_t end_bin = 0;

  Tables() {
    for (size_t n = 0; n < window.size(); ++n) {
      window[n] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n) / kMelFftSamples);
    }
    const std::vector<double> bank = MelFilterBank();
    for (size_t b = 0; b < bands.size(); ++b) {
      const auto row = bank.begin() + static_cast<ptrdiff_t>(b * kMelBins);
      const auto heard = [](double weight) { return weight != 0; };
      const auto first = std::find_if(row, row + kMelBins, heard);
      const auto last = std::find_if_not(first, row + kMelBins, heard);
      bands[b] = {static_cast<size_t>(first - row), {first, last}};
      first_bin = std::min(first_bin, bands[b].first_bin);
      end_bin = std::max(end_bin, bands[b].first_bin + bands[b].weights.size());
    }
  }
};

const Tables& SharedTables() {
  static const Tables tables;
  return tables;
}

}  // namespace

struct MelStream::State {
  const Tables& tables = SharedTables();
  kissfft<double> fft{kMelFftSamples / 2, false};  // 400 complex points carry 800 real ones

  // Pre-emphasised samples from 400 before the next column's centre on.
  std::array<double, kMelFftSamples> signal;
  size_t filled = 0;
  double previous = 0;  // the last sample before pre-emphasis; 0 before the first, so that y[0] = x[0]
  bool any = false;

  std::array<double, kMelFftSamples> windowed;
  std::array<std::complex<double>, kMelFftSamples / 2> spectrum;
  std::array<double, kMelBins> magnitude;

  State() { Restart(); }

  void Restart() {
    signal.fill(0);
    filled = kPadding;
    previous = 0;
    any = false;
  }

  void Add(double emphasised, std::vector<float>& out) {
    signal[filled++] = emphasised;
    if (filled < signal.size()) return;
    AppendColumn(out);
    std::copy(signal.begin() + kMelHopSamples, signal.end(), signal.begin());
    filled -= kMelHopSamples;
  }

  void AppendColumn(std::vector<float>& out) {
    for (size_t n = 0; n < windowed.size(); ++n) windowed[n] = signal[n] * tables.window[n];
    fft.transform_real(windowed.data(), spectrum.data());  // leaves bins 0 and 400 in spectrum[0]; no band hears them
    for (size_t k = tables.first_bin; k < tables.end_bin; ++k) {
      const double re = spectrum[k].real();
      const double im = spectrum[k].imag();
      magnitude[k] = std::sqrt(re * re + im * im);
    }
    for (const Band& band : tables.bands) {
      double mel = 0;
      for (size_t i = 0; i < band.weights.size(); ++i) mel += band.weights[i] * magnitude[band.first_bin + i];
      const double db = 20 * std::log10(std::max(kSmallestMagnitude, mel)) - kReferenceDb;
      const double normalised = 2 * kLargest * (db - kSilenceDb) / -kSilenceDb - kLargest;
      out.push_back(static_cast<float>(std::clamp(normalised, -kLargest, kLargest)));
    }
  }
};

int64_t MelColumns(int64_t samples) { return samples > 0 ? 1 + samples / kMelHopSamples : 0; }

MelStream::MelStream() : state_(std::make_unique<State>()) {}
MelStream::MelStream(MelStream&&) noexcept = default;
MelStream& MelStream::operator=(MelStream&&) noexcept = default;
MelStream::~MelStream() = default;

void MelStream::Push(std::span<const float> samples, std::vector<float>& out) {
  State& s = *state_;
  for (const float sample : samples) {
    const auto x = static_cast<double>(sample);
    s.Add(x - kPreEmphasis * s.previous, out);
    s.previous = x;
  }
  s.any = s.any || !samples.empty();
}

void MelStream::Finish(std::vector<float>& out) {
  State& s = *state_;
  if (s.any) {
    for (size_t i = 0; i < kPadding; ++i) s.Add(0, out);
  }
  s.Restart();
}

std::vector<float> Mel(std::span<const float> samples) {
  std::vector<float> columns;
  columns.reserve(static_cast<size_t>(MelColumns(static_cast<int64_t>(samples.size()))) * kMelBands);
  MelStream stream;
  stream.Push(samples, columns);
  stream.Finish(columns);
  return columns;
}

}  // namespace lips
