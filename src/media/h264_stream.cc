#include "media/h264_stream.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/buffer.h>
#include <libavutil/opt.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "image/image.h"
#include "media/encoder_choice.h"
#include "media/ffmpeg.h"
#include "media/padded_copy.h"

namespace lips {
namespace {

constexpr int kMinSide = 16;
constexpr int kMaxSide = 8192;
constexpr int kMaxKbps = 1'000'000;
constexpr int kMaxCrf = 51;
constexpr std::array<std::string_view, 6> kPresets = {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium"};

Error OutOf(std::string_view what, const std::string& found, const std::string& expected) {
  return Error(ErrorCode::kInvalidInput, "H.264: " + std::string(what) + " is " + found + "; expected " + expected);
}

Status CheckKbps(int kbps) {
  const bool fits = kbps >= 1 && kbps <= kMaxKbps;
  return fits ? Status() : OutOf("the bit rate", std::to_string(kbps) + " kbit/s", "1.." + std::to_string(kMaxKbps));
}

Status CheckCrf(int crf) { return crf >= 0 && crf <= kMaxCrf ? Status() : OutOf("crf", std::to_string(crf), "0..51"); }

Status CheckOptions(const H264StreamOptions& options) {
  RETURN_IF_ERROR(CheckFrameRate(options.fps));
  for (const int side : {options.width, options.height}) {
    if (side >= kMinSide && side <= kMaxSide) continue;
    return OutOf("the picture's size", std::to_string(options.width) + "x" + std::to_string(options.height),
                 std::to_string(kMinSide) + ".." + std::to_string(kMaxSide) + " a side");
  }
  if (options.bitrate_kbps != 0) RETURN_IF_ERROR(CheckKbps(options.bitrate_kbps));
  RETURN_IF_ERROR(CheckCrf(options.crf));
  if (!(options.keyframe_s >= 0.1 && options.keyframe_s <= 60)) {
    return OutOf("the keyframe distance", std::to_string(options.keyframe_s) + " s", "0.1..60");
  }
  if (options.threads < 1 || options.threads > 64) {
    return OutOf("the number of threads", std::to_string(options.threads), "1..64");
  }
  if (std::find(kPresets.begin(), kPresets.end(), options.preset) == kPresets.end()) {
    return OutOf("the preset", "'" + options.preset + "'", "ultrafast, superfast, veryfast, faster, fast or medium");
  }
  return {};
}

// The codec's name for browsers, from the SPS: profile, constraints and level as they stand in it.
std::string CodecName(std::span<const uint8_t> annex_b) {
  constexpr size_t kStartCode = 3;
  constexpr unsigned kSps = 7;
  for (size_t i = 0; i + kStartCode + 3 < annex_b.size(); ++i) {
    const bool starts = annex_b[i] == 0 && annex_b[i + 1] == 0 && annex_b[i + 2] == 1;
    if (!starts || (annex_b[i + kStartCode] & 0x1FU) != kSps) continue;
    std::array<char, 16> text = {};
    std::snprintf(text.data(), text.size(), "avc1.%02X%02X%02X", annex_b[i + 4], annex_b[i + 5], annex_b[i + 6]);
    return text.data();
  }
  return {};
}

void KeepRate(AVCodecContext& codec, int kbps) {
  codec.bit_rate = int64_t{1000} * kbps;
  codec.rc_max_rate = codec.bit_rate;
  codec.rc_buffer_size = 500 * kbps;  // half a second: what a receiver buffers at most to play without a stop
}

Status OpenCodec(const H264StreamOptions& options, AVCodecContext& codec, const AVCodec* encoder) {
  codec.width = options.width + options.width % 2;
  codec.height = options.height + options.height % 2;
  codec.pix_fmt = AV_PIX_FMT_YUV420P;
  codec.time_base = {options.fps.den, options.fps.num};
  codec.framerate = {options.fps.num, options.fps.den};
  codec.sample_aspect_ratio = {1, 1};
  codec.thread_count = options.threads;
  codec.gop_size = std::max(1, static_cast<int>(std::lround(options.keyframe_s * options.fps.AsDouble())));
  codec.max_b_frames = 0;
  // The parameter sets are wanted before the first picture, so they come apart and we repeat them.
  codec.flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
  TagColour(codec, options.width, options.height, options.fps, options.format);
  const auto set = [&codec](const char* name, const std::string& value) {
    return av_opt_set(codec.priv_data, name, value.c_str(), 0);
  };
  // cpu-independent: see encoder_choice.cc. scenecut=0: the caller alone, and the clock, say where IDR pictures are.
  int rc = std::min({set("preset", options.preset), set("tune", "zerolatency"), set("profile", "baseline"),
                     set("forced-idr", "1"), set("x264-params", "cpu-independent=1:sync-lookahead=0:scenecut=0")});
  if (options.bitrate_kbps > 0) {
    KeepRate(codec, options.bitrate_kbps);
  } else {
    rc = std::min(rc, set("crf", std::to_string(options.crf)));
  }
  if (rc >= 0) rc = avcodec_open2(&codec, encoder, nullptr);
  return rc < 0 ? Status(FfmpegError(rc, "H.264: cannot open the encoder")) : Status();
}

void FreeNothing(void*, uint8_t*) {}

}  // namespace

struct H264Stream::State {
  explicit State(const H264StreamOptions& options_in) : options(options_in) {}

  H264StreamOptions options;
  CodecPtr codec;
  FramePtr frame = NewFrame();
  PacketPtr packet = NewPacket();
  H264Format format;
  YuvImage padded;             // only for odd sizes
  std::vector<uint8_t> bytes;  // of an IDR picture with its parameter sets
  int64_t frames = 0;

  Status Show(ConstYuvView picture);
  Status Send(bool key);
};

// Lets the frame refer to the picture. The encoder copies what it needs before it returns.
Status H264Stream::State::Show(ConstYuvView picture) {
  if (codec->width != picture.width() || codec->height != picture.height()) {
    padded.Resize(codec->width, codec->height, picture.format);
    const YuvView larger = padded.view();
    CopyPadded(picture.y, larger.y);
    CopyPadded(picture.u, larger.u);
    CopyPadded(picture.v, larger.v);
    picture = larger;
  }
  av_frame_unref(frame.get());
  const std::array<ConstPlaneView, 3> planes = {picture.y, picture.u, picture.v};
  for (size_t i = 0; i < planes.size(); ++i) {
    auto* data = const_cast<uint8_t*>(planes[i].data);  // FFmpeg's frames are never const; this one is read-only
    const auto size = static_cast<size_t>(planes[i].stride_bytes * (planes[i].height - 1) + planes[i].width);
    frame->buf[i] = av_buffer_create(data, size, FreeNothing, nullptr, AV_BUFFER_FLAG_READONLY);
    if (frame->buf[i] == nullptr) return FfmpegError(AVERROR(ENOMEM), "H.264: cannot encode");
    frame->data[i] = data;
    frame->linesize[i] = static_cast<int>(planes[i].stride_bytes);
  }
  DescribeFrame(*codec, *frame);
  return {};
}

Status H264Stream::State::Send(bool key) {
  frame->pts = frames;
  frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  av_packet_unref(packet.get());
  int rc = avcodec_send_frame(codec.get(), frame.get());
  if (rc >= 0) rc = avcodec_receive_packet(codec.get(), packet.get());
  av_frame_unref(frame.get());  // the caller's picture is his again
  if (rc < 0) return FfmpegError(rc, "H.264: cannot encode picture " + std::to_string(frames));
  ++frames;
  return {};
}

H264Stream::H264Stream(std::unique_ptr<State> state) : state_(std::move(state)) {}
H264Stream::H264Stream(H264Stream&&) noexcept = default;
H264Stream& H264Stream::operator=(H264Stream&&) noexcept = default;
H264Stream::~H264Stream() = default;

Result<H264Stream> H264Stream::Open(const H264StreamOptions& options) {
  SilenceFfmpeg();
  RETURN_IF_ERROR(CheckOptions(options));
  const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
  if (encoder == nullptr) {
    return Error(ErrorCode::kUnsupported, "H.264: FFmpeg was built without the encoder libx264");
  }
  auto state = std::make_unique<State>(options);
  state->codec.reset(avcodec_alloc_context3(encoder));
  if (state->codec == nullptr || state->frame == nullptr || state->packet == nullptr) {
    return FfmpegError(AVERROR(ENOMEM), "H.264: cannot open the encoder");
  }
  AVCodecContext& codec = *state->codec;
  RETURN_IF_ERROR(OpenCodec(options, codec, encoder));
  H264Format& format = state->format;
  format.width = codec.width;
  format.height = codec.height;
  format.fps = options.fps;
  format.parameter_sets.assign(codec.extradata, codec.extradata + codec.extradata_size);
  format.codec = CodecName(format.parameter_sets);
  if (format.codec.empty()) return Error(ErrorCode::kCorrupted, "H.264: the encoder gave no sequence parameters");
  return H264Stream(std::move(state));
}

const H264Format& H264Stream::format() const { return state_->format; }

Result<H264Packet> H264Stream::Encode(ConstYuvView picture, bool key) {
  State& state = *state_;
  const H264StreamOptions& options = state.options;
  if (picture.width() != options.width || picture.height() != options.height || picture.format != options.format) {
    return Error(ErrorCode::kInvalidInput,
                 "H.264: picture " + std::to_string(state.frames) + " is " + std::to_string(picture.width()) + "x" +
                     std::to_string(picture.height()) + "; expected " + std::to_string(options.width) + "x" +
                     std::to_string(options.height) + " in the stream's colour format");
  }
  RETURN_IF_ERROR(state.Show(picture));
  RETURN_IF_ERROR(state.Send(key));
  const std::span<const uint8_t> coded(state.packet->data, static_cast<size_t>(state.packet->size));
  if ((state.packet->flags & AV_PKT_FLAG_KEY) == 0) return H264Packet{coded, 0, false};
  const std::vector<uint8_t>& sets = state.format.parameter_sets;
  state.bytes.assign(sets.begin(), sets.end());
  state.bytes.insert(state.bytes.end(), coded.begin(), coded.end());
  return H264Packet{state.bytes, sets.size(), true};
}

Status H264Stream::SetBitrate(int kbps) {
  RETURN_IF_ERROR(CheckKbps(kbps));
  if (state_->options.bitrate_kbps == 0) {
    return Error(ErrorCode::kInvalidInput, "H.264: a stream of constant quality has no bit rate to change");
  }
  state_->options.bitrate_kbps = kbps;
  KeepRate(*state_->codec, kbps);
  return {};
}

Status H264Stream::SetCrf(int crf) {
  RETURN_IF_ERROR(CheckCrf(crf));
  if (state_->options.bitrate_kbps != 0) {
    return Error(ErrorCode::kInvalidInput, "H.264: a stream with a bit rate has no constant quality to change");
  }
  state_->options.crf = crf;
  const int rc = av_opt_set(state_->codec->priv_data, "crf", std::to_string(crf).c_str(), 0);
  return rc < 0 ? Status(FfmpegError(rc, "H.264: cannot change crf")) : Status();
}

}  // namespace lips
