// Two videos or picture folders held against each other, frame by frame.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "avatar/template_order.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"
#include "image/image.h"
#include "verify/metric.h"

namespace lips {

struct CompareRequest {
  Path a, b;
  std::optional<Path> avatar;  // tells where the face is; its template starts at start_frame and turns as `loop` says
  int64_t start_frame = 0;
  Loop loop = Loop::kPingPong;
  std::optional<Rect> face;      // ... or it is here in every frame
  int worst = 3;                 // frames to be named
  std::optional<Path> pictures;  // folder for them, side by side, as PNG
  const StopFlag* stop = nullptr;
};

struct ComparedRegion {
  std::string name;                            // "frame", "face", "mouth"
  double least_psnr_db = 0, mean_psnr_db = 0;  // mean of the frames' values
  double least_ssim = 0, mean_ssim = 0;
  int max_error = 0;
  int64_t worst_frame = -1;         // of least PSNR
  std::vector<float> psnr_db = {};  // frame by frame
};

struct ComparedFrame {
  int64_t frame = 0;
  double psnr_db = 0;  // of the innermost region
  Image picture;       // a | b | difference
  Path file;           // empty unless asked for
};

struct CompareReport {
  int64_t frames_a = 0, frames_b = 0;
  std::vector<ComparedRegion> regions;
  std::vector<ComparedFrame> worst;  // least PSNR first
  std::vector<Metric> metrics;       // "frames" (their difference) is judged; "face psnr" and so on are told
  Json ToJson() const;
};

// Frames up to the end of the shorter one are compared. Errors: those of reading; kInvalidInput when the pictures
// differ in size, naming both.
Result<CompareReport> Compare(const CompareRequest& request);

}  // namespace lips
