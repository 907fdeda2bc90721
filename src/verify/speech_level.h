// How loud a recording is, moment by moment, and when it is silent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lips {

// Levels of 5 ms blocks after pre-emphasis, as the ear and the network weigh them. Immutable; any number of threads.
class SpeechLevel {
 public:
  static constexpr int kBlocksPerSecond = 200;

  // `samples` are mono at 16 kHz.
  explicit SpeechLevel(std::span<const float> samples);

  int64_t blocks() const { return static_cast<int64_t>(level_db_.size()); }
  double seconds() const { return static_cast<double>(blocks()) / kBlocksPerSecond; }
  // Loudness at a time, smoothed over about a syllable's attack (40 ms) and compressed as hearing is: the fourth root
  // of energy. 0 outside.
  double Envelope(double seconds) const;
  // Nothing of [from, to] is louder than 40 dB below the loud parts, or than -70 dB of full scale; outside it is
  // silent.
  bool Silent(double from_s, double to_s) const;
  // The mean of [from, to] lies within 25 dB of the loud parts.
  bool Loud(double from_s, double to_s) const;

 private:
  std::vector<float> level_db_;
  std::vector<float> envelope_;
  double loud_db_ = 0;  // what a tenth of the blocks exceed
};

}  // namespace lips
