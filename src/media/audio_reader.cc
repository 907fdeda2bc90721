#include "media/audio_reader.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "media/audio_samples.h"
#include "media/ffmpeg.h"

namespace lips {
namespace {

constexpr int kMaxRateHz = 768000;
constexpr int kMaxChannels = 64;
constexpr int kMaxFrameSamples = 1 << 22;   // of one decoded frame, per channel
constexpr int kMaxSilentPackets = 1 << 20;  // in a row that yield nothing: a demuxer that walks in circles

std::string Format(int rate_hz, int channels) {
  return std::to_string(channels) + (channels == 1 ? " channel at " : " channels at ") + std::to_string(rate_hz) +
         " Hz";
}

std::string Seconds(double seconds) {
  const auto hundredths = static_cast<int64_t>(seconds * 100 + 0.5);
  const std::string fraction = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + (fraction.size() < 2 ? ".0" : ".") + fraction + " s";
}

// Tells a file without sound from one whose sound FFmpeg finds unusable.
Error NoAudio(const AVFormatContext& context) {
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    const AVCodecParameters& parameters = *context.streams[i]->codecpar;
    if (parameters.codec_type != AVMEDIA_TYPE_AUDIO) continue;
    return {ErrorCode::kCorrupted, "its audio stream claims " +
                                       Format(parameters.sample_rate, parameters.ch_layout.nb_channels) +
                                       "; expected at least one of each"};
  }
  return {ErrorCode::kCorrupted, "it has no audio stream"};
}

double ClaimedSeconds(const AVFormatContext& context, const AVStream& stream) {
  if (stream.duration > 0) return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  if (context.duration > 0) return static_cast<double>(context.duration) / AV_TIME_BASE;
  return 0;
}

}  // namespace

struct AudioReader::State {
  std::string name;
  MediaInput input;
  int stream = -1;
  CodecPtr codec;
  PacketPtr packet = NewPacket();
  FramePtr frame = NewFrame();
  AudioInfo info;
  std::vector<float> first;  // the first samples, decoded by Open so that `info` tells what they really are
  bool has_first = false;
  bool input_ended = false;
  bool ended = false;
  int64_t frames_out = 0;
  int64_t damaged_packets = 0;

  State(std::string file, MediaInput opened) : name(std::move(file)), input(std::move(opened)) {}

  std::string Quoted() const { return "'" + name + "'"; }

  Status Prepare() {
    AVFormatContext& context = *input.context();
    stream = input.FindStream(AVMEDIA_TYPE_AUDIO);
    if (stream < 0) return NoAudio(context);
    for (unsigned i = 0; i < context.nb_streams; ++i) {
      if (static_cast<int>(i) != stream) context.streams[i]->discard = AVDISCARD_ALL;
    }
    ASSIGN_OR_RETURN(codec, OpenDecoder(input, stream, 1));
    codec->max_samples = kMaxFrameSamples;
    if (packet == nullptr || frame == nullptr) return Error(ErrorCode::kResourceLimit, "no memory for decoding");
    info.codec = avcodec_get_name(codec->codec_id);
    info.duration_s = ClaimedSeconds(context, *context.streams[stream]);
    Status status = Decode(first);
    if (!status.ok() && status.error().code() == ErrorCode::kEndOfStream) {
      return Error(ErrorCode::kCorrupted, damaged_packets > 0 ? "none of its " + std::to_string(damaged_packets) +
                                                                    " audio packets can be decoded"
                                                              : std::string("it holds no audio samples"));
    }
    has_first = status.ok();
    return status;
  }

  // Feeds the decoder one packet, or its end.
  Status FeedDecoder() {
    const int rc = av_read_frame(input.context(), packet.get());
    if (rc < 0) {
      if (rc == AVERROR(EIO)) return Error(ErrorCode::kIo, "cannot read on: " + FfmpegReason(rc));
      if (rc == AVERROR(ENOMEM)) return FfmpegError(rc, "cannot read on");
      if (rc == AVERROR(EAGAIN)) return {};  // the caller's bound on fruitless packets ends this
      input_ended = true;                    // the end, or a cut file: players stop here, too
      avcodec_send_packet(codec.get(), nullptr);
      return {};
    }
    if (packet->stream_index == stream) {
      const int sent = avcodec_send_packet(codec.get(), packet.get());
      if (sent == AVERROR(ENOMEM)) return FfmpegError(sent, "cannot decode");
      if (sent < 0) ++damaged_packets;
    }
    av_packet_unref(packet.get());
    return {};
  }

  // The next decoded frame's samples into `out`.
  Status Decode(std::vector<float>& out) {
    out.clear();
    for (int fruitless = 0; fruitless < kMaxSilentPackets; ++fruitless) {
      const int rc = avcodec_receive_frame(codec.get(), frame.get());
      if (rc == AVERROR_EOF || (rc == AVERROR(EAGAIN) && input_ended)) {
        return Error(ErrorCode::kEndOfStream, "end of " + Quoted());
      }
      if (rc == AVERROR(ENOMEM)) return FfmpegError(rc, "cannot decode");
      if (rc == AVERROR(EAGAIN)) {
        RETURN_IF_ERROR(FeedDecoder());
      } else if (rc < 0) {
        ++damaged_packets;
      } else if (frame->nb_samples > 0) {
        return TakeFrame(out);
      }
    }
    return Error(ErrorCode::kCorrupted, "no sound in " + std::to_string(kMaxSilentPackets) + " packets in a row");
  }

  Status TakeFrame(std::vector<float>& out) {
    const int channels = frame->ch_layout.nb_channels;
    const int rate_hz = frame->sample_rate;
    if (info.channels == 0) {
      if (channels < 1 || channels > kMaxChannels || rate_hz < 1 || rate_hz > kMaxRateHz) {
        return Error(ErrorCode::kUnsupported, "its sound has " + Format(rate_hz, channels) +
                                                  "; expected 1 to 64 channels and at most 768000 Hz");
      }
      info.channels = channels;
      info.rate_hz = rate_hz;
    } else if (channels != info.channels || rate_hz != info.rate_hz) {
      return Error(ErrorCode::kUnsupported, "after " + Seconds(static_cast<double>(frames_out) / info.rate_hz) +
                                                " its sound changes from " + Format(info.rate_hz, info.channels) +
                                                " to " + Format(rate_hz, channels));
    }
    RETURN_IF_ERROR(CopyInterleaved(*frame, out));
    frames_out += frame->nb_samples;
    av_frame_unref(frame.get());
    return {};
  }

  // Once, at the end: what a listener should know about the file.
  void ReportDamage() const {
    if (damaged_packets > 0) {
      Log(LogLevel::kWarning, "skipped damaged audio", {{"file", name}, {"packets", damaged_packets}});
    }
    const double held_s = static_cast<double>(frames_out) / info.rate_hz;
    if (info.codec.starts_with("pcm_") && info.duration_s > held_s + 0.1) {  // others only estimate their length
      Log(LogLevel::kWarning, "audio file ends early",
          {{"file", name}, {"claimed_s", info.duration_s}, {"held_s", held_s}});
    }
  }
};

AudioReader::AudioReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;
AudioReader::~AudioReader() = default;

Result<AudioReader> AudioReader::Open(const Path& path) {
  ASSIGN_OR_RETURN(MediaInput input, MediaInput::Open(path));
  auto state = std::make_unique<State>(path.string(), std::move(input));
  if (Status status = state->Prepare(); !status.ok()) return std::move(status).TakeError().Within(state->Quoted());
  return AudioReader(std::move(state));
}

Result<AudioReader> AudioReader::OpenBytes(std::span<const uint8_t> bytes, std::string name) {
  ASSIGN_OR_RETURN(MediaInput input, MediaInput::OpenBytes(bytes, name));
  auto state = std::make_unique<State>(std::move(name), std::move(input));
  if (Status status = state->Prepare(); !status.ok()) return std::move(status).TakeError().Within(state->Quoted());
  return AudioReader(std::move(state));
}

const AudioInfo& AudioReader::info() const { return state_->info; }

Status AudioReader::Read(std::vector<float>& out) {
  State& s = *state_;
  if (s.has_first) {
    s.has_first = false;
    out = std::move(s.first);
    return {};
  }
  if (s.ended) return Error(ErrorCode::kEndOfStream, "end of " + s.Quoted());
  Status status = s.Decode(out);
  if (status.ok()) return status;
  s.ended = true;
  if (status.error().code() != ErrorCode::kEndOfStream) return std::move(status).TakeError().Within(s.Quoted());
  s.ReportDamage();
  return status;
}

Result<bool> HasSound(const Path& path) {
  ASSIGN_OR_RETURN(const MediaInput input, MediaInput::Open(path));
  const AVFormatContext& context = *input.context();
  for (unsigned i = 0; i < context.nb_streams; ++i) {
    if (context.streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO) return true;
  }
  return false;
}

}  // namespace lips
