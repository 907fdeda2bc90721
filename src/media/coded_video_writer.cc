#include "media/coded_video_writer.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cstring>

#include "media/audio_track.h"
#include "media/ffmpeg.h"
#include "media/muxer.h"
#include "media/output_check.h"

namespace lips {

struct CodedVideoWriter::State {
  State(AtomicFile the_file, CodedVideoOptions the_options)
      : file(std::move(the_file)), options(std::move(the_options)), packet(NewPacket()) {}

  Status OpenMuxer(std::span<const uint8_t> first_picture);
  Status AddVideo(std::span<const uint8_t> first_picture);
  Status AddAudio();
  Status WriteHeld(int64_t until);
  Status Mux(AVPacket& packet_in, int stream, AVRational time_base);
  Status FinishFile(int64_t frames);
  AudioTrack::Sink AudioSink() {
    return [this](AVPacket& sound) { return Mux(sound, 1, audio->codec().time_base); };
  }
  AVRational frame_time() const { return {options.fps.den, options.fps.num}; }
  Status Keep(Status status) {
    if (status.ok()) return status;
    failure = std::move(status).TakeError().Within("cannot write '" + file.target_path().string() + "'");
    return *failure;
  }

  AtomicFile file;  // outlives the muxer, which writes to it
  CodedVideoOptions options;
  MuxerPtr muxer;
  std::optional<AudioTrack> audio;
  PacketPtr packet;
  // The last picture, whose length only the next one tells.
  std::vector<uint8_t> held;
  int64_t held_frame = -1;
  bool held_key = false;
  int64_t pictures = 0;
  bool gaps = false;
  std::optional<Error> failure;
};

Status CodedVideoWriter::State::AddVideo(std::span<const uint8_t> first_picture) {
  AVStream* stream = avformat_new_stream(muxer.get(), nullptr);
  if (stream == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot add a stream");
  stream->time_base = frame_time();
  stream->avg_frame_rate = {options.fps.num, options.fps.den};
  AVCodecParameters& codec = *stream->codecpar;
  codec.codec_type = AVMEDIA_TYPE_VIDEO;
  codec.codec_id = AV_CODEC_ID_H264;
  codec.width = options.width;
  codec.height = options.height;
  codec.format = AV_PIX_FMT_YUV420P;
  // The muxer finds the parameter sets in the picture that begins with them.
  codec.extradata = static_cast<uint8_t*>(av_mallocz(first_picture.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (codec.extradata == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot add a stream");
  std::memcpy(codec.extradata, first_picture.data(), first_picture.size());
  codec.extradata_size = static_cast<int>(first_picture.size());
  return {};
}

Status CodedVideoWriter::State::AddAudio() {
  if (!options.audio) return {};
  ASSIGN_OR_RETURN(audio, AudioTrack::Open(*options.audio, AV_CODEC_ID_AAC, /*global_header=*/true));
  AVStream* stream = avformat_new_stream(muxer.get(), nullptr);
  if (stream == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot add a stream");
  stream->time_base = audio->codec().time_base;
  const int rc = avcodec_parameters_from_context(stream->codecpar, &audio->codec());
  return rc < 0 ? Status(FfmpegError(rc, "cannot add a stream")) : Status();
}

Status CodedVideoWriter::State::OpenMuxer(std::span<const uint8_t> first_picture) {
  SilenceFfmpeg();
  AVFormatContext* context = nullptr;
  const std::string url = "file:" + file.temporary_path().string();
  int rc = avformat_alloc_output_context2(&context, nullptr, "mp4", url.c_str());
  if (rc < 0) return FfmpegError(rc, "cannot open the container");
  muxer.reset(context);
  muxer->flags |= AVFMT_FLAG_BITEXACT;
  RETURN_IF_ERROR(AddVideo(first_picture));
  RETURN_IF_ERROR(AddAudio());
  for (const auto& [key, value] : options.metadata) av_dict_set(&muxer->metadata, key.c_str(), value.c_str(), 0);
  rc = avio_open(&muxer->pb, url.c_str(), AVIO_FLAG_WRITE);
  if (rc < 0) return Error(ErrorCode::kIo, FfmpegReason(rc));
  DictionaryOwner flags;
  av_dict_set(&flags.dictionary, "movflags", "+faststart+use_metadata_tags", 0);
  rc = avformat_write_header(muxer.get(), &flags.dictionary);
  return rc < 0 ? Status(Error(ErrorCode::kIo, FfmpegReason(rc))) : Status();
}

Status CodedVideoWriter::State::Mux(AVPacket& packet_in, int stream, AVRational time_base) {
  packet_in.stream_index = stream;
  av_packet_rescale_ts(&packet_in, time_base, muxer->streams[stream]->time_base);
  int rc = av_interleaved_write_frame(muxer.get(), &packet_in);
  if (rc >= 0) rc = muxer->pb->error;
  return rc < 0 ? Status(Error(ErrorCode::kIo, FfmpegReason(rc))) : Status();
}

Status CodedVideoWriter::State::WriteHeld(int64_t until) {
  if (held_frame < 0) return {};
  if (!muxer) RETURN_IF_ERROR(OpenMuxer(held));
  const int rc = av_new_packet(packet.get(), static_cast<int>(held.size()));
  if (rc < 0) return FfmpegError(rc, "cannot keep a picture");
  std::memcpy(packet->data, held.data(), held.size());
  packet->pts = packet->dts = held_frame;
  packet->duration = until - held_frame;
  packet->flags = held_key ? AV_PKT_FLAG_KEY : 0;
  gaps = gaps || packet->duration != 1;
  ++pictures;
  RETURN_IF_ERROR(Mux(*packet, 0, frame_time()));
  return audio ? audio->EncodeUntil(until, options.fps, AudioSink()) : Status();
}

Status CodedVideoWriter::State::FinishFile(int64_t frames) {
  if (held_frame < 0) return Error(ErrorCode::kInvalidInput, "no picture was written");
  RETURN_IF_ERROR(WriteHeld(std::max(frames, held_frame + 1)));
  if (audio) RETURN_IF_ERROR(audio->Finish(AudioSink()));
  int rc = av_write_trailer(muxer.get());
  if (rc >= 0) rc = muxer->pb->error;
  const int closed = avio_closep(&muxer->pb);
  if (rc >= 0) rc = closed;
  if (rc < 0) return Error(ErrorCode::kIo, FfmpegReason(rc));
  if (gaps) return {};  // its pictures do not add up to its length, rightly
  ExpectedOutput expected;
  expected.frames = pictures;
  expected.fps = options.fps;
  if (audio) expected.audio_s = static_cast<double>(audio->samples()) / audio->codec().sample_rate;
  return CheckOutput(file.temporary_path(), expected);
}

CodedVideoWriter::CodedVideoWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
CodedVideoWriter::CodedVideoWriter(CodedVideoWriter&&) noexcept = default;
CodedVideoWriter& CodedVideoWriter::operator=(CodedVideoWriter&&) noexcept = default;
CodedVideoWriter::~CodedVideoWriter() = default;

Result<CodedVideoWriter> CodedVideoWriter::Create(const Path& path, const CodedVideoOptions& options) {
  RETURN_IF_ERROR(CheckFrameRate(options.fps));
  if (options.width <= 0 || options.height <= 0 || options.width > 16384 || options.height > 16384) {
    return Error(ErrorCode::kInvalidInput, "the pictures' size is " + std::to_string(options.width) + "x" +
                                               std::to_string(options.height) + "; expected 1..16384 a side");
  }
  if (path.extension() != ".mp4") {
    return Error(ErrorCode::kInvalidInput, "cannot write '" + path.string() + "': expected a name that ends in .mp4");
  }
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  return CodedVideoWriter(std::make_unique<State>(std::move(file), options));
}

Status CodedVideoWriter::Write(std::span<const uint8_t> picture, int64_t frame, bool key) {
  State& state = *state_;
  if (state.failure) return *state.failure;
  if (frame <= state.held_frame || picture.empty() || picture.size() > size_t{64} << 20) {
    return state.Keep(Error(ErrorCode::kInvalidInput, "picture " + std::to_string(frame) + " of " +
                                                          std::to_string(picture.size()) + " bytes follows picture " +
                                                          std::to_string(state.held_frame)));
  }
  if (state.held_frame < 0 && !key) {
    return state.Keep(Error(ErrorCode::kInvalidInput, "the first picture is no key frame"));
  }
  RETURN_IF_ERROR(state.Keep(state.WriteHeld(frame)));
  state.held.assign(picture.begin(), picture.end());
  state.held_frame = frame;
  state.held_key = key;
  return {};
}

Status CodedVideoWriter::Finish(int64_t frames) {
  State& state = *state_;
  if (state.failure) return *state.failure;
  RETURN_IF_ERROR(state.Keep(state.FinishFile(frames)));
  return state.file.Commit();
}

}  // namespace lips
