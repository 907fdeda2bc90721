#include "media/audio_stream_encoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libswresample/swresample.h>
}

#include <algorithm>
#include <array>
#include <utility>

#include "media/audio_codec.h"
#include "media/ffmpeg.h"

namespace lips {
namespace {

constexpr int kOpusRateHz = 48000;  // what Opus always is inside; containers count its time in it
constexpr size_t kAdtsBytes = 7;
constexpr size_t kMaxAdtsFrame = (1U << 13) - 1;
constexpr std::array<int, 13> kAdtsRates = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                            22050, 16000, 12000, 11025, 8000,  7350};

Error OutOf(const char* what, int64_t found, const char* expected) {
  return Error(ErrorCode::kInvalidInput,
               std::string("audio: ") + what + " is " + std::to_string(found) + "; expected " + expected);
}

Status CheckOptions(const AudioStreamOptions& options) {
  if (options.rate_hz < 8000 || options.rate_hz > 192000) return OutOf("the rate", options.rate_hz, "8000..192000 Hz");
  if (options.channels < 1 || options.channels > 2) return OutOf("the channel count", options.channels, "1 or 2");
  if (options.bitrate_kbps != 0 && (options.bitrate_kbps < 6 || options.bitrate_kbps > 510)) {
    return OutOf("the bit rate", options.bitrate_kbps, "6..510 kbit/s");
  }
  if (options.adts && options.codec != AudioCodec::kAac) {
    return Error(ErrorCode::kInvalidInput, "audio: ADTS headers are for AAC, not for Opus");
  }
  return {};
}

// The fixed header of ISO/IEC 13818-7 before a packet of AAC-LC.
std::array<uint8_t, kAdtsBytes> AdtsHeader(int rate_hz, int channels, size_t packet_bytes) {
  const auto rate = std::find(kAdtsRates.begin(), kAdtsRates.end(), rate_hz) - kAdtsRates.begin();
  const auto rate_index = static_cast<unsigned>(rate);
  const auto count = static_cast<unsigned>(channels);
  const auto length = static_cast<unsigned>(packet_bytes + kAdtsBytes);
  return {0xFF,
          0xF1,  // MPEG-4, no checksum
          static_cast<uint8_t>(0x40U | rate_index << 2 | count >> 2),
          static_cast<uint8_t>((count & 3U) << 6 | length >> 11),
          static_cast<uint8_t>(length >> 3 & 0xFFU),
          static_cast<uint8_t>((length & 7U) << 5 | 0x1FU),
          0xFC};
}

}  // namespace

std::string_view Name(AudioCodec codec) { return codec == AudioCodec::kAac ? "aac" : "opus"; }

struct AudioStreamEncoder::State {
  AudioStreamOptions options;
  CodecPtr codec;
  SwrPtr resampler;  // null when the rates agree
  FramePtr frame = NewFrame();
  PacketPtr packet = NewPacket();
  AudioStreamFormat format;
  std::vector<float> clean;    // what was pushed, without what no encoder takes
  std::vector<float> pending;  // interleaved, at the encoder's rate; less than a frame between calls
  std::vector<uint8_t> framed;
  int64_t samples = 0;  // sent to the encoder, a channel
  bool finished = false;

  Status Resample(std::span<const float> in, bool last);
  Status SendFrame(size_t at, int count, const Sink& sink);
  Status SendFrames(bool last, const Sink& sink);
  Status Drain(const Sink& sink);
};

// Appends to pending.
Status AudioStreamEncoder::State::Resample(std::span<const float> in, bool last) {
  if (resampler == nullptr) {
    pending.insert(pending.end(), in.begin(), in.end());
    return {};
  }
  const auto channels = static_cast<size_t>(options.channels);
  const auto in_count = static_cast<int>(in.size() / channels);
  const int capacity = swr_get_out_samples(resampler.get(), in_count);
  if (capacity < 0) return FfmpegError(capacity, "cannot resample audio");
  const size_t before = pending.size();
  pending.resize(before + static_cast<size_t>(capacity) * channels);
  auto* out = reinterpret_cast<uint8_t*>(pending.data() + before);
  const auto* from = reinterpret_cast<const uint8_t*>(in.data());
  const int count = swr_convert(resampler.get(), &out, capacity, last ? nullptr : &from, last ? 0 : in_count);
  if (count < 0) return FfmpegError(count, "cannot resample audio");
  pending.resize(before + static_cast<size_t>(count) * channels);
  std::transform(pending.begin() + static_cast<ptrdiff_t>(before), pending.end(),
                 pending.begin() + static_cast<ptrdiff_t>(before), FiniteSample);
  return {};
}

Status AudioStreamEncoder::State::SendFrame(size_t at, int count, const Sink& sink) {
  av_frame_unref(frame.get());  // a fresh buffer: the encoder may still hold the last one
  frame->nb_samples = count;
  frame->format = codec->sample_fmt;
  frame->sample_rate = codec->sample_rate;
  frame->pts = samples;
  int rc = av_channel_layout_copy(&frame->ch_layout, &codec->ch_layout);
  if (rc >= 0) rc = av_frame_get_buffer(frame.get(), 0);
  if (rc < 0) return FfmpegError(rc, "cannot encode audio");
  const auto channels = static_cast<size_t>(options.channels);
  const bool planar = codec->sample_fmt == AV_SAMPLE_FMT_FLTP;
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    for (size_t c = 0; c < channels; ++c) {
      auto* plane = reinterpret_cast<float*>(frame->extended_data[planar ? c : 0]);
      plane[planar ? i : i * channels + c] = pending[at + i * channels + c];
    }
  }
  samples += count;
  rc = avcodec_send_frame(codec.get(), frame.get());
  return rc < 0 ? Status(FfmpegError(rc, "cannot encode audio")) : Drain(sink);
}

// The whole frames of pending, and with `last` the rest.
Status AudioStreamEncoder::State::SendFrames(bool last, const Sink& sink) {
  const auto channels = static_cast<size_t>(options.channels);
  const size_t whole = static_cast<size_t>(codec->frame_size) * channels;
  size_t used = 0;
  while (pending.size() - used >= whole) {
    RETURN_IF_ERROR(SendFrame(used, codec->frame_size, sink));
    used += whole;
  }
  if (last && used < pending.size()) {
    RETURN_IF_ERROR(SendFrame(used, static_cast<int>((pending.size() - used) / channels), sink));
    used = pending.size();
  }
  pending.erase(pending.begin(), pending.begin() + static_cast<ptrdiff_t>(used));
  return {};
}

Status AudioStreamEncoder::State::Drain(const Sink& sink) {
  for (;;) {
    const int rc = avcodec_receive_packet(codec.get(), packet.get());
    if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return {};
    if (rc < 0) return FfmpegError(rc, "cannot encode audio");
    std::span<const uint8_t> bytes(packet->data, static_cast<size_t>(packet->size));
    if (options.adts) {
      if (bytes.size() + kAdtsBytes > kMaxAdtsFrame) {
        return Error(ErrorCode::kUnsupported, "audio: an AAC packet of " + std::to_string(bytes.size()) +
                                                  " bytes; ADTS has room for " +
                                                  std::to_string(kMaxAdtsFrame - kAdtsBytes));
      }
      const auto header = AdtsHeader(codec->sample_rate, options.channels, bytes.size());
      framed.assign(header.begin(), header.end());
      framed.insert(framed.end(), bytes.begin(), bytes.end());
      bytes = framed;
    }
    const int64_t duration = packet->duration > 0 ? packet->duration : codec->frame_size;
    RETURN_IF_ERROR(sink({bytes, packet->pts, duration}));
    av_packet_unref(packet.get());
  }
}

AudioStreamEncoder::AudioStreamEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioStreamEncoder::AudioStreamEncoder(AudioStreamEncoder&&) noexcept = default;
AudioStreamEncoder& AudioStreamEncoder::operator=(AudioStreamEncoder&&) noexcept = default;
AudioStreamEncoder::~AudioStreamEncoder() = default;

Result<AudioStreamEncoder> AudioStreamEncoder::Open(const AudioStreamOptions& options) {
  SilenceFfmpeg();
  RETURN_IF_ERROR(CheckOptions(options));
  const bool opus = options.codec == AudioCodec::kOpus;
  auto state = std::make_unique<State>();
  state->options = options;
  if (state->frame == nullptr || state->packet == nullptr) {
    return FfmpegError(AVERROR(ENOMEM), "cannot encode audio");
  }
  ASSIGN_OR_RETURN(state->codec, OpenAudioEncoder({.codec_id = opus ? AV_CODEC_ID_OPUS : AV_CODEC_ID_AAC,
                                                   .rate_hz = opus ? kOpusRateHz : options.rate_hz,
                                                   .channels = options.channels,
                                                   .bit_rate = int64_t{1000} * options.bitrate_kbps,
                                                   .global_header = true}));
  AVCodecContext& codec = *state->codec;
  ASSIGN_OR_RETURN(state->resampler, OpenResampler(codec, options.rate_hz));
  AudioStreamFormat& format = state->format;
  format.codec = options.codec;
  format.name = opus ? "opus" : "mp4a.40.2";
  format.rate_hz = codec.sample_rate;
  format.channels = options.channels;
  format.frame_samples = codec.frame_size;
  format.delay_samples = codec.initial_padding;
  format.bit_rate = codec.bit_rate;
  if (codec.extradata_size > 0) format.config.assign(codec.extradata, codec.extradata + codec.extradata_size);
  return AudioStreamEncoder(std::move(state));
}

const AudioStreamFormat& AudioStreamEncoder::format() const { return state_->format; }

Status AudioStreamEncoder::Push(std::span<const float> interleaved, const Sink& sink) {
  State& state = *state_;
  if (state.finished) return Error(ErrorCode::kInvalidInput, "audio: the stream is finished already");
  if (interleaved.size() % static_cast<size_t>(state.options.channels) != 0) {
    return Error(ErrorCode::kInvalidInput, "audio: " + std::to_string(interleaved.size()) + " values for " +
                                               std::to_string(state.options.channels) + " channels");
  }
  if (interleaved.empty()) return {};
  state.clean.resize(interleaved.size());
  std::transform(interleaved.begin(), interleaved.end(), state.clean.begin(), FiniteSample);
  RETURN_IF_ERROR(state.Resample(state.clean, false));
  return state.SendFrames(false, sink);
}

Status AudioStreamEncoder::Finish(const Sink& sink) {
  State& state = *state_;
  if (state.finished) return Error(ErrorCode::kInvalidInput, "audio: the stream is finished already");
  state.finished = true;
  RETURN_IF_ERROR(state.Resample({}, true));
  RETURN_IF_ERROR(state.SendFrames(true, sink));
  const int rc = avcodec_send_frame(state.codec.get(), nullptr);
  return rc < 0 ? Status(FfmpegError(rc, "cannot encode audio")) : state.Drain(sink);
}

}  // namespace lips
