#include "render/window_source.h"

#include <algorithm>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "base/sha256.h"
#include "media/speech.h"

namespace lips {
namespace {

// Calls `take` with each chunk of at most `max_samples` 16 kHz samples in all (< 0: no limit).
template <typename Take>
Status ForEachChunk(SpeechStream& stream, int64_t max_samples, const Take& take) {
  std::vector<float> chunk;
  int64_t left = max_samples;
  while (max_samples < 0 || left > 0) {
    Status status = stream.Read(chunk);
    if (!status.ok()) {
      if (status.error().code() == ErrorCode::kEndOfStream) break;
      return status;
    }
    std::span<const float> samples(chunk);
    if (max_samples >= 0) {
      samples = samples.first(static_cast<size_t>(std::min(left, static_cast<int64_t>(samples.size()))));
      left -= static_cast<int64_t>(samples.size());
    }
    RETURN_IF_ERROR(take(samples));
  }
  return {};
}

class SpeechWindows : public WindowSource {
 public:
  SpeechWindows(SpeechStream stream, Path audio, const SpeechFacts& facts, WindowEdge edge, AudioEncoder& encoder)
      : stream_(std::move(stream)),
        audio_(std::move(audio)),
        facts_(facts),
        edge_(edge),
        row_floats_(encoder.row_floats()),
        features_([&encoder](std::span<const float> inputs, int64_t count,
                             std::span<float> out) { return encoder.Encode(inputs, count, out); },
                  row_floats_) {}

  Status Window(int64_t row, std::vector<float>& out) override {
    // Rows up to row + 7 must be there, unless the features end before.
    const int64_t needed = std::min(row + kWindowRows - kWindowCentre, facts_.feature_rows);
    while (first_row_ + RowCount() < needed) RETURN_IF_ERROR(ReadMore());
    ForgetBefore(row - kWindowCentre);
    out.resize(static_cast<size_t>(kWindowRows) * static_cast<size_t>(row_floats_));
    return Fill(row, out);
  }

 private:
  int64_t RowCount() const { return static_cast<int64_t>(rows_.size()) / row_floats_; }

  Status ReadMore() {
    std::vector<float>& chunk = chunk_;
    Status status = stream_.Read(chunk);
    const bool ended = !status.ok() && status.error().code() == ErrorCode::kEndOfStream;
    if (!status.ok() && !ended) return status;
    const auto left = static_cast<size_t>(facts_.samples_16k - features_.samples());
    const auto samples =
        ended ? std::span<const float>() : std::span<const float>(chunk).first(std::min(chunk.size(), left));
    hash_.AddValues(samples);
    RETURN_IF_ERROR(features_.Push(samples, rows_));
    if (features_.samples() < facts_.samples_16k && !ended) return {};
    if (ended || hash_.Hex() != facts_.sha256) {
      return Error(ErrorCode::kCorrupted, "'" + audio_.string() + "' changed while it was being rendered");
    }
    return features_.Finish(rows_);
  }

  void ForgetBefore(int64_t row) {
    const int64_t drop = std::clamp<int64_t>(row - first_row_, 0, RowCount());
    if (drop < 256) return;  // seldom, so that the copy costs nothing
    rows_.erase(rows_.begin(), rows_.begin() + drop * row_floats_);
    first_row_ += drop;
  }

  // The rows held are a piece of the whole track; its ends are the track's ends only where nothing was forgotten and
  // everything has been read.
  Status Fill(int64_t row, std::span<float> out) const {
    const auto row_floats = static_cast<size_t>(row_floats_);
    for (int i = 0; i < kWindowRows; ++i) {
      int64_t source = row - kWindowCentre + i;
      const auto to = out.subspan(static_cast<size_t>(i) * row_floats, row_floats);
      if (edge_ == WindowEdge::kRepeat) source = std::clamp<int64_t>(source, 0, facts_.feature_rows - 1);
      if (source < 0 || source >= facts_.feature_rows) {
        std::ranges::fill(to, 0.0f);
        continue;
      }
      std::ranges::copy(std::span(rows_).subspan(static_cast<size_t>(source - first_row_) * row_floats, row_floats),
                        to.begin());
    }
    return {};
  }

  SpeechStream stream_;
  Path audio_;
  SpeechFacts facts_;
  WindowEdge edge_;
  int row_floats_;
  FeatureStream features_;
  Sha256 hash_;
  std::vector<float> chunk_;
  std::vector<float> rows_;  // feature rows from first_row_ on
  int64_t first_row_ = 0;
};

class FeatureWindows : public WindowSource {
 public:
  FeatureWindows(FeatureTrack features, WindowEdge edge) : features_(std::move(features)), edge_(edge) {}
  Status Window(int64_t row, std::vector<float>& out) override {
    out.resize(static_cast<size_t>(kWindowRows) * static_cast<size_t>(features_.row_floats));
    return FillWindow(features_.rows, features_.row_floats, row, edge_, out);
  }

 private:
  FeatureTrack features_;
  WindowEdge edge_;
};

class EmptyWindows : public WindowSource {
 public:
  Status Window(int64_t /*row*/, std::vector<float>& out) override {
    out.clear();
    return {};
  }
};

}  // namespace

Result<SpeechFacts> InspectSpeech(const Path& audio, int64_t max_samples_16k) {
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(audio));
  SpeechFacts facts;
  facts.source_codec = stream.source().codec;
  facts.source_rate_hz = stream.source().rate_hz;
  facts.source_channels = stream.source().channels;
  Sha256 hash;
  RETURN_IF_ERROR(ForEachChunk(stream, max_samples_16k, [&](std::span<const float> samples) -> Status {
    facts.samples_16k += static_cast<int64_t>(samples.size());
    hash.AddValues(samples);
    return {};
  }));
  facts.sha256 = hash.Hex();
  facts.feature_rows = FeatureRows(MelColumns(facts.samples_16k));
  if (facts.feature_rows == 0) {
    constexpr int64_t kMinSamples = int64_t{kEncoderSteps - 1} * kMelHopSamples;
    return Error(ErrorCode::kInvalidInput,
                 "'" + audio.string() + "' holds " + std::to_string(facts.samples_16k * 1000 / kModelRateHz) +
                     " ms of audio; at least " + std::to_string(kMinSamples * 1000 / kModelRateHz) +
                     " ms are needed for one feature row");
  }
  return facts;
}

Result<std::unique_ptr<WindowSource>> WindowsFromSpeech(const Path& audio, const SpeechFacts& facts, WindowEdge edge,
                                                        AudioEncoder& encoder) {
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(audio));
  return std::unique_ptr<WindowSource>(std::make_unique<SpeechWindows>(std::move(stream), audio, facts, edge, encoder));
}

std::unique_ptr<WindowSource> WindowsFromFeatures(FeatureTrack features, WindowEdge edge) {
  return std::make_unique<FeatureWindows>(std::move(features), edge);
}

std::unique_ptr<WindowSource> NoWindows() { return std::make_unique<EmptyWindows>(); }

}  // namespace lips
