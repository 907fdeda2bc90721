// An MP4 (or MKV, MOV, WebM) file with video and the original audio.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

struct VideoWriterOptions {
  int width = 0;   // even
  int height = 0;  // even
  FrameRate fps;
  YuvFormat format;            // tagged in the stream
  std::string codec = "h264";  // h264 (libx264), hevc (libx265), vp9, ffv1, mjpeg; what FFmpeg was built with
  int crf = 20;
  std::string preset = "veryfast";
  int threads = 0;  // encoder threads; 0 = FFmpeg's choice
  // File whose first audio stream goes in, encoded as AAC at its own rate and channels; cut to the video's length.
  std::optional<Path> audio;
  std::vector<std::pair<std::string, std::string>> metadata;  // container tags, written so that ffprobe shows them
};

// Writes video frames in order with an atomic, verified result: the file appears at `path` only from Finish().
// Container by extension. Faststart for MP4/MOV. Move-only; one thread at a time.
class VideoWriter {
 public:
  // Errors: kInvalidInput (odd size, unknown codec or preset, unknown extension), kUnsupported (encoder not built in),
  // kIo (folder not writable).
  static Result<VideoWriter> Create(const Path& path, const VideoWriterOptions& options);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();  // without Finish: removes what was written

  // Frame n is shown at n / fps. `frame` has the options' size and format. Errors: kIo (disk full: path and reason).
  Status Write(ConstYuvView frame);
  // Flushes the encoder, writes the audio up to the video's end, closes, verifies (frame count, duration, index
  // present), then gives the file its name. Errors: kIo, kCorrupted (verification).
  Status Finish();

 private:
  struct State;
  explicit VideoWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
