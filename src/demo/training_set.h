// The drawn person speaking recorded sentences, as a package to train on: the true mouth of every sound is known.
#pragma once

#include <cstdint>
#include <functional>

#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"

namespace lips::demo {

struct TrainingSetRequest {
  Path speech;       // a folder of NAME.wav and NAME.phones
  Path folder;       // created
  int width = 1280;  // of the template the networks will be used with: faces are drawn as large as there
  int height = 720;
  uint32_t seed = 1;        // the person's; motion and pauses follow from it, too
  bool sound_only = false;  // no pictures, and no held-out sentences: what is heard besides a set with pictures
  int threads = 0;          // 0: one a core
  std::function<void(int64_t done, int64_t total)> progress;  // frames; from the calling thread
  const StopFlag* stop = nullptr;
};

struct TrainingSetReport {
  int64_t frames = 0;
  int64_t sentences = 0;
  int64_t held_out_frames = 0;  // the last ones
};

// Writes docs/formats.md's training set, or of it aud.wav, mouth.npy and sentences.json: full_body_video.mp4 is the
// face alone, 328x328, every rectangle the whole of it; resting_rois_320_video.mp4 the same frames with the mouth at
// rest; mouth.npy; aud.wav; sentences.json; heldout.txt. Sentences are separated by pauses, held-out ones come last.
// Memory does not grow with the length but for the mouths. Errors: those of the sentences and of writing, kCancelled.
Result<TrainingSetReport> WriteTrainingSet(const TrainingSetRequest& request);

}  // namespace lips::demo
