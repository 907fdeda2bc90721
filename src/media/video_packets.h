// The packets of a file's video stream, numbered in file order, from any keyframe on. Private to this folder.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "media/ffmpeg.h"

struct AVStream;

namespace lips {

// Where decoding may start.
struct KeyPacket {
  int32_t number = 0;     // position among the stream's packets, in file order
  int64_t position = -1;  // byte offset, negative when the container does not tell
  int64_t pts = 0;        // stream time base, or FFmpeg's "no value"
  int64_t dts = 0;
};

// Reads packets in file order and jumps to keyframes. A packet's number is the same however one got to it.
// Move-only; one thread at a time.
class VideoPackets {
 public:
  // Errors: those of MediaInput; kCorrupted without a video stream or with an empty picture size.
  static Result<VideoPackets> Open(const Path& path);
  static Result<VideoPackets> Open(const FilePart& file);
  static Result<VideoPackets> OpenBytes(std::span<const uint8_t> bytes, std::string name);

  const MediaInput& input() const { return *input_; }
  const AVStream& stream() const;
  int stream_index() const { return stream_index_; }
  const std::string& name() const { return name_; }

  // The next packet's number. Errors: kEndOfStream; others as the container gives them, after which nothing follows.
  Result<int32_t> Next(AVPacket& packet);
  // The next packet given is the one numbered `number`, or `key`. Errors: as in Open.
  Status MoveToStart();
  Status MoveTo(const KeyPacket& key);

 private:
  VideoPackets(std::string name, std::function<Result<MediaInput>()> open);
  Status Reopen();
  // Asks the container; false when it landed nowhere we can be sure of.
  bool SeekInContainer(const KeyPacket& key);
  Result<int32_t> ReadVideoPacket(AVPacket& packet);

  std::string name_;
  std::function<Result<MediaInput>()> open_;
  std::optional<MediaInput> input_;
  int stream_index_ = -1;
  int32_t next_number_ = 0;
  PacketPtr held_;  // the key packet itself, read to recognise it
  bool holding_ = false;
};

}  // namespace lips
