#include "audio/resampler.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/error.h>
#include <libavutil/opt.h>
#include <libavutil/samplefmt.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "audio/mel.h"

namespace lips {
namespace {

constexpr int kMinRateHz = 1000;
constexpr int kMaxRateHz = 768000;
constexpr int kMaxChannels = 64;
constexpr size_t kSliceFrames = 4096;  // bounds our buffers whatever is pushed

// The mel bank ends at 7600 Hz: up to there the filter must be flat, and what lies above 8400 Hz would fold into it.
// 128 taps per output sample under a Kaiser window with beta 10 make a transition that narrow at -100 dB.
constexpr int kFilterSize = 128;
constexpr double kCutoff = 0.99;
constexpr double kKaiserBeta = 10;
constexpr int kPhaseShift = 10;
constexpr int kMaxExactPhases = 1 << kPhaseShift;

struct SwrDeleter {
  void operator()(SwrContext* swr) const { swr_free(&swr); }
};
using SwrPtr = std::unique_ptr<SwrContext, SwrDeleter>;

Error SwrError(int code, const std::string& what) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> reason = {};
  av_strerror(code, reason.data(), reason.size());
  return {ErrorCode::kResourceLimit, what + ": " + reason.data()};
}

// Mono double in, mono double out: its rounding then stays far below that of float samples.
Result<SwrPtr> OpenSwr(int rate_hz) {
  AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
  SwrContext* raw = nullptr;
  int rc = swr_alloc_set_opts2(&raw, &mono, AV_SAMPLE_FMT_DBLP, kModelRateHz, &mono, AV_SAMPLE_FMT_DBLP, rate_hz, 0,
                               nullptr);
  SwrPtr swr(raw);
  if (rc >= 0) {
    av_opt_set_int(raw, "filter_size", kFilterSize, 0);
    av_opt_set_int(raw, "phase_shift", kPhaseShift, 0);
    av_opt_set_double(raw, "cutoff", kCutoff, 0);
    av_opt_set_int(raw, "filter_type", SWR_FILTER_TYPE_KAISER, 0);
    av_opt_set_double(raw, "kaiser_beta", kKaiserBeta, 0);
    // Common rates need few filter phases, each computed exactly; odd ones interpolate between 1024.
    const int phases = kModelRateHz / std::gcd(rate_hz, kModelRateHz);
    av_opt_set_int(raw, "linear_interp", phases > kMaxExactPhases ? 1 : 0, 0);
    rc = swr_init(raw);
  }
  if (rc < 0) return SwrError(rc, "cannot resample " + std::to_string(rate_hz) + " Hz to 16000 Hz");
  return swr;
}

}  // namespace

// swresample mirrors the signal at its ends and decides itself how many samples come out. Zeros pushed in front, a
// whole number of output samples' worth, which are dropped again behind, keep the mirror away from the signal and
// the clock exact; zeros pushed at the end bring out the tail, which is then cut to the exact length.
struct Resampler::State {
  int rate_hz = 0;
  size_t channels = 0;
  SwrPtr swr;                   // null at 16 kHz
  int64_t frames_in = 0;        // of the signal
  int64_t samples_out = 0;      // of the signal
  int64_t samples_to_drop = 0;  // the zeros in front
  std::vector<double> mono;
  std::vector<double> converted;

  int64_t SamplesInTotal() const { return (frames_in * kModelRateHz + rate_hz - 1) / rate_hz; }

  void MixToMono(std::span<const float> interleaved) {
    mono.resize(interleaved.size() / channels);
    for (size_t frame = 0; frame < mono.size(); ++frame) {
      double sum = -0.0;  // the neutral element: +0.0 would turn a lone -0.0 into +0.0
      for (const float sample : interleaved.subspan(frame * channels, channels)) {
        sum += std::isfinite(sample) ? static_cast<double>(sample) : 0.0;
      }
      mono[frame] = sum / static_cast<double>(channels);
    }
  }

  void Append(std::span<const double> samples, std::vector<float>& out) {
    constexpr double kLargest = std::numeric_limits<float>::max();  // overshoot of huge input must not become infinite
    for (const double sample : samples) out.push_back(static_cast<float>(std::clamp(sample, -kLargest, kLargest)));
    samples_out += static_cast<int64_t>(samples.size());
  }

  // Resamples what is in `mono`.
  Status Convert(std::vector<float>& out) {
    const int capacity = swr_get_out_samples(swr.get(), static_cast<int>(mono.size()));
    if (capacity < 0) return SwrError(capacity, "cannot resample");
    converted.resize(static_cast<size_t>(capacity));
    auto* target = reinterpret_cast<uint8_t*>(converted.data());
    const auto* source = reinterpret_cast<const uint8_t*>(mono.data());
    const int count = swr_convert(swr.get(), &target, capacity, &source, static_cast<int>(mono.size()));
    if (count < 0) return SwrError(count, "cannot resample");
    const int64_t dropped = std::min<int64_t>(count, samples_to_drop);
    samples_to_drop -= dropped;
    Append(std::span(converted).subspan(static_cast<size_t>(dropped), static_cast<size_t>(count - dropped)), out);
    return {};
  }

  Status PushZeros(int64_t frames, std::vector<float>& out) {
    while (frames > 0) {
      const int64_t slice = std::min<int64_t>(frames, kSliceFrames);
      mono.assign(static_cast<size_t>(slice), 0.0);
      RETURN_IF_ERROR(Convert(out));
      frames -= slice;
    }
    return {};
  }

  // Generous: the filter's half length is 64 output samples, and it delays by that.
  int64_t FramesOfTwoFilters() const { return int64_t{2} * kFilterSize * std::max(rate_hz, kModelRateHz) / 15000 + 64; }
};

Resampler::Resampler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;
Resampler::~Resampler() = default;

Result<Resampler> Resampler::Create(int rate_hz, int channels) {
  if (rate_hz < kMinRateHz || rate_hz > kMaxRateHz) {
    return Error(ErrorCode::kInvalidInput,
                 "a sampling rate of " + std::to_string(rate_hz) + " Hz; expected 1000 to 768000 Hz");
  }
  if (channels < 1 || channels > kMaxChannels) {
    return Error(ErrorCode::kInvalidInput, std::to_string(channels) + " audio channels; expected 1 to 64");
  }
  auto state = std::make_unique<State>();
  state->rate_hz = rate_hz;
  state->channels = static_cast<size_t>(channels);
  if (rate_hz != kModelRateHz) {
    ASSIGN_OR_RETURN(state->swr, OpenSwr(rate_hz));
    const int common = std::gcd(rate_hz, kModelRateHz);
    const int64_t frames_per_unit = rate_hz / common;
    const int64_t units = (state->FramesOfTwoFilters() + frames_per_unit - 1) / frames_per_unit;
    state->samples_to_drop = units * (kModelRateHz / common);
    std::vector<float> nothing;
    RETURN_IF_ERROR(state->PushZeros(units * frames_per_unit, nothing));
  }
  return Resampler(std::move(state));
}

Status Resampler::Push(std::span<const float> interleaved, std::vector<float>& out) {
  State& s = *state_;
  if (interleaved.size() % s.channels != 0) {
    return Error(ErrorCode::kInvalidInput, std::to_string(interleaved.size()) + " samples are no whole number of " +
                                               std::to_string(s.channels) + "-channel frames");
  }
  while (!interleaved.empty()) {
    const auto slice = interleaved.first(std::min(interleaved.size(), kSliceFrames * s.channels));
    interleaved = interleaved.subspan(slice.size());
    s.MixToMono(slice);
    s.frames_in += static_cast<int64_t>(s.mono.size());
    if (s.swr == nullptr) {
      s.Append(s.mono, out);
    } else {
      RETURN_IF_ERROR(s.Convert(out));
    }
  }
  return {};
}

Status Resampler::Finish(std::vector<float>& out) {
  State& s = *state_;
  if (s.swr == nullptr) return {};
  RETURN_IF_ERROR(s.PushZeros(s.FramesOfTwoFilters(), out));
  const int64_t surplus = s.samples_out - s.SamplesInTotal();
  if (surplus < 0) {
    return Error(ErrorCode::kResourceLimit, "the resampler kept back " + std::to_string(-surplus) + " samples");
  }
  out.resize(out.size() - static_cast<size_t>(surplus));
  s.samples_out -= surplus;
  return {};
}

}  // namespace lips
