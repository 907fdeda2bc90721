#include "media/video_decoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <utility>

namespace lips {
namespace {

constexpr int kMaxFailuresWithoutInput = 1024;  // more than any decoder holds back

}  // namespace

VideoDecoder::VideoDecoder(VideoPackets packets, CodecPtr codec, FramePtr frame, PacketPtr packet)
    : packets_(std::move(packets)), codec_(std::move(codec)), frame_(std::move(frame)), packet_(std::move(packet)) {
  // Where leaving out non-reference pictures is known (and tested) to change no other picture.
  can_skip_ = codec_->codec_id == AV_CODEC_ID_H264 || codec_->codec_id == AV_CODEC_ID_MPEG4;
}

Result<VideoDecoder> VideoDecoder::Create(VideoPackets packets, int threads) {
  ASSIGN_OR_RETURN(CodecPtr codec, OpenDecoder(packets.input(), packets.stream_index(), threads));
  FramePtr frame = NewFrame();
  PacketPtr packet = NewPacket();
  if (frame == nullptr || packet == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot decode");
  return VideoDecoder(std::move(packets), std::move(codec), std::move(frame), std::move(packet));
}

Status VideoDecoder::MoveToStart() {
  avcodec_flush_buffers(codec_.get());
  draining_ = false;
  return packets_.MoveToStart();
}

Status VideoDecoder::MoveTo(const KeyPacket& key) {
  avcodec_flush_buffers(codec_.get());
  draining_ = false;
  return packets_.MoveTo(key);
}

Result<int64_t> VideoDecoder::Next(const std::function<bool(int64_t)>& wanted) {
  int failures = 0;
  for (;;) {
    const int rc = avcodec_receive_frame(codec_.get(), frame_.get());
    if (rc >= 0) {
      if (frame_->pts >= 0) return frame_->pts;
      continue;  // a picture without a packet: not one the container counts
    }
    if (rc == AVERROR_EOF) return Error(ErrorCode::kEndOfStream, "end of the video");
    if (rc == AVERROR(ENOMEM)) return FfmpegError(rc, "cannot decode");
    // A damaged packet is spent by its error and what follows may be whole; an error that stays is the end.
    if (rc != AVERROR(EAGAIN) && ++failures < kMaxFailuresWithoutInput) continue;
    failures = 0;
    RETURN_IF_ERROR(Feed(wanted));
  }
}

// Sends one packet, or the end.
Status VideoDecoder::Feed(const std::function<bool(int64_t)>& wanted) {
  if (draining_) return Error(ErrorCode::kEndOfStream, "end of the video");
  const auto number = packets_.Next(*packet_);
  int rc = 0;
  if (number.ok()) {
    codec_->skip_frame = can_skip_ && !wanted(number.value()) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    packet_->pts = number.value();
    packet_->dts = AV_NOPTS_VALUE;
    rc = avcodec_send_packet(codec_.get(), packet_.get());
    av_packet_unref(packet_.get());
  } else {
    if (number.error().code() == ErrorCode::kResourceLimit) return number.error();
    draining_ = true;
    rc = avcodec_send_packet(codec_.get(), nullptr);
  }
  if (rc == AVERROR(ENOMEM)) return FfmpegError(rc, "cannot decode");
  return {};
}

}  // namespace lips
