// What a training run does when: stages, sizes of batches, learning rate, all as functions of how far it is.
#pragma once

#include <cstdint>
#include <string_view>

namespace lips {

inline constexpr int kMoreRunFrames = 32;  // heard together of the sound that is never drawn

enum class Stage : uint8_t {
  kSound,   // sound to mouth parameters alone, where the package knows them: quick, and the pictures follow faster
  kMouth,   // pictures of the mouth's surroundings, of filmed people whole faces; normalisations are live
  kFolded,  // the mouth's surroundings, of filmed people every second time the whole face; normalisations are frozen
            // and folded into the convolutions, as in the exported network
  kFace,    // whole face pictures, likewise
};
std::string_view Name(Stage stage);

struct StagePlan {
  Stage stage = Stage::kMouth;
  bool whole = false;  // whole faces are drawn
  double learning_rate = 0;
  double hearing_share = 1;  // of the learning rate, for the weights that hear; 0: they need no gradients
  int runs = 4;              // of consecutive frames in each worker's batch
  int run_frames = 4;        // heard
  int pictures = 2;          // of each run, drawn
  int more_runs = 0;         // of the sound that is heard only
  int more_run_frames = kMoreRunFrames;
};

struct ScheduleOptions {
  bool has_mouth = false;       // whether mouth parameters are known
  bool has_more_sound = false;  // beyond that of the pictures; with has_mouth
  // No resting pictures. What lies around the mouth is then no matter of course: normalisations, which keep what they
  // saw while they were live, have to see it, and every second step after them shows it, lest it is forgotten.
  bool filmed = false;
  bool keep_hearing = false;  // what hears is as it should be: drawing is learned, from folded normalisations on
  double sound_share = 0;     // of the run for Stage::kSound, at most 0.6, or 1; 0: 0.12, with more sound 0.3
  double peak_rate = 2e-3;
  int batch = 1;  // that many times as many runs in each batch
};

// `progress` in [0, 1): of the time or the steps; `step` counts from 0, for the warm-up.
StagePlan PlanAt(double progress, int64_t step, const ScheduleOptions& options);

}  // namespace lips
