// One utterance on its way from samples to what the network hears: windows for its frames, as soon as each can be had.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audio/resampler.h"
#include "audio/shaped_features.h"
#include "audio/speech_gate.h"
#include "base/result.h"
#include "base/stats.h"
#include "engine/audio_encoder.h"
#include "talker/timeline.h"

namespace lips {

// Gives the same windows, bit for bit, as a render of the same samples, whatever the chunks they came in. Samples are
// resampled when they come; the encoder runs only as far ahead as the next window needs, so that a client that sends
// ten seconds at once costs the others nothing. One thread at a time (the host's compute thread).
class Utterance {
 public:
  struct Shape {
    int rate_hz = 16000;           // of the samples
    bool keep_audio = false;       // for an echo
    bool rest_in_silence = false;  // rows rest where audio/speech_gate.h closes, as a render's do
    FrameRate fps;
    FrameRate template_fps;
    int64_t template_frames = 1;
  };

  // `encoder` null: windows are empty (a host without networks), everything else is the same. Errors: those of the
  // resampler.
  static Result<Utterance> Begin(uint32_t number, int64_t start_sample, const Shape& shape, AudioEncoder* encoder);

  // More samples, which came at `now_us`. Errors: those of the resampler.
  Status Push(std::span<const float> samples, int64_t now_us);
  // No more samples: what is too short for the encoder is filled up with silence. Once.
  Status Commit(std::string name, int64_t now_us);

  uint32_t number() const { return number_; }
  const std::string& name() const { return name_; }
  int64_t start_sample() const { return start_sample_; }
  int64_t samples() const { return samples_; }  // so far, of the input
  bool committed() const { return committed_; }
  // Frames it has; only once it is committed.
  std::optional<int64_t> frames() const { return frames_; }

  // When frame `k` (from 0) became possible: its last needed sample came, or the commit. Nothing when it is not yet, or
  // there is no such frame.
  std::optional<int64_t> ReadyUs(int64_t k) const;
  // What the network hears for frame `k`; asked in non-decreasing order, of frames that are ready. Errors: those of the
  // encoder.
  Status Window(int64_t k, std::vector<float>& out);
  // Whether all that is heard for frame `k` (as far as it is decided) is silence: its window is the rest window. To be
  // asked before Window.
  bool Rests(int64_t k) const;
  // Whether all sound that is heard for frame `k` is silence, be there sound all around it or not. Likewise.
  bool Quiet(int64_t k) const;
  // Input samples from audio_position() up to `to`, of what was kept; they are forgotten.
  std::vector<float> TakeAudio(int64_t to);
  int64_t audio_position() const { return audio_begin_; }

  // What became of its frames; the session's to fill in.
  int64_t first_frame = 0;  // in session frames
  int64_t next = 0;         // frame k that comes next
  bool started = false;     // on the way out

 private:
  Utterance(uint32_t number, int64_t start_sample, const Shape& shape, AudioEncoder* encoder, Resampler resampler);

  Timeline TimelineOf(int64_t feature_rows) const;
  int64_t LastRowOf(int64_t k) const;
  Status FillFrom(int64_t row, std::vector<float>& out) const;
  Status Take16k(int64_t now_us);
  void NoteArrival(int64_t now_us);
  Status Encode(int64_t rows);

  uint32_t number_;
  int64_t start_sample_;
  Shape shape_;
  AudioEncoder* encoder_;
  Resampler resampler_;
  Timeline timeline_;  // of an utterance without end; exact once it is committed
  std::string name_;
  bool committed_ = false;
  std::optional<int64_t> frames_;
  int64_t feature_rows_ = 0;  // once committed

  struct Arrival {
    int64_t samples_16k;  // there were that many at ...
    int64_t us;
  };
  std::deque<Arrival> arrivals_;
  int64_t samples_ = 0;
  int64_t samples_16k_ = 0;

  std::optional<ShapedFeatureStream> features_;
  std::vector<float> fresh_;   // 16 kHz samples that were just resampled
  std::vector<float> queued_;  // 16 kHz samples the encoder has not had, from queued_begin_ on
  size_t queued_begin_ = 0;
  bool encoded_all_ = false;
  std::vector<float> rows_;  // feature rows from first_row_ on
  int64_t first_row_ = 0;
  std::vector<float> next_;  // the window after, of a frame between two rows

  SpeechGate gate_;
  std::vector<float> gates_;  // of rows from first_gate_ on
  int64_t first_gate_ = 0;

  std::vector<float> audio_;  // input samples, from audio_head_ on
  size_t audio_head_ = 0;
  int64_t audio_begin_ = 0;  // which sample of the utterance that is
};

}  // namespace lips
