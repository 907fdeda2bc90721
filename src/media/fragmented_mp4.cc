#include "media/fragmented_mp4.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/mathematics.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
}

#include <algorithm>
#include <array>
#include <cstring>

#include "media/ffmpeg.h"

namespace lips {
namespace {

constexpr int kIoBufferBytes = 1 << 16;
constexpr int64_t kMaxFragmentMs = 10'000;
constexpr size_t kMaxFragmentBytes = size_t{16} << 20;

struct MuxerDeleter {
  void operator()(AVFormatContext* muxer) const { avformat_free_context(muxer); }
};

struct MemoryIoDeleter {
  void operator()(AVIOContext* io) const {
    av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

int Append(void* opaque, uint8_t* bytes, int size) {
  auto& out = *static_cast<std::vector<uint8_t>*>(opaque);
  out.insert(out.end(), bytes, bytes + size);
  return size;
}

Error Bad(const std::string& what) { return Error(ErrorCode::kInvalidInput, "fragmented MP4: " + what); }

// Bytes before the first box called `moof`.
size_t InitBytes(std::span<const uint8_t> bytes) {
  constexpr size_t kBoxHeader = 8;
  size_t at = 0;
  while (at + kBoxHeader <= bytes.size()) {
    if (std::memcmp(bytes.data() + at + 4, "moof", 4) == 0) return at;
    const uint32_t size = uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 |
                          uint32_t{bytes[at + 3]};
    if (size < kBoxHeader) break;
    at += size;
  }
  return bytes.size();
}

Status CopyExtra(std::span<const uint8_t> from, AVCodecParameters& to) {
  to.extradata = static_cast<uint8_t*>(av_mallocz(from.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (to.extradata == nullptr) return FfmpegError(AVERROR(ENOMEM), "fragmented MP4");
  std::copy(from.begin(), from.end(), to.extradata);
  to.extradata_size = static_cast<int>(from.size());
  return {};
}

Status CheckOptions(const FragmentedMp4Options& options) {
  RETURN_IF_ERROR(CheckFrameRate(options.video.fps));
  if (options.video.width <= 0 || options.video.height <= 0 || options.video.parameter_sets.empty()) {
    return Bad("the video's format has no size or no parameter sets");
  }
  if (options.fragment_ms < 20 || options.fragment_ms > kMaxFragmentMs) {
    return Bad("fragments of " + std::to_string(options.fragment_ms) + " ms; expected 20..10000");
  }
  if (options.audio && (options.audio->rate_hz <= 0 || options.audio->channels <= 0)) {
    return Bad("the sound's format has no rate or no channels");
  }
  return {};
}

}  // namespace

struct FragmentedMp4::State {
  explicit State(FragmentedMp4Options options_in) : options(std::move(options_in)) {}

  FragmentedMp4Options options;
  std::vector<uint8_t> written;
  std::unique_ptr<AVIOContext, MemoryIoDeleter> io;
  std::unique_ptr<AVFormatContext, MuxerDeleter> muxer;  // writes through io, so it goes first
  PacketPtr packet = NewPacket();
  // Packets from before every track had its first. The muxer is given the sound's first: a track that begins after zero
  // is told so by a flag that spoils one that begins before it.
  struct Early {
    std::vector<uint8_t> data;
    int64_t pts = 0, duration = 0;
    bool key = false;
  };
  std::array<std::vector<Early>, 2> early;  // by stream
  std::array<bool, 2> muxed = {};           // whether the muxer has a packet of it
  bool audio_began = false;
  bool init_sent = false;
  int64_t last_frame = -1;
  // Of the fragment being made.
  int64_t first_frame = 0;
  int64_t frames = 0;
  size_t bytes = 0;
  bool key = false;

  Status Open();
  Status AddStreams();
  Status Write(std::span<const uint8_t> data, size_t stream, int64_t pts, int64_t duration, bool is_key);
  Status Mux(std::span<const uint8_t> data, size_t stream, int64_t pts, int64_t duration, bool is_key);
  Status MuxEarly();
  Status Cut(const Sink& sink);
  Status WriteFragment(const Sink& sink);
  // Whether `frame` begins that long after the fragment.
  bool Lasts(int64_t frame, int64_t ms) const {
    return (frame - first_frame) * 1000 * options.video.fps.den >= ms * options.video.fps.num;
  }
};

Status FragmentedMp4::State::Open() {
  if (packet == nullptr) return FfmpegError(AVERROR(ENOMEM), "fragmented MP4");
  AVFormatContext* context = nullptr;
  int rc = avformat_alloc_output_context2(&context, nullptr, "mp4", nullptr);
  if (rc < 0) return FfmpegError(rc, "fragmented MP4");
  muxer.reset(context);
  auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBufferBytes));
  if (buffer == nullptr) return FfmpegError(AVERROR(ENOMEM), "fragmented MP4");
  io.reset(avio_alloc_context(buffer, kIoBufferBytes, 1, &written, nullptr, Append, nullptr));
  if (io == nullptr) {
    av_free(buffer);
    return FfmpegError(AVERROR(ENOMEM), "fragmented MP4");
  }
  muxer->pb = io.get();
  muxer->flags |= AVFMT_FLAG_BITEXACT | AVFMT_FLAG_CUSTOM_IO;
  muxer->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;  // the delay of the sound goes into an edit list instead
  RETURN_IF_ERROR(AddStreams());
  for (const auto& [name, value] : options.metadata) av_dict_set(&muxer->metadata, name.c_str(), value.c_str(), 0);
  // delay_moov: the edit list is known when the first packets are.
  AVDictionary* flags = nullptr;
  av_dict_set(&flags, "movflags", "+frag_custom+empty_moov+delay_moov+default_base_moof+skip_trailer+use_metadata_tags",
              0);
  av_dict_set(&flags, "use_editlist", "1", 0);
  rc = avformat_write_header(muxer.get(), &flags);
  av_dict_free(&flags);
  return rc < 0 ? Status(FfmpegError(rc, "fragmented MP4")) : Status();
}

Status FragmentedMp4::State::AddStreams() {
  AVStream* video = avformat_new_stream(muxer.get(), nullptr);
  if (video == nullptr) return FfmpegError(AVERROR(ENOMEM), "fragmented MP4");
  const H264Format& format = options.video;
  video->time_base = {format.fps.den, format.fps.num};
  video->avg_frame_rate = {format.fps.num, format.fps.den};
  video->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  video->codecpar->codec_id = AV_CODEC_ID_H264;
  video->codecpar->width = format.width;
  video->codecpar->height = format.height;
  RETURN_IF_ERROR(CopyExtra(format.parameter_sets, *video->codecpar));
  if (!options.audio) return {};
  AVStream* audio = avformat_new_stream(muxer.get(), nullptr);
  if (audio == nullptr) return FfmpegError(AVERROR(ENOMEM), "fragmented MP4");
  const AudioStreamFormat& sound = *options.audio;
  audio->time_base = {1, sound.rate_hz};
  audio->codecpar->codec_type = AVMEDIA_TYPE_AUDIO;
  audio->codecpar->codec_id = sound.codec == AudioCodec::kAac ? AV_CODEC_ID_AAC : AV_CODEC_ID_OPUS;
  audio->codecpar->sample_rate = sound.rate_hz;
  audio->codecpar->bit_rate = sound.bit_rate;
  audio->codecpar->frame_size = sound.frame_samples;
  audio->codecpar->initial_padding = sound.delay_samples;
  av_channel_layout_default(&audio->codecpar->ch_layout, sound.channels);
  return CopyExtra(sound.config, *audio->codecpar);
}

Status FragmentedMp4::State::Write(std::span<const uint8_t> data, size_t stream, int64_t pts, int64_t duration,
                                   bool is_key) {
  if (bytes + data.size() > kMaxFragmentBytes) {
    return Error(ErrorCode::kResourceLimit,
                 "fragmented MP4: a fragment of more than " + std::to_string(kMaxFragmentBytes >> 20) + " MiB");
  }
  bytes += data.size();
  if (!options.audio || (muxed[0] && muxed[1])) return Mux(data, stream, pts, duration, is_key);
  early[stream].push_back({{data.begin(), data.end()}, pts, duration, is_key});
  return early[0].empty() || early[1].empty() ? Status() : MuxEarly();
}

Status FragmentedMp4::State::MuxEarly() {
  for (const size_t stream : {size_t{1}, size_t{0}}) {
    for (const Early& packet_in : early[stream]) {
      RETURN_IF_ERROR(Mux(packet_in.data, stream, packet_in.pts, packet_in.duration, packet_in.key));
    }
    early[stream] = {};
  }
  return {};
}

Status FragmentedMp4::State::Mux(std::span<const uint8_t> data, size_t stream, int64_t pts, int64_t duration,
                                 bool is_key) {
  av_packet_unref(packet.get());
  int rc = av_new_packet(packet.get(), static_cast<int>(data.size()));
  if (rc < 0) return FfmpegError(rc, "fragmented MP4");
  std::copy(data.begin(), data.end(), packet->data);
  packet->stream_index = static_cast<int>(stream);
  packet->pts = packet->dts = pts;
  packet->duration = duration;
  packet->flags = is_key ? AV_PKT_FLAG_KEY : 0;
  const FrameRate fps = options.video.fps;
  const AVRational time_base = stream == 0 ? AVRational{fps.den, fps.num} : AVRational{1, options.audio->rate_hz};
  av_packet_rescale_ts(packet.get(), time_base, muxer->streams[stream]->time_base);
  // Without it a late start would become an edit list, which browsers pass over.
  if (!muxed[stream] && pts > 0) av_opt_set(muxer->priv_data, "movflags", "+frag_discont", 0);
  muxed[stream] = true;
  rc = av_write_frame(muxer.get(), packet.get());
  return rc < 0 ? Status(FfmpegError(rc, "fragmented MP4")) : Status();
}

Status FragmentedMp4::State::Cut(const Sink& sink) {
  if (frames == 0) return {};
  if (options.audio && !audio_began) {
    if (!Lasts(last_frame, kMaxFragmentMs)) return {};
    return Error(ErrorCode::kResourceLimit, "fragmented MP4: 10 s of pictures and no packet of the sound");
  }
  return WriteFragment(sink);
}

Status FragmentedMp4::State::WriteFragment(const Sink& sink) {
  RETURN_IF_ERROR(MuxEarly());  // of a stream that ends before its sound began
  int rc = av_write_frame(muxer.get(), nullptr);
  if (rc >= 0 && !init_sent) rc = av_write_frame(muxer.get(), nullptr);  // the first time gives only the moov
  // The next fragment starts where its packets say, which need not be where this one ends.
  if (rc >= 0) rc = av_opt_set(muxer->priv_data, "movflags", "+frag_discont", 0);
  if (rc < 0) return FfmpegError(rc, "fragmented MP4");
  avio_flush(io.get());
  const std::span<const uint8_t> all(written);
  size_t begin = 0;
  if (!init_sent) {
    begin = InitBytes(all);
    RETURN_IF_ERROR(sink({.bytes = all.first(begin), .init = true}));
    init_sent = true;
  }
  if (frames == 0) {
    first_frame = last_frame + 1;
    key = false;
  }
  const Status status =
      sink({.bytes = all.subspan(begin), .key = key, .first_frame = first_frame, .last_frame = last_frame});
  written.clear();
  frames = 0;
  bytes = 0;
  return status;
}

FragmentedMp4::FragmentedMp4(std::unique_ptr<State> state) : state_(std::move(state)) {}
FragmentedMp4::FragmentedMp4(FragmentedMp4&&) noexcept = default;
FragmentedMp4& FragmentedMp4::operator=(FragmentedMp4&&) noexcept = default;
FragmentedMp4::~FragmentedMp4() = default;

Result<FragmentedMp4> FragmentedMp4::Create(const FragmentedMp4Options& options) {
  SilenceFfmpeg();
  RETURN_IF_ERROR(CheckOptions(options));
  auto state = std::make_unique<State>(options);
  RETURN_IF_ERROR(state->Open());
  return FragmentedMp4(std::move(state));
}

Status FragmentedMp4::AddVideo(int64_t frame, const H264Packet& packet, const Sink& sink) {
  State& state = *state_;
  if (frame <= state.last_frame) {
    return Bad("frame " + std::to_string(frame) + " after frame " + std::to_string(state.last_frame));
  }
  if (state.last_frame < 0 && !packet.key) return Bad("the first picture is no key picture");
  if (packet.bytes.size() <= packet.parameter_set_bytes) return Bad("frame " + std::to_string(frame) + " is empty");
  if (packet.key) RETURN_IF_ERROR(state.Cut(sink));
  if (state.frames == 0) {
    state.first_frame = frame;
    state.key = packet.key;
  }
  RETURN_IF_ERROR(state.Write(packet.bytes.subspan(packet.parameter_set_bytes), 0, frame, 1, packet.key));
  state.last_frame = frame;
  ++state.frames;
  return state.Lasts(frame + 1, state.options.fragment_ms) ? state.Cut(sink) : Status();
}

Status FragmentedMp4::AddAudio(const AudioPacket& packet) {
  State& state = *state_;
  if (!state.options.audio) return Bad("it has no sound track");
  if (packet.bytes.empty()) return Bad("an empty packet of sound");
  RETURN_IF_ERROR(state.Write(packet.bytes, 1, packet.pts_samples, packet.duration_samples, true));
  state.audio_began = true;
  return {};
}

Status FragmentedMp4::Flush(const Sink& sink) { return state_->bytes > 0 ? state_->WriteFragment(sink) : Status(); }

}  // namespace lips
