// What an overloaded host gives up, in which order, and when it takes it back.
#pragma once

#include <cstdint>

namespace lips {

enum class Shedding : uint8_t {
  kNone,
  kRefuse,       // no new sessions, and batch work waits
  kHalfRate,     // every other frame repeats the one before
  kHoldMouth,    // faces move, mouths stay
  kCloseNewest,  // one session after the other is closed
};

// Looks at how many frames came late. More than 1 % in five seconds: one step down the ladder; two such stretches in a
// row with less than that: one step back. Times are microseconds of any one clock, non-decreasing. One thread at a
// time.
class LoadShedding {
 public:
  static constexpr int64_t kStretchUs = 5'000'000;
  static constexpr double kTolerated = 0.01;

  void Frame(bool late, int64_t now_us);
  // True when the level was reconsidered, whether or not it changed: once per stretch in which there were frames.
  bool Update(int64_t now_us);
  Shedding level() const { return level_; }

 private:
  Shedding level_ = Shedding::kNone;
  int64_t since_us_ = -1;
  int64_t frames_ = 0;
  int64_t late_ = 0;
  int calm_ = 0;
};

}  // namespace lips
