// What an overloaded host gives up, in which order, and when it takes it back.
#pragma once

#include <cstdint>
#include <optional>

namespace lips {

enum class Shedding : uint8_t {
  kNone,
  kRefuse,       // no new sessions, and batch work waits
  kHalfRate,     // every other frame repeats the one before
  kHoldMouth,    // faces move, mouths stay
  kCloseNewest,  // one session after the other is closed
};

// Looks at how many frames came late. More than 1 % in five seconds: one step down the ladder; two such stretches in a
// row with less than that: one step back. Stretches without any frame count as calm, however late one looks. Times are
// microseconds of any one clock, non-decreasing. One thread at a time.
class LoadShedding {
 public:
  static constexpr int64_t kStretchUs = 5'000'000;
  static constexpr double kTolerated = 0.01;

  void Frame(bool late, int64_t now_us);
  // True when the level was reconsidered, whether or not it changed: at the end of a stretch.
  bool Update(int64_t now_us);
  // When Update is to be called though no frame may come until then: while there is a step to take back.
  std::optional<int64_t> NextUs() const;
  Shedding level() const { return level_; }

 private:
  Shedding level_ = Shedding::kNone;
  int64_t since_us_ = -1;  // when the present stretch began; -1: with the next frame
  int64_t last_frame_us_ = 0;
  int64_t frames_ = 0;
  int64_t late_ = 0;
  int64_t calm_ = 0;  // stretches in a row
};

}  // namespace lips
