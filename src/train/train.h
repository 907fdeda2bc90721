// Learns a generator and, where there is sound to learn from, an audio encoder from an avatar package.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"

namespace lips {

struct TrainRequest {
  Path avatar;                         // a package's folder
  Path output;                         // a folder; continues the run it holds
  std::string width = "quarter";       // of the generator: quarter, half, full
  std::string encoder_width = "slim";  // of the audio encoder: slim, medium, full
  std::optional<Path> audio_encoder;   // a finished encoder instead of a learned one
  bool packaged_features = false;      // learn from the package's own feature rows
  double row_noise = 1;                // how much rows that are given are varied, of what each number varies by itself
  std::optional<Path> audio;           // instead of the package's aud.wav
  std::optional<Path> more_sound;      // a folder with aud.wav and mouth.npy, heard but never drawn
  // Another run's folder: begin with its weights. Where its audio encoder has another width, that is learned anew. Or a
  // generator of the family as PyTorch saved it (.pth), of the same width.
  std::optional<Path> from;
  bool keep_hearing = false;  // what hears stays as `from` has it; only drawing is learned, which is quicker
  // What a frame is drawn from, where there are no resting pictures: "random", another frame, or "pasted", itself with
  // another frame's mouth and jaw, as a template's frame is in use.
  std::string reference = "random";

  double time_budget_s = 3600;  // of computing, over all continuations
  int64_t steps = 0;            // instead: that many steps, whatever time they take
  double checkpoint_every_s = 300;
  double learning_rate = 2e-3;
  double sound_share = 0;  // of the run for sound alone, where the mouth is known; 0: the schedule's
  int64_t held_out = 100;
  uint64_t seed = 1;
  int threads = 0;                 // 0: one per core
  std::string device = "auto";     // cpu, cuda; auto: cuda where there is one
  std::string precision = "auto";  // f32, bf16; auto: bf16 where the device computes in it
  int batch = 0;                   // times the runs of a CPU's batch; 0: 1, on a GPU 16
  bool resident = false;           // what there is to learn from in memory, decoded; always on a GPU; one worker
  bool half = false;               // networks stored in f16
  bool fresh = false;              // do not continue, begin anew

  // One line of text about every few seconds.
  std::function<void(const std::string& line)> progress;
  const StopFlag* stop = nullptr;  // raised: a checkpoint is written and kCancelled returned
};

struct TrainReport {
  Json json;            // what report.json holds
  std::string summary;  // a few lines for a person
};

// Writes into the output folder: generator.onnx, audio_encoder.onnx, both as .pth, report.json, curves.csv, curves.svg,
// preview.png (target, prediction, reference of held-out frames), and what a continued run needs: checkpoint.bin with
// checkpoint.bin.previous, and faces.cache.
// Errors: kUnsupported where this program was built without training, saying how to build it; those of TrainingSet;
// kCorrupted when the run diverged; kInvalidInput when the folder holds a run with other options.
Result<TrainReport> Train(const TrainRequest& request);

// Whether this program was built with training.
bool CanTrain();

}  // namespace lips
