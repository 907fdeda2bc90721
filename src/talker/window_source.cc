#include "talker/window_source.h"

#include <algorithm>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/feature_stream.h"
#include "audio/mel.h"
#include "media/speech.h"

namespace lips {
namespace {

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
    return FillWindow(rows_, first_row_, facts_.feature_rows, row_floats_, row, edge_, out);
  }

 private:
  int64_t RowCount() const { return static_cast<int64_t>(rows_.size()) / row_floats_; }

  Status ReadMore() {
    const Status status = stream_.Read(chunk_);
    if (status.ok()) return features_.Push(chunk_, rows_);
    if (status.error().code() != ErrorCode::kEndOfStream) return status;
    if (stream_.sha256() != facts_.sha256) {
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

  SpeechStream stream_;
  Path audio_;
  SpeechFacts facts_;
  WindowEdge edge_;
  int row_floats_;
  FeatureStream features_;
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
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(audio, max_samples_16k));
  SpeechFacts facts;
  facts.source_codec = stream.source().codec;
  facts.source_rate_hz = stream.source().rate_hz;
  facts.source_channels = stream.source().channels;
  std::vector<float> chunk;
  Status status;
  while ((status = stream.Read(chunk)).ok()) {
  }
  if (status.error().code() != ErrorCode::kEndOfStream) return std::move(status).TakeError();
  facts.samples_16k = stream.samples();
  facts.sha256 = stream.sha256();
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
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(audio, facts.samples_16k));
  return std::unique_ptr<WindowSource>(std::make_unique<SpeechWindows>(std::move(stream), audio, facts, edge, encoder));
}

std::unique_ptr<WindowSource> WindowsFromFeatures(FeatureTrack features, WindowEdge edge) {
  return std::make_unique<FeatureWindows>(std::move(features), edge);
}

std::unique_ptr<WindowSource> NoWindows() { return std::make_unique<EmptyWindows>(); }

}  // namespace lips
