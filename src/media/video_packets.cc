#include "media/video_packets.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <limits>
#include <string_view>
#include <utility>

namespace lips {
namespace {

constexpr int32_t kMaxPackets = 50'000'000;  // nine days at 60 fps; bounds the index
constexpr int kRecogniseWithin = 64;         // packets read after a seek until we must know where we are

// Containers with an index and stable packet positions. The others are read from the start: slower, never wrong.
bool CanSeek(const AVInputFormat& format) {
  const std::string_view name = format.name;
  return name.find("mp4") != std::string_view::npos || name.find("matroska") != std::string_view::npos || name == "avi";
}

}  // namespace

VideoPackets::VideoPackets(std::string name, std::function<Result<MediaInput>()> open)
    : name_(std::move(name)), open_(std::move(open)) {}

Result<VideoPackets> VideoPackets::Open(const Path& path) {
  VideoPackets packets(path.string(), [path] { return MediaInput::Open(path); });
  RETURN_IF_ERROR(packets.Reopen());
  return packets;
}

Result<VideoPackets> VideoPackets::Open(const FilePart& file) {
  VideoPackets packets(file.name(), [file] { return MediaInput::Open(file); });
  RETURN_IF_ERROR(packets.Reopen());
  return packets;
}

Result<VideoPackets> VideoPackets::OpenBytes(std::span<const uint8_t> bytes, std::string name) {
  VideoPackets packets(name, [bytes, name] { return MediaInput::OpenBytes(bytes, name); });
  RETURN_IF_ERROR(packets.Reopen());
  return packets;
}

const AVStream& VideoPackets::stream() const { return *input_->context()->streams[stream_index_]; }

Status VideoPackets::Reopen() {
  input_.reset();
  ASSIGN_OR_RETURN(input_, open_());
  stream_index_ = input_->FindStream(AVMEDIA_TYPE_VIDEO);
  if (stream_index_ < 0) return Error(ErrorCode::kCorrupted, "'" + name_ + "' has no video stream");
  const AVCodecParameters& parameters = *stream().codecpar;
  if (parameters.width <= 0 || parameters.height <= 0) {
    return Error(ErrorCode::kCorrupted, "'" + name_ + "': the video stream's picture size is " +
                                            std::to_string(parameters.width) + "x" + std::to_string(parameters.height));
  }
  AVFormatContext& context = *input_->context();
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    if (static_cast<int>(i) != stream_index_) context.streams[i]->discard = AVDISCARD_ALL;
  }
  if (held_ == nullptr) held_ = NewPacket();
  if (held_ == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot read '" + name_ + "'");
  next_number_ = 0;
  holding_ = false;
  return {};
}

Result<int32_t> VideoPackets::ReadVideoPacket(AVPacket& packet) {
  for (;;) {
    av_packet_unref(&packet);
    const int rc = av_read_frame(input_->context(), &packet);
    if (rc == AVERROR_EOF) return Error(ErrorCode::kEndOfStream, "end of the video");
    if (rc < 0) return FfmpegError(rc, "cannot read video packet " + std::to_string(next_number_));
    if (packet.stream_index != stream_index_) continue;
    if (next_number_ == kMaxPackets) {
      return Error(ErrorCode::kResourceLimit, "more than " + std::to_string(kMaxPackets) + " video packets");
    }
    return next_number_++;
  }
}

Result<int32_t> VideoPackets::Next(AVPacket& packet) {
  if (!holding_) return ReadVideoPacket(packet);
  holding_ = false;
  av_packet_unref(&packet);
  av_packet_move_ref(&packet, held_.get());
  return next_number_ - 1;
}

Status VideoPackets::MoveToStart() { return Reopen(); }

Status VideoPackets::MoveTo(const KeyPacket& key) {
  if (SeekInContainer(key)) return {};
  RETURN_IF_ERROR(Reopen());
  while (next_number_ < key.number) {
    ASSIGN_OR_RETURN([[maybe_unused]] const int32_t number, ReadVideoPacket(*held_));
  }
  return {};
}

bool VideoPackets::SeekInContainer(const KeyPacket& key) {
  const AVInputFormat& format = *input_->context()->iformat;
  if (!CanSeek(format) || key.position < 0) return false;
  // MP4 and AVI are indexed by decoding time, Matroska by presentation time.
  const bool by_pts = std::string_view(format.name).find("matroska") != std::string_view::npos;
  const int64_t time = by_pts ? key.pts : key.dts;
  if (time == AV_NOPTS_VALUE) return false;
  holding_ = false;
  if (av_seek_frame(input_->context(), stream_index_, time, AVSEEK_FLAG_BACKWARD) < 0) return false;
  next_number_ = 0;
  for (int i = 0; i < kRecogniseWithin; ++i) {
    if (!ReadVideoPacket(*held_).ok()) return false;
    // Position and time: an edit list may show the same bytes twice.
    if (held_->pos == key.position && held_->pts == key.pts) {
      next_number_ = key.number + 1;
      holding_ = true;
      return true;
    }
  }
  return false;
}

}  // namespace lips
