// Preprocessed tensors on disk: what the network would be given, for other programs.
#pragma once

#include <vector>

#include "avatar/template_order.h"
#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"
#include "render/job.h"

namespace lips {

struct ExportRequest {
  JobRequest job;
  Path folder;              // created
  int64_t start_frame = 0;  // first output frame (and its audio)
  int64_t frames = 0;       // how many; 0: to the end of the audio
  Loop loop = Loop::kPingPong;
  bool npy = false;  // also roi.npy, masked.npy, mel.npy, features.npy
  const StopFlag* stop = nullptr;
};

struct ExportReport {
  int64_t frames = 0;
  std::vector<Path> files;
};

// Writes visual_input.bin [N,6,S,S], audio_input.bin [N,32,16,16] (little-endian f32) and metadata.json as
// docs/formats.md says; frame n of the export is output frame start_frame + n of a render. Windows are as the encoder
// says: silence is not put to rest unless the job asks for it. Streams: memory does not depend on N. Each file appears
// complete or not at all. Errors: those of every part; kInvalidInput when the range lies outside the audio.
Result<ExportReport> ExportTensors(const ExportRequest& request);

}  // namespace lips
