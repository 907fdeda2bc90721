#include "train/training_set.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "audio/window.h"
#include "avatar/avatar.h"
#include "avatar/features_file.h"
#include "engine/audio_encoder.h"
#include "image/colour.h"
#include "media/video_reader.h"
#include "render/speech_features.h"
#include "tensor/npy.h"
#include "train/face_reader.h"
#include "train/schedule.h"

namespace lips {
namespace {

bool Exists(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// "first count" per line; empty lines and # comments pass.
Result<std::vector<std::pair<int64_t, int64_t>>> ParseRanges(std::string_view text) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  int line_number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    line = line.substr(0, line.find('#'));
    std::array<int64_t, 2> numbers = {};
    size_t found = 0;
    bool sound = true;
    const char* at = line.data();
    const char* const stop = at + line.size();
    while (sound) {
      while (at != stop && (*at == ' ' || *at == '\t' || *at == '\r')) ++at;
      if (at == stop) break;
      int64_t value = 0;
      const auto parsed = std::from_chars(at, stop, value);
      sound = parsed.ec == std::errc() && value >= 0 && found < 2;
      if (sound) numbers[found++] = value;
      at = parsed.ptr;
    }
    if (found == 0 && sound) continue;
    if (!sound || found != 2) {
      return Error(ErrorCode::kInvalidInput,
                   "line " + std::to_string(line_number) + " is not 'first_frame count' (two numbers of 0 or more)");
    }
    ranges.emplace_back(numbers[0], numbers[1]);
  }
  return ranges;
}

// [frames, kMouthParameters] of at least `least` and at most `most` frames; what the file has beyond is left out.
Result<std::vector<float>> ReadMouth(const Path& file, int64_t least, int64_t most) {
  ASSIGN_OR_RETURN(const Tensor array, ReadNpy(file));
  if (array.dims().size() != 2 || array.dims()[1] != kMouthParameters || array.dims()[0] < least) {
    return Error(ErrorCode::kInvalidInput, "'" + file.string() + "' is " + ToString(array.dims()) + "; expected [" +
                                               std::to_string(most) + ", " + std::to_string(kMouthParameters) +
                                               "], one row a frame");
  }
  const Tensor floats = ToF32(array);
  const int64_t frames = std::min(array.dims()[0], most);
  const auto values = floats.As<float>().first(static_cast<size_t>(frames) * kMouthParameters);
  for (const float value : values) {
    if (!(value >= -10 && value <= 10)) {  // NaN, too
      return Error(ErrorCode::kInvalidInput,
                   "'" + file.string() + "' holds " + std::to_string(value) + "; mouth parameters lie in 0..1");
    }
  }
  return std::vector<float>(values.begin(), values.end());
}

// Marks which of the rows that a run of frames hears lie within a sound of `rows`; clears their inputs.
void Begin(int64_t first_row, int64_t rows, std::span<float> inputs, std::span<float> known) {
  std::ranges::fill(inputs, 0.0f);
  for (size_t k = 0; k < known.size(); ++k) {
    const int64_t row = first_row + static_cast<int64_t>(k);
    known[k] = row >= 0 && row < rows ? 1.0f : 0.0f;
  }
}

void CopyMouth(std::span<const float> all, int64_t first, std::span<float> to) {
  std::ranges::copy(all.subspan(static_cast<size_t>(first) * kMouthParameters, to.size()), to.begin());
}

struct Spread {
  double mean = 0, variance = 0;
};

// Of column `column` of `values`, [n, columns].
Spread SpreadOf(std::span<const float> values, size_t columns, size_t column) {
  const size_t rows = values.size() / columns;
  const auto count = static_cast<double>(rows);
  Spread spread;
  for (size_t row = 0; row < rows; ++row) spread.mean += double{values[row * columns + column]} / count;
  for (size_t row = 0; row < rows; ++row) {
    spread.variance += std::pow(double{values[row * columns + column]} - spread.mean, 2) / count;
  }
  return spread;
}

}  // namespace

std::vector<float> UnusualMouths(std::span<const float> mouths) {
  constexpr double kStill = 1e-12;  // a variance that is rounding alone
  std::vector<float> unusual(mouths.size() / kMouthParameters, 0);
  for (size_t k = 0; k < kMouthParameters; ++k) {
    const auto [mean, variance] = SpreadOf(mouths, kMouthParameters, k);
    if (variance < kStill) continue;
    for (size_t frame = 0; frame < unusual.size(); ++frame) {
      const double apart = double{mouths[frame * kMouthParameters + k]} - mean;
      unusual[frame] += static_cast<float>(std::pow(apart, 2) / variance);
    }
  }
  return unusual;
}

Result<TrainingSet> TrainingSet::Open(const TrainingSetOptions& options) {
  TrainingSet set;
  RETURN_IF_ERROR(set.OpenAudio(options));
  if (!set.learns_rows()) {
    for (size_t k = 0; k < static_cast<size_t>(set.row_floats_); ++k) {
      const double deviation = std::sqrt(SpreadOf(set.rows_, static_cast<size_t>(set.row_floats_), k).variance);
      set.row_noise_.push_back(static_cast<float>(options.row_noise * deviation));
    }
  }
  RETURN_IF_ERROR(set.OpenPictures(options));
  set.frames_ = std::min(set.faces_.header().frames, set.row_count_);
  if (const Path mouth = options.avatar / "mouth.npy"; Exists(mouth)) {
    ASSIGN_OR_RETURN(set.mouth_, ReadMouth(mouth, set.frames_, set.frames_));
  }
  if (options.more_sound) {
    if (Status opened = set.OpenMoreSound(*options.more_sound); !opened.ok()) {
      return std::move(opened).TakeError().Within("sound '" + options.more_sound->string() + "'");
    }
  }
  RETURN_IF_ERROR(set.OpenHeldOut(options.avatar / "heldout.txt", options.held_out));
  constexpr int64_t kLeastFrames = 20;
  for (int64_t frame = 0; frame < set.frames_; ++frame) {
    if (!set.held_out(frame)) set.learned_.push_back(frame);
  }
  if (std::ssize(set.learned_) < kLeastFrames) {
    return Error(ErrorCode::kInvalidInput, "only " + std::to_string(set.learned_.size()) +
                                               " frames with picture and sound are left to learn from; give more "
                                               "material, or hold out fewer frames (--held-out)");
  }
  return set;
}

Status TrainingSet::OpenAudio(const TrainingSetOptions& options) {
  const Path audio = options.audio ? *options.audio : options.avatar / "aud.wav";
  if (!options.packaged_features && Exists(audio)) {
    if (options.audio_encoder) {
      GeneratorOptions engine;
      engine.session.threads = options.threads;
      ASSIGN_OR_RETURN(auto encoder, OpenAudioEncoder(*options.audio_encoder, engine));
      row_floats_ = encoder->row_floats();
      ASSIGN_OR_RETURN(const Tensor rows,
                       ComputeSpeechFeatures(audio, FeatureStage::kEncoder, encoder.get(), WindowEdge::kZeros));
      rows_.assign(rows.As<float>().begin(), rows.As<float>().end());
      row_count_ = static_cast<int64_t>(rows_.size()) / row_floats_;
      return {};
    }
    ASSIGN_OR_RETURN(sound_, Sound::Open(audio));
    row_count_ = sound_.rows();
    return {};
  }
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(options.avatar, {}));
  auto file = avatar.packaged_features();
  if (!file.ok()) {
    return Error(ErrorCode::kInvalidInput, "there is nothing to hear: '" + audio.string() +
                                               "' does not exist, and the package has no feature rows (aud_ave.npy)");
  }
  ASSIGN_OR_RETURN(FeatureTrack track, ReadFeatures(file.value(), row_floats_));
  rows_ = std::move(track.rows);
  row_count_ = static_cast<int64_t>(rows_.size()) / row_floats_;
  return {};
}

Status TrainingSet::OpenPictures(const TrainingSetOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FaceReader> reader, OpenFaceReader(options.avatar, options.threads));
  mask_ = reader->mask();
  name_ = reader->name();
  const FaceStoreHeader header = reader->header();
  const Path file = options.cache / "faces.cache";
  if (auto kept = FaceStore::Open(file); kept.ok() && kept.value().header().key == header.key) {
    faces_ = std::move(kept).value();
    return {};
  }
  const auto next = [&](int64_t frame, FaceKind kind, Image& picture) -> Status {
    if (options.stop != nullptr) RETURN_IF_ERROR(options.stop->Check());
    if (options.progress && kind == FaceKind::kTarget) options.progress(frame, header.frames);
    return reader->Read(frame, kind, picture);
  };
  RETURN_IF_ERROR(FaceStore::Write(file, header, next, options.threads));
  if (options.progress) options.progress(header.frames, header.frames);
  ASSIGN_OR_RETURN(faces_, FaceStore::Open(file));
  return {};
}

Status TrainingSet::OpenMoreSound(const Path& folder) {
  if (!learns_rows() || !has_mouth()) {
    return Error(ErrorCode::kInvalidInput,
                 "more sound teaches an audio encoder what mouths belong to it, so it takes a package with aud.wav and "
                 "mouth.npy, and no finished encoder or feature rows");
  }
  ASSIGN_OR_RETURN(more_sound_, Sound::Open(folder / "aud.wav"));
  const Path mouth = folder / "mouth.npy";
  if (!Exists(mouth)) {
    return Error(ErrorCode::kInvalidInput, "'" + mouth.string() +
                                               "' is missing: sound without the mouth that belongs "
                                               "to it teaches nothing");
  }
  // As the sound ends, mouths may be a frame or two more than its rows, or fewer.
  constexpr int64_t kTolerance = 3;
  ASSIGN_OR_RETURN(more_mouth_, ReadMouth(mouth, more_sound_.rows() - kTolerance, more_sound_.rows()));
  if (more_frames() >= kMoreRunFrames) return {};
  return Error(ErrorCode::kInvalidInput, "it has " + std::to_string(more_frames()) + " frames; expected at least " +
                                             std::to_string(kMoreRunFrames) + ", better hours");
}

Status TrainingSet::OpenHeldOut(const Path& file, int64_t last_frames) {
  held_out_.assign(static_cast<size_t>(frames_), false);
  if (!Exists(file)) {
    for (int64_t frame = std::max<int64_t>(0, frames_ - last_frames); frame < frames_; ++frame) {
      held_out_[static_cast<size_t>(frame)] = true;
    }
    return {};
  }
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  auto ranges = ParseRanges(text);
  if (!ranges.ok()) return std::move(ranges).TakeError().Within("'" + file.string() + "'");
  for (const auto& [first, count] : ranges.value()) {
    const int64_t end = first + std::min(count, frames_ - std::min(first, frames_));
    for (int64_t frame = first; frame < end; ++frame) held_out_[static_cast<size_t>(frame)] = true;
  }
  return {};
}

std::vector<int64_t> TrainingSet::HeldOutFrames() const {
  std::vector<int64_t> frames;
  for (int64_t frame = 0; frame < frames_; ++frame) {
    if (held_out(frame)) frames.push_back(frame);
  }
  return frames;
}

std::vector<int64_t> TrainingSet::RunStarts(int64_t length, bool of_held_out) const {
  std::vector<int64_t> starts;
  int64_t run = 0;
  for (int64_t frame = 0; frame < frames_; ++frame) {
    run = held_out(frame) == of_held_out ? run + 1 : 0;
    if (run >= length) starts.push_back(frame - length + 1);
  }
  return starts;
}

void TrainingSet::FillRun(int64_t first, int64_t frames, Random* random, std::span<float> inputs,
                          std::span<float> known, std::span<float> mouth) const {
  const int64_t first_row = first - kWindowCentre;
  const int64_t count = frames + kWindowRows - 1;
  Begin(first_row, row_count_, inputs, known);
  if (has_mouth()) CopyMouth(mouth_, first, mouth);
  if (learns_rows()) return sound_.Fill(first_row, count, random, inputs);
  const int64_t begin = std::max<int64_t>(first_row, 0);
  const int64_t end = std::min(first_row + count, row_count_);
  if (begin >= end) return;
  const auto each = static_cast<size_t>(row_floats_);
  const auto from =
      std::span(rows_).subspan(static_cast<size_t>(begin) * each, static_cast<size_t>(end - begin) * each);
  const auto to = inputs.subspan(static_cast<size_t>(begin - first_row) * each, from.size());
  for (size_t k = 0; k < from.size(); ++k) {
    to[k] = from[k] + (random != nullptr ? row_noise_[k % each] * random->Normal() : 0.0f);
  }
}

void TrainingSet::FillMoreRun(int64_t first, int64_t frames, Random* random, std::span<float> inputs,
                              std::span<float> known, std::span<float> mouth) const {
  Begin(first - kWindowCentre, more_sound_.rows(), inputs, known);
  CopyMouth(more_mouth_, first, mouth);
  more_sound_.Fill(first - kWindowCentre, frames + kWindowRows - 1, random, inputs);
}

}  // namespace lips
