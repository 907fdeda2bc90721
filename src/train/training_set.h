// What there is to learn from an avatar package: pictures of the mouth, and what is heard at each.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"
#include "image/view.h"
#include "train/faces.h"
#include "train/random.h"
#include "train/sound.h"

namespace lips {

inline constexpr int kMouthParameters = 6;  // open, wide, round, teeth, tuck, press
inline constexpr std::array<const char*, kMouthParameters> kMouthNames = {"open",  "wide", "round",
                                                                          "teeth", "tuck", "press"};

// How far each frame's mouth is from the mean one: squared, in deviations of each parameter, summed. `mouths` is
// [frames, kMouthParameters].
std::vector<float> UnusualMouths(std::span<const float> mouths);

struct TrainingSetOptions {
  Path avatar;                        // a package's folder, or a pack
  Path cache;                         // a folder for the decoded pictures
  std::optional<Path> audio_encoder;  // hear through this network, which stays as it is
  bool packaged_features = false;     // hear the package's own feature rows
  std::optional<Path> audio;          // instead of the package's aud.wav
  std::optional<Path> more_sound;     // a folder with aud.wav and mouth.npy: heard, too, but never drawn
  double row_noise = 0;               // how much given feature rows are varied, of what each number varies by itself
  int64_t held_out = 100;             // last frames, never learned from, where the package has no heldout.txt
  int threads = 1;
  std::function<void(int64_t done, int64_t total)> progress = {};  // of decoding
  const StopFlag* stop = nullptr;
};

// Immutable once open; any number of threads may ask it.
class TrainingSet {
 public:
  // Errors: those of opening the package; kInvalidInput (no audio to learn from, too little of it, a heldout.txt or
  // mouth.npy that does not fit).
  static Result<TrainingSet> Open(const TrainingSetOptions& options);

  const FaceStore& faces() const { return faces_; }
  int size_px() const { return faces_.header().size_px; }
  int64_t frames() const { return frames_; }  // with a picture and a sound
  Rect mask() const { return mask_; }
  const std::string& name() const { return name_; }

  // Whether feature rows are learned, too (from the mel), or given.
  bool learns_rows() const { return rows_.empty(); }
  int row_floats() const { return row_floats_; }
  int64_t rows() const { return row_count_; }

  const Sound& sound() const { return sound_; }                // where rows are learned
  std::span<const float> given_rows() const { return rows_; }  // [rows(), row_floats()] where they are given
  // [row_floats()] where they are given: the deviation of what is added to each number of a row that is varied.
  std::span<const float> row_noise() const { return row_noise_; }

  bool has_mouth() const { return !mouth_.empty(); }
  // [kMouthParameters]; only with has_mouth().
  std::span<const float> mouth(int64_t frame) const {
    return std::span(mouth_).subspan(static_cast<size_t>(frame) * kMouthParameters, kMouthParameters);
  }
  std::span<const float> mouths() const { return mouth_; }  // [frames(), kMouthParameters]

  bool held_out(int64_t frame) const { return held_out_[static_cast<size_t>(frame)]; }
  std::vector<int64_t> HeldOutFrames() const;
  const std::vector<int64_t>& LearnedFrames() const { return learned_; }  // all others
  // First frames of all runs of `length` frames of which none is held out, or all are.
  std::vector<int64_t> RunStarts(int64_t length, bool of_held_out) const;

  // Frames of the sound that is heard only (TrainingSetOptions::more_sound); 0 without.
  int64_t more_frames() const { return static_cast<int64_t>(more_mouth_.size()) / kMouthParameters; }
  const Sound& more_sound() const { return more_sound_; }
  std::span<const float> more_mouths() const { return more_mouth_; }  // [more_frames(), kMouthParameters]

  // What the generator hears in a run of `frames` frames from `first`, whose windows overlap: feature rows
  // [first - 8, first + frames + 7), or the encoder's inputs for them. `inputs` is [frames + 15, row_floats] or
  // [frames + 15, 80, 16]; `known` [frames + 15] is 0 for rows outside the audio (whose inputs are zeros) and else 1.
  // With `random` the sound is varied as voices, rooms and microphones are, and given rows by row_noise(). `mouth`
  // [frames, kMouthParameters] is only written with has_mouth().
  void FillRun(int64_t first, int64_t frames, Random* random, std::span<float> inputs, std::span<float> known,
               std::span<float> mouth) const;
  // The same of the sound that is heard only.
  void FillMoreRun(int64_t first, int64_t frames, Random* random, std::span<float> inputs, std::span<float> known,
                   std::span<float> mouth) const;

 private:
  Status OpenAudio(const TrainingSetOptions& options);
  Status OpenPictures(const TrainingSetOptions& options);
  Status OpenMoreSound(const Path& folder);
  Status OpenHeldOut(const Path& file, int64_t last_frames);

  std::string name_;
  FaceStore faces_;
  Rect mask_;
  int64_t frames_ = 0;
  Sound sound_;
  std::vector<float> rows_;  // [row_count_, row_floats_]; empty: learned
  std::vector<float> row_noise_;
  int64_t row_count_ = 0;
  int row_floats_ = 512;
  std::vector<float> mouth_;  // [frames_, kMouthParameters]
  std::vector<bool> held_out_;
  std::vector<int64_t> learned_;
  Sound more_sound_;
  std::vector<float> more_mouth_;  // [more_frames(), kMouthParameters]
};

}  // namespace lips
