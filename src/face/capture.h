// What there is to know of a video before an avatar is made of it: frame by frame, and its sound.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "avatar/package_files.h"
#include "base/file.h"
#include "base/result.h"
#include "base/stop.h"
#include "face/rectangles.h"
#include "face/tracker.h"
#include "media/frame.h"

namespace lips {

inline constexpr FrameRate kAvatarRate = {25, 1};

// One frame at 25 frames per second.
struct FrameFacts {
  std::optional<FaceEdges> edges;      // nothing: no face was found
  std::vector<Landmark> points;        // for the `.lms` file; empty likewise
  int others = 0;                      // further faces
  double detail = 0;                   // FaceDetail; 0 likewise
  std::optional<double> lip_gap = {};  // between the lips, of the mouth's width; nothing where nobody knows
};

// How much fine structure a face shows once it is 96 px wide, about 0.09 (out of focus) to 0.2 (crisp): the mean
// magnitude of its Laplacian over its standard deviation.
double FaceDetail(ConstImageView picture, const SquareRegion& face);

// The source frame that a frame at 25 per second shows: the one on screen at its middle.
int64_t SourceFrame(int64_t frame, FrameRate source_fps, int64_t source_frames);
// Frames at 25 per second of a video of that length; at least 1.
int64_t FramesAt25(FrameRate source_fps, int64_t source_frames);

struct CaptureRequest {
  PictureFiles source;
  std::optional<FrameRate> fps;  // instead of what the video says, or of 25 for pictures
  double start_s = 0;
  std::optional<double> duration_s;
  Path copy;                       // full frames at 25 frames per second go there (with alpha: to NAME.webm)
  int crf = 14;                    // of the copy
  FaceTracker* tracker = nullptr;  // null: no faces are looked for
  std::function<void(int64_t done, int64_t total)> progress;
  const StopFlag* stop = nullptr;
};

struct Capture {
  VideoInfo source;         // of the whole file
  Path copy;                // what was written
  int64_t first_frame = 0;  // in the copy's frames, of the whole video: where start_s was
  std::vector<FrameFacts> frames;
  int width = 0, height = 0;
  double track_ms = 0;  // all frames together
};

// Decodes the video once: copies it at 25 frames per second and follows the face. Errors: those of reading and writing
// video; kInvalidInput when the part asked for holds no frame; kResourceLimit above two hours; kCancelled.
Result<Capture> CaptureVideo(const CaptureRequest& request);

struct SoundFacts {
  double peak = 0;     // 0..1
  double loud_s = 0;   // seconds in which something can be heard
  double seconds = 0;  // as long as the file has sound, within the video
  double clipped = 0;  // share of samples at full scale
};

// Sound of `source` from `first_frame` on as 16 kHz mono into `wav`, exactly as long as `frames` (640 samples each):
// cut or continued with silence. Nothing when the file has no sound; then nothing is written.
Result<std::optional<SoundFacts>> CaptureSound(const Path& source, int64_t first_frame, int64_t frames,
                                               const Path& wav);

}  // namespace lips
