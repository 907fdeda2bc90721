// The video file that becomes of what a live session sends, whatever mode it sends it in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "live/media_message.h"
#include "media/frame.h"

namespace lips {

struct FilmOptions {
  Path path;   // .mp4
  Path sound;  // goes in as it is, apart from mode fmp4, which brings the server's
  int width = 0;
  int height = 0;
  FrameRate fps;
  std::string avatar;
  std::vector<uint8_t> background = {};  // the avatar's template video; mode patch
};

// One thread at a time. Without Finish nothing is left at the path.
class Film {
 public:
  virtual ~Film() = default;
  // The picture shown from `frame` / fps on, until the next one; `frame` increases. Of fMP4: a piece of it, whatever
  // the frame.
  virtual Status Add(const MediaHeader& header, std::span<const uint8_t> payload, int64_t frame) = 0;
  // Ends with `frames`.
  virtual Status Finish(int64_t frames) = 0;
};

// For mode h264 (kept as it was coded), jpeg and patch (drawn and coded anew), fmp4 (kept, sound and all). Errors:
// kInvalidInput (mode, size), kCorrupted (no template video), kIo.
Result<std::unique_ptr<Film>> MakeFilm(const std::string& mode, const FilmOptions& options);

}  // namespace lips
