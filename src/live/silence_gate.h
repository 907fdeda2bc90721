// When a mouth rests inside an utterance: the loudness around a frame, with hysteresis, as a weight that eases.
#pragma once

#include <cstdint>
#include <span>

namespace lips {

inline constexpr int kEaseFrames = 3;  // from speech to rest, or back

// Opens at once where sound is near (a little before it, since what comes is known), and closes after a stretch of
// quiet. Between open and closed the weight takes kEaseFrames frames. One signal; one thread at a time.
class SilenceGate {
 public:
  // Root mean squares of a signal in [-1, 1].
  static constexpr float kOpenLevel = 0.0056f;   // -45 dB of full scale
  static constexpr float kCloseLevel = 0.0025f;  // -52 dB
  static constexpr int kRowsBefore = 2;          // rows of 40 ms that are listened to around a frame
  static constexpr int kRowsAfter = 4;
  static constexpr int kQuietRows = 8;  // until it closes

  // The weight of what is said at the next frame, 0 (rest) to 1; `levels` are those of the rows around it, as many as
  // there are.
  float Next(std::span<const float> levels);
  bool closed() const { return step_ == 0; }

 private:
  bool open_ = true;
  int quiet_ = 0;
  int step_ = kEaseFrames;  // of kEaseFrames
};

// Moves `window` towards `rest` (as long): 1 leaves it alone, 0 gives the rest.
void EaseToRest(std::span<const float> rest, float weight, std::span<float> window);

}  // namespace lips
