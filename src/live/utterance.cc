#include "live/utterance.h"

#include <algorithm>
#include <utility>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "audio/window.h"

namespace lips {
namespace {

constexpr int64_t kEndlessRows = int64_t{1} << 40;  // 1,400 years
constexpr int kRowSamples = kModelRateHz / kFeatureRateHz;
constexpr int64_t kMinSamples = int64_t{kEncoderSteps - 1} * kMelHopSamples;  // of one encoder window
constexpr int64_t kEncodeAheadRows = 8;  // as many as our own engine takes together

// 16 kHz samples with which feature row `row` of an unfinished signal is decided: audio/feature_stream.h.
int64_t SamplesForRow(int64_t row) {
  constexpr int64_t kFirst = 3400;
  return row <= 0 ? kFirst : kMelHopSamples * (16 * (row - 1) / 5) + kFirst;
}

}  // namespace

Result<Utterance> Utterance::Begin(uint32_t number, int64_t start_sample, const Shape& shape, AudioEncoder* encoder) {
  ASSIGN_OR_RETURN(Resampler resampler, Resampler::Create(shape.rate_hz, 1));
  return Utterance(number, start_sample, shape, encoder, std::move(resampler));
}

Utterance::Utterance(uint32_t number, int64_t start_sample, const Shape& shape, AudioEncoder* encoder,
                     Resampler resampler)
    : number_(number),
      start_sample_(start_sample),
      shape_(shape),
      encoder_(encoder),
      resampler_(std::move(resampler)),
      timeline_(TimelineOf(kEndlessRows)) {
  if (encoder == nullptr) return;
  features_.emplace([encoder](std::span<const float> inputs, int64_t count,
                              std::span<float> out) { return encoder->Encode(inputs, count, out); },
                    encoder->row_floats(), FeatureShape{.rest_in_silence = shape.rest_in_silence});
}

Timeline Utterance::TimelineOf(int64_t feature_rows) const {
  return {feature_rows, shape_.fps, shape_.template_frames, shape_.template_fps, 0, Loop::kPingPong};
}

// The last feature row that is heard for frame `k`, were there no end.
int64_t Utterance::LastRowOf(int64_t k) const {
  const FeatureTime time = timeline_.Heard(k);
  return time.row + (time.between() ? 1 : 0) + kWindowRows - kWindowCentre - 1;
}

Status Utterance::Push(std::span<const float> samples, int64_t now_us) {
  if (shape_.keep_audio) audio_.insert(audio_.end(), samples.begin(), samples.end());
  samples_ += static_cast<int64_t>(samples.size());
  fresh_.clear();
  RETURN_IF_ERROR(resampler_.Push(samples, fresh_));
  return Take16k(now_us);
}

Status Utterance::Commit(std::string name, int64_t now_us) {
  name_ = std::move(name);
  fresh_.clear();
  RETURN_IF_ERROR(resampler_.Finish(fresh_));
  const int64_t missing = kMinSamples - samples_16k_ - static_cast<int64_t>(fresh_.size());
  if (missing > 0) fresh_.resize(fresh_.size() + static_cast<size_t>(missing));
  RETURN_IF_ERROR(Take16k(now_us));
  if (shape_.rest_in_silence) gate_.Finish(gates_);
  feature_rows_ = FeatureRows(MelColumns(samples_16k_));
  timeline_ = TimelineOf(feature_rows_);
  frames_ = timeline_.frames();
  committed_ = true;
  arrivals_.push_back({samples_16k_ + kEndlessRows, now_us});
  return {};
}

Status Utterance::Take16k(int64_t now_us) {
  samples_16k_ += static_cast<int64_t>(fresh_.size());
  if (!fresh_.empty()) NoteArrival(now_us);
  if (features_) queued_.insert(queued_.end(), fresh_.begin(), fresh_.end());
  if (shape_.rest_in_silence) gate_.Push(fresh_, gates_);
  return {};
}

// Samples that come one by one count as one arrival per ten milliseconds, so that memory stays small.
void Utterance::NoteArrival(int64_t now_us) {
  constexpr int64_t kTogether = kModelRateHz / 100;
  const int64_t before = arrivals_.size() < 2 ? 0 : arrivals_[arrivals_.size() - 2].samples_16k;
  if (!arrivals_.empty() && (arrivals_.back().us == now_us || samples_16k_ - before < kTogether)) {
    arrivals_.back() = {samples_16k_, now_us};
  } else {
    arrivals_.push_back({samples_16k_, now_us});
  }
}

std::optional<int64_t> Utterance::ReadyUs(int64_t k) const {
  if (frames_ && k >= *frames_) return std::nullopt;
  const int64_t needed = SamplesForRow(LastRowOf(k));
  const auto arrival = std::ranges::lower_bound(arrivals_, needed, {}, [](const Arrival& a) { return a.samples_16k; });
  if (arrival == arrivals_.end()) return std::nullopt;
  return arrival->us;
}

// Feeds the encoder until `rows` rows are there, or all there will be.
Status Utterance::Encode(int64_t rows) {
  const auto held = [this] { return first_row_ + static_cast<int64_t>(rows_.size()) / encoder_->row_floats(); };
  while (held() < rows && !encoded_all_) {
    const size_t left = queued_.size() - queued_begin_;
    const size_t take = std::min<size_t>(left, size_t{kEncodeAheadRows} * kRowSamples);
    if (take > 0) {
      const auto slice = std::span(queued_).subspan(queued_begin_, take);
      RETURN_IF_ERROR(features_->Push(slice, rows_));
      queued_begin_ += take;
      if (queued_begin_ == queued_.size() || queued_begin_ > size_t{4} * kModelRateHz) {
        queued_.erase(queued_.begin(), queued_.begin() + static_cast<ptrdiff_t>(queued_begin_));
        queued_begin_ = 0;
      }
    } else if (committed_) {
      RETURN_IF_ERROR(features_->Finish(rows_));
      encoded_all_ = true;
    } else {
      return Error(ErrorCode::kNeedMoreInput, "the window's audio has not come yet");
    }
  }
  return {};
}

Status Utterance::Window(int64_t k, std::vector<float>& out) {
  const FeatureTime time = timeline_.Heard(k);
  const int64_t row = time.row;
  while (arrivals_.size() > 1 && arrivals_.front().samples_16k < SamplesForRow(row)) arrivals_.pop_front();
  const int64_t gates = std::clamp<int64_t>(row - kWindowCentre - first_gate_, 0, static_cast<int64_t>(gates_.size()));
  if (gates >= 256) {
    gates_.erase(gates_.begin(), gates_.begin() + gates);
    first_gate_ += gates;
  }
  if (!features_) {
    out.clear();
    return {};
  }
  const int row_floats = encoder_->row_floats();
  const int64_t count = committed_ ? feature_rows_ : kEndlessRows;
  RETURN_IF_ERROR(Encode(std::min(LastRowOf(k) + 1, count)));
  const int64_t held = static_cast<int64_t>(rows_.size()) / row_floats;
  const int64_t drop = std::clamp<int64_t>(row - kWindowCentre - first_row_, 0, held);
  if (drop >= 64) {  // seldom, so that the copy costs nothing
    rows_.erase(rows_.begin(), rows_.begin() + drop * row_floats);
    first_row_ += drop;
  }
  RETURN_IF_ERROR(FillFrom(row, out));
  if (!time.between()) return {};
  RETURN_IF_ERROR(FillFrom(row + 1, next_));
  MixWindow(out, next_, time.part);
  return {};
}

Status Utterance::FillFrom(int64_t row, std::vector<float>& out) const {
  const int row_floats = encoder_->row_floats();
  out.resize(static_cast<size_t>(kWindowRows) * static_cast<size_t>(row_floats));
  const int64_t count = committed_ ? feature_rows_ : kEndlessRows;
  return FillWindow(rows_, first_row_, count, row_floats, row, WindowEdge::kZeros, out);
}

bool Utterance::Rests(int64_t k) const {
  const int64_t begin = timeline_.Heard(k).row - kWindowCentre - first_gate_;
  const int64_t end = LastRowOf(k) + 1 - first_gate_;
  if (!shape_.rest_in_silence || begin < 0 || end > static_cast<int64_t>(gates_.size())) return false;
  return AllSilent(gates_, 0, begin, end);
}

bool Utterance::Quiet(int64_t k) const {
  return shape_.rest_in_silence &&
         AllSilent(gates_, first_gate_, timeline_.Heard(k).row - kWindowCentre, LastRowOf(k) + 1);
}

std::vector<float> Utterance::TakeAudio(int64_t to) {
  const auto held = static_cast<int64_t>(audio_.size() - audio_head_);
  const auto count = static_cast<size_t>(std::clamp<int64_t>(to - audio_begin_, 0, held));
  const auto begin = audio_.begin() + static_cast<ptrdiff_t>(audio_head_);
  std::vector<float> taken(begin, begin + static_cast<ptrdiff_t>(count));
  audio_head_ += count;
  audio_begin_ += static_cast<int64_t>(count);
  if (audio_head_ == audio_.size() || audio_head_ > static_cast<size_t>(shape_.rate_hz)) {
    audio_.erase(audio_.begin(), audio_.begin() + static_cast<ptrdiff_t>(audio_head_));
    audio_head_ = 0;
  }
  return taken;
}

}  // namespace lips
