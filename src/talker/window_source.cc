#include "talker/window_source.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/speech_gate.h"
#include "media/speech.h"

namespace lips {
namespace {

// Smooths the window of `row` in a track of `rows`.
void Smooth(int64_t row, int64_t rows, int row_floats, float strength, std::span<float> window) {
  const int64_t before = kWindowCentre - row;  // window rows before the track
  const auto first = static_cast<int>(std::clamp<int64_t>(before, 0, kWindowRows));
  const auto end = static_cast<int>(std::clamp<int64_t>(before + rows, first, kWindowRows));
  SmoothWindow(window, row_floats, first, end, strength);
}

class SpeechWindows : public WindowSource {
 public:
  SpeechWindows(SpeechStream stream, Path audio, const SpeechFacts& facts, WindowEdge edge, AudioEncoder& encoder,
                const WindowTuning& tuning)
      : stream_(std::move(stream)),
        audio_(std::move(audio)),
        facts_(facts),
        edge_(edge),
        tuning_(tuning),
        row_floats_(encoder.row_floats()),
        features_([&encoder](std::span<const float> inputs, int64_t count,
                             std::span<float> out) { return encoder.Encode(inputs, count, out); },
                  row_floats_, tuning.shape) {}

  Status RowWindow(int64_t row, std::vector<float>& out) override {
    // Rows up to row + 7 must be there, unless the features end before.
    const int64_t needed = std::min(row + kWindowRows - kWindowCentre, facts_.feature_rows);
    while (first_row_ + RowCount() < needed) RETURN_IF_ERROR(ReadMore());
    ForgetBefore(row - 1 - kWindowCentre);  // a window between two rows asks for the first one again
    out.resize(static_cast<size_t>(kWindowRows) * static_cast<size_t>(row_floats_));
    RETURN_IF_ERROR(FillWindow(rows_, first_row_, facts_.feature_rows, row_floats_, row, edge_, out));
    Smooth(row, facts_.feature_rows, row_floats_, tuning_.smoothing, out);
    return {};
  }

  bool Quiet(FeatureTime time) const override {
    const int64_t end = time.row + (time.between() ? 1 : 0) + kWindowRows - kWindowCentre;
    return tuning_.shape.rest_in_silence && AllSilent(gates_, first_row_, time.row - kWindowCentre, end);
  }

 private:
  int64_t RowCount() const { return static_cast<int64_t>(rows_.size()) / row_floats_; }

  Status ReadMore() {
    Status read = ReadRows();
    gates_.insert(gates_.end(), features_.gates().begin(), features_.gates().end());
    return read;
  }

  Status ReadRows() {
    const int64_t lead = std::min(tuning_.offset_samples, facts_.samples_16k);
    if (features_.samples() < lead) return PushSilence(lead - features_.samples());
    const int64_t read_before = stream_.samples();
    const Status status = stream_.Read(chunk_);
    if (status.ok()) {
      const int64_t dropped = std::clamp<int64_t>(-tuning_.offset_samples - read_before, 0, std::ssize(chunk_));
      const auto left = std::min(std::ssize(chunk_) - dropped, facts_.samples_16k - features_.samples());
      return features_.Push(std::span(chunk_).subspan(static_cast<size_t>(dropped), static_cast<size_t>(left)), rows_);
    }
    if (status.error().code() != ErrorCode::kEndOfStream) return status;
    if (stream_.sha256() != facts_.sha256) {
      return Error(ErrorCode::kCorrupted, "'" + audio_.string() + "' changed while it was being rendered");
    }
    if (features_.samples() < facts_.samples_16k) return PushSilence(facts_.samples_16k - features_.samples());
    return features_.Finish(rows_);
  }

  // A little of so much.
  Status PushSilence(int64_t samples) {
    const std::vector<float> silence(static_cast<size_t>(std::min<int64_t>(samples, kModelRateHz)));
    return features_.Push(silence, rows_);
  }

  void ForgetBefore(int64_t row) {
    const int64_t drop = std::clamp<int64_t>(row - first_row_, 0, RowCount());
    if (drop < 256) return;  // seldom, so that the copy costs nothing
    rows_.erase(rows_.begin(), rows_.begin() + drop * row_floats_);
    if (!gates_.empty()) gates_.erase(gates_.begin(), gates_.begin() + drop);
    first_row_ += drop;
  }

  SpeechStream stream_;
  Path audio_;
  SpeechFacts facts_;
  WindowEdge edge_;
  WindowTuning tuning_;
  int row_floats_;
  ShapedFeatureStream features_;
  std::vector<float> chunk_;
  std::vector<float> rows_;   // feature rows from first_row_ on
  std::vector<float> gates_;  // of these rows, where silence is put to rest
  int64_t first_row_ = 0;
};

class FeatureWindows : public WindowSource {
 public:
  FeatureWindows(FeatureTrack features, WindowEdge edge, const WindowTuning& tuning)
      : features_(std::move(features)), edge_(edge), tuning_(tuning) {}
  Status RowWindow(int64_t row, std::vector<float>& out) override {
    out.resize(static_cast<size_t>(kWindowRows) * static_cast<size_t>(features_.row_floats));
    const auto offset = static_cast<int64_t>(std::lround(static_cast<double>(tuning_.offset_samples) / kRowSamples));
    const int64_t heard = std::clamp<int64_t>(row - offset, 0, features_.count() - 1);
    RETURN_IF_ERROR(FillWindow(features_.rows, features_.row_floats, heard, edge_, out));
    Smooth(heard, features_.count(), features_.row_floats, tuning_.smoothing, out);
    return {};
  }

 private:
  static constexpr double kRowSamples = 640;
  FeatureTrack features_;
  WindowEdge edge_;
  WindowTuning tuning_;
};

class EmptyWindows : public WindowSource {
 public:
  Status RowWindow(int64_t /*row*/, std::vector<float>& out) override {
    out.clear();
    return {};
  }
};

}  // namespace

Status WindowSource::Window(FeatureTime time, std::vector<float>& out) {
  RETURN_IF_ERROR(RowWindow(time.row, out));
  if (!time.between()) return {};
  RETURN_IF_ERROR(RowWindow(time.row + 1, next_));
  MixWindow(out, next_, time.part);
  return {};
}

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
                                                        AudioEncoder& encoder, const WindowTuning& tuning) {
  ASSIGN_OR_RETURN(SpeechStream stream, SpeechStream::Open(audio, facts.samples_16k));
  return std::unique_ptr<WindowSource>(
      std::make_unique<SpeechWindows>(std::move(stream), audio, facts, edge, encoder, tuning));
}

std::unique_ptr<WindowSource> WindowsFromFeatures(FeatureTrack features, WindowEdge edge, const WindowTuning& tuning) {
  return std::make_unique<FeatureWindows>(std::move(features), edge, tuning);
}

std::unique_ptr<WindowSource> NoWindows() { return std::make_unique<EmptyWindows>(); }

}  // namespace lips
