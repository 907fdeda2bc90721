#include "media/audio_track.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <string>
#include <utility>

namespace lips {
namespace {

constexpr int kMaxReaderChannels = 64;

int KeptChannels(int channels) { return channels == 2 || channels == 6 ? channels : 1; }

}  // namespace

AudioTrack::AudioTrack(AudioReader reader, CodecPtr codec, SwrPtr resampler)
    : reader_(std::move(reader)),
      codec_(std::move(codec)),
      resampler_(std::move(resampler)),
      frame_(NewFrame()),
      packet_(NewPacket()) {}

Result<AudioTrack> AudioTrack::Open(const Path& path, int codec_id, bool global_header) {
  ASSIGN_OR_RETURN(AudioReader reader, AudioReader::Open(path));
  const AudioInfo& info = reader.info();
  if (info.rate_hz <= 0 || info.channels <= 0 || info.channels > kMaxReaderChannels) {
    return Error(ErrorCode::kUnsupported, "'" + path.string() + "' has " + std::to_string(info.channels) +
                                              " audio channels at " + std::to_string(info.rate_hz) + " Hz");
  }
  ASSIGN_OR_RETURN(CodecPtr codec, OpenAudioEncoder({.codec_id = codec_id,
                                                     .rate_hz = info.rate_hz,
                                                     .channels = KeptChannels(info.channels),
                                                     .global_header = global_header}));
  ASSIGN_OR_RETURN(SwrPtr resampler, OpenResampler(*codec, info.rate_hz));
  AudioTrack track(std::move(reader), std::move(codec), std::move(resampler));
  if (track.frame_ == nullptr || track.packet_ == nullptr) {
    return FfmpegError(AVERROR(ENOMEM), "cannot encode audio");
  }
  return track;
}

// Replaces pending_, which is used up, by the next samples.
Status AudioTrack::Refill() {
  pending_.clear();
  used_ = 0;
  const Status status = reader_.Read(decoded_);
  if (!status.ok() && status.error().code() != ErrorCode::kEndOfStream) return status;
  exhausted_ = !status.ok();
  if (exhausted_) decoded_.clear();
  const auto channels = static_cast<size_t>(reader_.info().channels);
  const auto kept = static_cast<size_t>(codec_->ch_layout.nb_channels);
  if (channels == kept) {
    pending_.swap(decoded_);
  } else {
    for (size_t i = 0; i + channels <= decoded_.size(); i += channels) {
      float sum = 0;
      for (size_t c = 0; c < channels; ++c) sum += FiniteSample(decoded_[i + c]);
      pending_.push_back(sum / static_cast<float>(channels));
    }
  }
  std::transform(pending_.begin(), pending_.end(), pending_.begin(), FiniteSample);
  return resampler_ != nullptr ? Resample() : Status();
}

// pending_ at the reader's rate becomes pending_ at the encoder's; nothing left to read empties the filter.
Status AudioTrack::Resample() {
  const auto channels = static_cast<size_t>(codec_->ch_layout.nb_channels);
  const auto in_count = static_cast<int>(pending_.size() / channels);
  const int capacity = swr_get_out_samples(resampler_.get(), in_count);
  if (capacity < 0) return FfmpegError(capacity, "cannot resample audio");
  decoded_.resize(static_cast<size_t>(capacity) * channels);
  auto* out = reinterpret_cast<uint8_t*>(decoded_.data());
  const auto* in = reinterpret_cast<const uint8_t*>(pending_.data());
  const int count =
      swr_convert(resampler_.get(), &out, capacity, exhausted_ ? nullptr : &in, exhausted_ ? 0 : in_count);
  if (count < 0) return FfmpegError(count, "cannot resample audio");
  decoded_.resize(static_cast<size_t>(count) * channels);
  pending_.swap(decoded_);
  std::transform(pending_.begin(), pending_.end(), pending_.begin(), FiniteSample);
  return {};
}

Status AudioTrack::EncodeUntil(int64_t frames, FrameRate fps, const Sink& sink) {
  const auto channels = static_cast<size_t>(codec_->ch_layout.nb_channels);
  const int64_t end = av_rescale_rnd(frames, int64_t{codec_->sample_rate} * fps.den, fps.num, AV_ROUND_DOWN);
  while (samples_ < end) {
    if (used_ == pending_.size()) {
      if (exhausted_) return {};
      RETURN_IF_ERROR(Refill());
      continue;
    }
    if (filled_ == 0) {  // a fresh buffer: the encoder may still hold the last one
      av_frame_unref(frame_.get());
      frame_->nb_samples = codec_->frame_size;
      frame_->format = codec_->sample_fmt;
      frame_->sample_rate = codec_->sample_rate;
      int rc = av_channel_layout_copy(&frame_->ch_layout, &codec_->ch_layout);
      if (rc >= 0) rc = av_frame_get_buffer(frame_.get(), 0);
      if (rc < 0) return FfmpegError(rc, "cannot encode audio");
    }
    const bool planar = codec_->sample_fmt == AV_SAMPLE_FMT_FLTP;
    const int64_t available = static_cast<int64_t>((pending_.size() - used_) / channels);
    const auto count =
        static_cast<size_t>(std::min({available, end - samples_, static_cast<int64_t>(codec_->frame_size - filled_)}));
    for (size_t i = 0; i < count; ++i) {
      const size_t at = static_cast<size_t>(filled_) + i;
      for (size_t c = 0; c < channels; ++c) {
        auto* plane = reinterpret_cast<float*>(frame_->extended_data[planar ? c : 0]);
        plane[planar ? at : at * channels + c] = pending_[used_++];
      }
    }
    filled_ += static_cast<int>(count);
    samples_ += static_cast<int64_t>(count);
    if (filled_ == codec_->frame_size) RETURN_IF_ERROR(SendFrame(sink));
  }
  return {};
}

Status AudioTrack::SendFrame(const Sink& sink) {
  frame_->nb_samples = filled_;
  frame_->pts = samples_ - filled_;
  filled_ = 0;
  const int rc = avcodec_send_frame(codec_.get(), frame_.get());
  if (rc < 0) return FfmpegError(rc, "cannot encode audio");
  return Drain(sink);
}

Status AudioTrack::Drain(const Sink& sink) {
  for (;;) {
    const int rc = avcodec_receive_packet(codec_.get(), packet_.get());
    if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return {};
    if (rc < 0) return FfmpegError(rc, "cannot encode audio");
    RETURN_IF_ERROR(sink(*packet_));
    av_packet_unref(packet_.get());
  }
}

Status AudioTrack::Finish(const Sink& sink) {
  if (filled_ > 0) RETURN_IF_ERROR(SendFrame(sink));
  const int rc = avcodec_send_frame(codec_.get(), nullptr);
  if (rc < 0) return FfmpegError(rc, "cannot encode audio");
  return Drain(sink);
}

}  // namespace lips
