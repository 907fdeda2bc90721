// Chooses the full-frame pictures of a package.
#pragma once

#include <cstdint>
#include <string>

#include "avatar/package_files.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

struct FullFrames {
  PictureFiles files;
  VideoInfo info;
  std::string disagreement;  // "NAME.mp4 has 521 frames but there are 523 rectangles: 521 are used"; empty when none
};

// The first candidate with one frame per rectangle; where none agrees, the first one. Its first frames are then paired
// with the first rectangles, since that is how such packages come about: detection gave up at the end of the video.
// Errors: kIo, kCorrupted (a file that cannot be opened; no frames at all), naming it.
Result<FullFrames> ChooseFullFrames(const PackageFiles& package, int64_t rects, int decode_threads);

}  // namespace lips
