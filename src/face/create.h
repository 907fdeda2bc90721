// From a video of somebody talking to an avatar package.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "avatar/geometry.h"
#include "avatar/package_files.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"
#include "face/network.h"
#include "face/rectangles.h"

namespace lips {

// Faces that somebody has found already.
struct GivenFaces {
  std::vector<std::optional<Rect>> rects;     // one a source frame; nothing: between its neighbours'
  std::vector<std::vector<Landmark>> points;  // likewise, for `.lms` files; may be empty
  bool empty() const { return rects.empty(); }
};

struct CreateRequest {
  Path video;
  std::optional<PictureFiles> pictures = {};  // instead of `video`
  std::optional<FrameRate> fps = {};          // of the source, instead of what it says (25 for pictures)
  Path output;                                // a folder that does not exist, or is empty
  std::optional<Path> audio = {};             // instead of the video's own sound
  double start_s = 0;
  std::optional<double> duration_s = {};

  RectRule rule = RectRule::kSmooth;
  std::optional<Path> hand_rects = {};  // instead of looking for faces (hand_rects.h)
  GivenFaces faces = {};                // likewise; kCompatible leaves their rectangles as they are
  Path face_models = {};                // folder of MediaPipe's networks; empty: FindFaceModels looks for it
  std::optional<Path> detector = {};    // SCRFD instead of BlazeFace
  std::optional<Path> landmarks = {};   // PFLD instead of the mesh
  std::optional<Path> mean_face = {};   // of that PFLD
  FaceEngine engine = {};

  std::optional<Path> from = {};       // an avatar whose networks are copied
  std::optional<Path> generator = {};  // networks by themselves: .onnx, or a checkpoint (.pth)
  std::optional<Path> audio_encoder = {};
  bool hubert = false;                // what a checkpoint's generator hears, where its weights leave that open
  std::optional<Path> features = {};  // a file of features to put in, under its name
  Json origin = {};                   // what the report says of where all this comes from
  int face_px = 0;                    // 320 or 160; 0: as the generator says, else 320

  // What is being done, and how far; from the calling thread.
  std::function<void(std::string_view what, int64_t done, int64_t total)> progress = {};
  const StopFlag* stop = nullptr;
};

struct CreateReport {
  int64_t frames = 0;
  int64_t found = 0;         // frames with a face
  int64_t interpolated = 0;  // frames without: their rectangles are guessed
  int width = 0, height = 0;
  int side_min = 0, side_max = 0;  // of the rectangles
  double source_fps = 0;
  int64_t source_frames = 0;
  std::string rects;  // "smooth", "compatible", "by hand", "kept"
  std::string detector, landmarker;
  double detail = 0;   // of the face, in the median (FaceDetail)
  bool rests = false;  // the mouth, all through: MouthRests
  double track_ms_per_frame = 0;
  double seconds = 0;  // the whole work
  bool has_sound = false, has_generator = false, has_audio_encoder = false;
  std::vector<std::string> warnings;
  Json origin;  // as in the request
  Json ToJson() const;
};

// Writes a package of layout A (docs/formats.md): full frames at 25 per second, crops, ROIs and masked ROIs as videos,
// rectangles, landmarks (one `.lms` a frame, unless rectangles are by hand or given without), sound (16 kHz mono, as
// long as the video), the JSON files, preview.png, create_report.json, and networks where some are given. What was
// written is opened as an avatar before it gets its name; without that, and on cancellation, nothing is left. Errors:
// those of the parts; kInvalidInput when no frame has a face.
Result<CreateReport> CreateAvatar(const CreateRequest& request);

}  // namespace lips
