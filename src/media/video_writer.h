// An MP4 (or MKV, MOV, WebM) file with video and the original audio.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "media/frame.h"

namespace lips {

struct VideoWriterOptions {
  // Any size. h264 and hevc store even sizes only: an odd one gets one more column or row, a copy of its neighbour.
  int width = 0;
  int height = 0;
  FrameRate fps;
  YuvFormat format;            // tagged in the stream
  std::string codec = "h264";  // h264 (libx264), hevc (libx265), vp9, prores, ffv1, mjpeg; what FFmpeg was built with
  bool alpha = false;          // every frame comes with its opacity; prores, vp9 and ffv1 keep it
  int crf = 20;                // 0..51, vp9 0..63; nothing to ffv1, which is lossless, and prores, which has its rates
  std::string preset = "veryfast";
  int threads = 0;  // encoder threads; 0 = FFmpeg's choice
  // File whose first audio stream goes in, encoded as AAC (WebM: Opus) at its own rate where the codec has it, with 1,
  // 2 or 6 channels (other counts are mixed to one); cut to the video's length, never lengthened.
  std::optional<Path> audio;
  std::vector<std::pair<std::string, std::string>> metadata;  // container tags, any keys; ffprobe shows them
};

// What a file of this name is encoded with unless somebody says otherwise: h264, or vp9 in WebM; with alpha, prores in
// MOV and vp9 in Matroska.
std::string DefaultCodec(const Path& path, bool alpha);
// Whether what `codec` makes can hold alpha; false for names that are none.
bool HoldsAlpha(std::string_view codec);

// Writes video frames in order with an atomic, verified result: the file appears at `path` only from Finish().
// Container by extension. Faststart for MP4/MOV. Move-only; one thread at a time.
class VideoWriter {
 public:
  // Errors: kInvalidInput (size, rate, unknown codec, preset or extension: lists the choices), kUnsupported (encoder
  // not built in), kIo (folder not writable), and those of AudioReader.
  static Result<VideoWriter> Create(const Path& path, const VideoWriterOptions& options);
  VideoWriter(VideoWriter&&) noexcept;
  VideoWriter& operator=(VideoWriter&&) noexcept;
  ~VideoWriter();  // without Finish: removes what was written

  // Frame n is shown at n / fps. `frame` has the options' size and format; `alpha`, of the same size, is wanted with
  // their `alpha` and ignored without: straight, not multiplied into the colours. Errors: kIo (disk full: path and
  // reason); after one nothing more is written, and Finish reports it again.
  Status Write(ConstYuvView frame, ConstPlaneView alpha = {});
  // Flushes the encoder, writes the audio up to the video's end, closes, verifies (frame count, duration, index
  // present), then gives the file its name. Once. Errors: kIo, kCorrupted (verification), kInvalidInput (no frame).
  Status Finish();

 private:
  struct State;
  explicit VideoWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips
