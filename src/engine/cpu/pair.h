// The two programs of a generator: what depends on the face alone, and the rest.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "engine/cpu/compile.h"
#include "model/binding.h"
#include "model/split.h"

namespace lips::cpu {

// A generator's graph, cut and optimised, and how its tail takes its inputs.
struct CutNetwork {
  SplitGraph split;
  GeneratorBinding binding;
  bool pictures = false;  // the tail takes the face itself, too, after what crosses and before the audio

  static Result<CutNetwork> Make(const Graph& graph, int level);
};

// Both programs, compiled to fit each other.
struct ProgramPair {
  Compiled head, tail;

  // What crosses has the type the tail asks for. The head runs in bf16 where the tail runs in 8 bits.
  static Result<ProgramPair> Make(const CutNetwork& network, const CompileOptions& tail_options, Port output);
};

// A face and what is said, to judge a precision by.
struct Sample {
  std::vector<uint8_t> roi, masked;  // [size_px, size_px, 3]
  std::vector<float> audio;
};

// Runs pairs frame by frame on one thread, giving out floats: for calibration and for judging. The pair's output is
// kPlanes.
class Trial {
 public:
  Trial(const CutNetwork& network, const ProgramPair& pair);
  // [3, size_px, size_px] per sample. The observers see the maps of their program.
  std::vector<std::vector<float>> Run(std::span<const Sample> samples, Observer* head = nullptr,
                                      Observer* tail = nullptr);
  // The maps that crossed in the last run, as f32 rows: only of an f32 pair.
  const float* Crossing(size_t i) const { return reinterpret_cast<const float*>(crossing_[i].data()); }

 private:
  const CutNetwork& network_;
  const ProgramPair& pair_;
  Workspace head_space_, tail_space_;
  std::vector<AlignedBytes> crossing_;
};

}  // namespace lips::cpu
