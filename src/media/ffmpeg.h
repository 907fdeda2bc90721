// FFmpeg's C objects as owners, its errors as ours, and the one guarded way to open an input. Private to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/file_part.h"
#include "base/result.h"

// Only names: FFmpeg's headers are included by the .cc files alone.
struct AVCodecContext;
struct AVFormatContext;
struct AVFrame;
struct AVIOContext;
struct AVPacket;
struct SwsContext;

namespace lips {

struct FfmpegDeleter {
  void operator()(AVCodecContext* codec) const;
  void operator()(AVFrame* frame) const;
  void operator()(AVIOContext* io) const;  // closes; a failure to write is lost, so flush and ask before
  void operator()(AVPacket* packet) const;
  void operator()(SwsContext* scaler) const;
};
using CodecPtr = std::unique_ptr<AVCodecContext, FfmpegDeleter>;
using FramePtr = std::unique_ptr<AVFrame, FfmpegDeleter>;
using PacketPtr = std::unique_ptr<AVPacket, FfmpegDeleter>;
using ScalerPtr = std::unique_ptr<SwsContext, FfmpegDeleter>;

// Empty ones. FFmpeg reports running out of memory by null; callers check.
FramePtr NewFrame();
PacketPtr NewPacket();

// FFmpeg's sentence for a negative return value: "Invalid data found when processing input".
std::string FfmpegReason(int code);
// "`what`: reason" under the code that fits: kIo for errno values, kCorrupted for bad data and early ends, kUnsupported
// for missing decoders, kResourceLimit for lack of memory.
Error FfmpegError(int code, std::string_view what);

// FFmpeg and the encoders behind it write to standard error unless told not to; we report by values. Idempotent.
void SilenceFfmpeg();

// Gives `frame`, which is empty, the size, format and colours of what `encoder` takes.
void DescribeFrame(const AVCodecContext& encoder, AVFrame& frame);

// An opened container whose streams are known.
//
// Guarded: a regular file or memory only, and nothing the file mentions (playlists, references, other protocols) is
// opened on its behalf. Move-only; one thread at a time.
class MediaInput {
 public:
  // Errors: kIo, kCorrupted, kUnsupported; the message starts with the quoted path.
  static Result<MediaInput> Open(const Path& path);
  static Result<MediaInput> Open(const FilePart& file);
  // `bytes` outlives the input; `name` appears in errors as a path would.
  static Result<MediaInput> OpenBytes(std::span<const uint8_t> bytes, std::string name);
  MediaInput(MediaInput&&) noexcept;
  MediaInput& operator=(MediaInput&&) noexcept;
  ~MediaInput();

  AVFormatContext* context() const;
  // Index of the best stream of `type` (an AVMediaType) that is no attached picture, or a negative number.
  int FindStream(int type) const;

 private:
  struct State;
  explicit MediaInput(std::unique_ptr<State> state);
  static Result<MediaInput> OpenState(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A decoder for stream `index` of `input`, opened; one that gives alpha where the stream has it. `threads` 0 = one per
// core; frame and slice threads where the codec has them. Errors: kUnsupported (no decoder), kCorrupted.
Result<CodecPtr> OpenDecoder(const MediaInput& input, int index, int threads);

}  // namespace lips
