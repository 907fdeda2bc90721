#include "media/output_check.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "media/ffmpeg.h"

namespace lips {
namespace {

// The span of time that a stream's packets cover.
struct Span {
  int64_t packets = 0;
  double start_s = std::numeric_limits<double>::max();
  double end_s = std::numeric_limits<double>::lowest();

  double length_s() const { return packets > 0 ? end_s - start_s : 0; }
  void Add(const AVPacket& packet, AVRational time_base) {
    ++packets;
    if (packet.pts == AV_NOPTS_VALUE) return;
    const double pts_s = static_cast<double>(packet.pts) * av_q2d(time_base);
    start_s = std::min(start_s, pts_s);
    end_s = std::max(end_s, pts_s + static_cast<double>(packet.duration) * av_q2d(time_base));
  }
};

Error Wrong(const std::string& what, double found, double expected) {
  return Error(ErrorCode::kCorrupted,
               "the written file has " + std::to_string(found) + " " + what + "; expected " + std::to_string(expected));
}

}  // namespace

Status CheckOutput(const Path& path, const ExpectedOutput& expected) {
  ASSIGN_OR_RETURN(const MediaInput input, MediaInput::Open(path));
  AVFormatContext& context = *input.context();
  const int video = input.FindStream(AVMEDIA_TYPE_VIDEO);
  const int audio = input.FindStream(AVMEDIA_TYPE_AUDIO);
  if (video < 0) return Error(ErrorCode::kCorrupted, "the written file has no video stream");
  if ((audio >= 0) != expected.audio_s.has_value()) {
    return Error(ErrorCode::kCorrupted, audio >= 0 ? "the written file has an audio stream that nobody asked for"
                                                   : "the written file has no audio stream");
  }
  const PacketPtr packet = NewPacket();
  if (packet == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot check the written file");
  Span video_span;
  Span audio_span;
  int rc = 0;
  while ((rc = av_read_frame(&context, packet.get())) >= 0) {
    if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) {
      return Error(ErrorCode::kCorrupted, "the written file ends inside a packet");
    }
    const AVStream& stream = *context.streams[packet->stream_index];
    if (packet->stream_index == video) video_span.Add(*packet, stream.time_base);
    if (packet->stream_index == audio) audio_span.Add(*packet, stream.time_base);
    av_packet_unref(packet.get());
  }
  if (rc != AVERROR_EOF) return FfmpegError(rc, "cannot read the written file back");
  if (video_span.packets != expected.frames) {
    return Wrong("frames", static_cast<double>(video_span.packets), static_cast<double>(expected.frames));
  }
  // Containers round times, Matroska to milliseconds.
  const double frame_s = 1 / expected.fps.AsDouble();
  const double length_s = static_cast<double>(expected.frames) * frame_s;
  if (std::abs(video_span.length_s() - length_s) > frame_s / 2 + 0.002) {
    return Wrong("seconds of video", video_span.length_s(), length_s);
  }
  // Packets hold whole codec frames: some delay in front, some padding behind.
  constexpr double kMostPadding_s = 0.6;
  if (expected.audio_s && (audio_span.length_s() < *expected.audio_s - 0.01 ||
                           audio_span.length_s() > *expected.audio_s + kMostPadding_s)) {
    return Wrong("seconds of audio", audio_span.length_s(), *expected.audio_s);
  }
  return {};
}

}  // namespace lips
