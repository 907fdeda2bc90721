// Tells speech from silence while it comes in: how far the mouth is open to it, a number per feature row.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace lips {

// Consumes mono 16 kHz samples and gives each feature row a gate: 0 in silence, 1 in speech, eased in between. A row's
// gate comes with the very sample with which FeatureStream gives the row and depends on nothing later, so it delays
// nothing; any chunking gives the same bits.
//
// Silence is what stays near the quietest of the last two seconds (a room's noise is steady, speech is not) or below
// -75 dB of full scale, after the mel front end's pre-emphasis, which takes hum and rumble away. The gate opens after
// 40 ms above and closes after 240 ms without; noise that starts louder than -41 dB counts as speech, because a held
// vowel is as steady and a mouth that stays shut in song is the worse mistake. It takes three rows to open and five to
// close; a row hears 170 ms ahead of its time, so that it is open when speech begins. One thread at a time; move-only;
// constant memory.
class SpeechGate {
 public:
  SpeechGate();
  SpeechGate(SpeechGate&&) noexcept;
  SpeechGate& operator=(SpeechGate&&) noexcept;
  ~SpeechGate();

  // Appends the gates, in [0, 1], of every row that became decided. A NaN or infinite sample counts as 0.
  void Push(std::span<const float> samples, std::vector<float>& gates);
  // The signal is over, and what follows is silent: appends the rest, so that FeatureRows(MelColumns(samples)) have
  // come out. None for a signal too short for a feature row.
  void Finish(std::vector<float>& gates);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole signal at once.
std::vector<float> SpeechGates(std::span<const float> samples);

// Whether rows [begin, end) are silent; `gates` are those of rows from `first` on, and other rows do not count.
bool AllSilent(std::span<const float> gates, int64_t first, int64_t begin, int64_t end);

}  // namespace lips
