#include "media/video_writer.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
}

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "media/audio_track.h"
#include "media/encoder_choice.h"
#include "media/ffmpeg.h"
#include "media/muxer.h"
#include "media/output_check.h"
#include "media/padded_copy.h"
#include "media/plane_converter.h"

namespace lips {
namespace {

constexpr int kMaxSide = 16384;

Status CheckOptions(const VideoWriterOptions& options) {
  RETURN_IF_ERROR(CheckFrameRate(options.fps));
  const bool fits = options.width > 0 && options.height > 0 && options.width <= kMaxSide && options.height <= kMaxSide;
  if (!fits) {
    return Error(ErrorCode::kInvalidInput, "the picture's size is " + std::to_string(options.width) + "x" +
                                               std::to_string(options.height) + "; expected 1.." +
                                               std::to_string(kMaxSide) + " a side");
  }
  if (options.threads < 0) {
    return Error(ErrorCode::kInvalidInput,
                 "encoder threads are " + std::to_string(options.threads) + "; expected >= 0");
  }
  for (const auto& [key, value] : options.metadata) {
    if (key.empty()) return Error(ErrorCode::kInvalidInput, "a metadata key is empty (its value: '" + value + "')");
  }
  return {};
}

}  // namespace

struct VideoWriter::State {
  State(AtomicFile file_in, VideoWriterOptions options_in)
      : file(std::move(file_in)), options(std::move(options_in)), frame(NewFrame()), packet(NewPacket()) {}

  AtomicFile file;  // outlives the muxer, which writes to it
  VideoWriterOptions options;
  MuxerPtr muxer;
  CodecPtr video;
  std::optional<PlaneConverter> converter;  // for encoders that take other planes than ours
  std::optional<AudioTrack> audio;
  FramePtr frame;
  PacketPtr packet;
  int64_t frames = 0;
  bool finished = false;
  std::optional<Error> failure;  // the first one; nothing is written after it

  Status Open(const EncoderChoice& choice);
  Status OpenMuxer(const EncoderChoice& choice);
  Status AddStream(const AVCodecContext& codec);
  Status WriteFrame(ConstYuvView image, ConstPlaneView alpha);
  Status FillFrame(ConstYuvView image, ConstPlaneView alpha);
  Status DrainVideo();
  Status Mux(AVPacket& packet_in, int stream_index, AVRational time_base);
  Status FinishFile();
  AudioTrack::Sink AudioSink() {
    return [this](AVPacket& audio_packet) { return Mux(audio_packet, 1, audio->codec().time_base); };
  }
  // Every error carries the name the user gave, once.
  Status Keep(Status status);
  std::string Quoted() const { return "'" + file.target_path().string() + "'"; }
};

Status VideoWriter::State::Keep(Status status) {
  if (status.ok()) return status;
  failure = std::move(status).TakeError().Within("cannot write " + Quoted());
  return *failure;
}

Status VideoWriter::State::Open(const EncoderChoice& choice) {
  if (frame == nullptr || packet == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot encode");
  const auto stored = [&choice](int side) { return choice.needs_even_size ? side + side % 2 : side; };
  ASSIGN_OR_RETURN(video, OpenVideoEncoder(choice, options, stored(options.width), stored(options.height)));
  if (video->pix_fmt != AV_PIX_FMT_YUV420P && video->pix_fmt != AV_PIX_FMT_YUVA420P) {
    ASSIGN_OR_RETURN(converter, PlaneConverter::Create(*video, options.format));
  }
  if (options.audio) {
    const bool global_header = (choice.container->flags & AVFMT_GLOBALHEADER) != 0;
    ASSIGN_OR_RETURN(audio, AudioTrack::Open(*options.audio, choice.audio_codec, global_header));
  }
  return OpenMuxer(choice);
}

Status VideoWriter::State::OpenMuxer(const EncoderChoice& choice) {
  AVFormatContext* context = nullptr;
  const std::string url = "file:" + file.temporary_path().string();
  int rc = avformat_alloc_output_context2(&context, choice.container, nullptr, url.c_str());
  if (rc < 0) return FfmpegError(rc, "cannot open the container");
  muxer.reset(context);
  muxer->flags |= AVFMT_FLAG_BITEXACT;  // no clock, no versions: equal input gives equal bytes
  // Opus starts before zero by its delay, which the container states and the muxer adds: it must not add it twice.
  if (choice.audio_codec == AV_CODEC_ID_OPUS) muxer->avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
  RETURN_IF_ERROR(AddStream(*video));
  muxer->streams[0]->avg_frame_rate = video->framerate;
  if (audio) RETURN_IF_ERROR(AddStream(audio->codec()));
  for (const auto& [key, value] : options.metadata) {
    rc = av_dict_set(&muxer->metadata, key.c_str(), value.c_str(), 0);
    if (rc < 0) return FfmpegError(rc, "cannot keep metadata '" + key + "'");
  }
  rc = avio_open(&muxer->pb, url.c_str(), AVIO_FLAG_WRITE);
  if (rc < 0) return Error(ErrorCode::kIo, FfmpegReason(rc));
  DictionaryOwner flags;
  if (choice.is_mp4) av_dict_set(&flags.dictionary, "movflags", "+faststart+use_metadata_tags", 0);
  rc = avformat_write_header(muxer.get(), &flags.dictionary);
  return rc < 0 ? Status(Error(ErrorCode::kIo, FfmpegReason(rc))) : Status();
}

Status VideoWriter::State::AddStream(const AVCodecContext& codec) {
  AVStream* stream = avformat_new_stream(muxer.get(), nullptr);
  if (stream == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot add a stream");
  stream->time_base = codec.time_base;  // a wish; the container decides
  const int rc = avcodec_parameters_from_context(stream->codecpar, &codec);
  return rc < 0 ? Status(FfmpegError(rc, "cannot add a stream")) : Status();
}

Status VideoWriter::State::WriteFrame(ConstYuvView image, ConstPlaneView alpha) {
  RETURN_IF_ERROR(FillFrame(image, alpha));
  const int rc = avcodec_send_frame(video.get(), frame.get());
  if (rc < 0) return FfmpegError(rc, "cannot encode frame " + std::to_string(frames));
  ++frames;
  RETURN_IF_ERROR(DrainVideo());
  // The sound goes along with the pictures, so neither waits for the other in memory.
  return audio ? audio->EncodeUntil(frames, options.fps, AudioSink()) : Status();
}

Status VideoWriter::State::FillFrame(ConstYuvView image, ConstPlaneView alpha) {
  av_frame_unref(frame.get());  // the encoder keeps its own reference while it needs the picture
  DescribeFrame(*video, *frame);
  const int rc = av_frame_get_buffer(frame.get(), 0);
  if (rc < 0) return FfmpegError(rc, "cannot encode frame " + std::to_string(frames));
  frame->pts = frames;
  if (converter) {
    converter->Convert(image, *frame);
    if (options.alpha) converter->ConvertAlpha(alpha, *frame);
    return {};
  }
  const int chroma_width = (video->width + 1) / 2;
  const int chroma_height = (video->height + 1) / 2;
  CopyPadded(image.y, {frame->data[0], video->width, video->height, frame->linesize[0]});
  CopyPadded(image.u, {frame->data[1], chroma_width, chroma_height, frame->linesize[1]});
  CopyPadded(image.v, {frame->data[2], chroma_width, chroma_height, frame->linesize[2]});
  if (options.alpha) CopyPadded(alpha, {frame->data[3], video->width, video->height, frame->linesize[3]});
  return {};
}

Status VideoWriter::State::DrainVideo() {
  for (;;) {
    const int rc = avcodec_receive_packet(video.get(), packet.get());
    if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return {};
    if (rc < 0) return FfmpegError(rc, "cannot encode");
    packet->duration = 1;  // a frame; the last one's length is written down nowhere else
    RETURN_IF_ERROR(Mux(*packet, 0, video->time_base));
  }
}

Status VideoWriter::State::Mux(AVPacket& packet_in, int stream_index, AVRational time_base) {
  packet_in.stream_index = stream_index;
  av_packet_rescale_ts(&packet_in, time_base, muxer->streams[stream_index]->time_base);
  int rc = av_interleaved_write_frame(muxer.get(), &packet_in);
  if (rc >= 0) rc = muxer->pb->error;  // writes are buffered: a full disk may show later
  return rc < 0 ? Status(Error(ErrorCode::kIo, FfmpegReason(rc))) : Status();
}

Status VideoWriter::State::FinishFile() {
  if (frames == 0) return Error(ErrorCode::kInvalidInput, "no frame was written");
  int rc = avcodec_send_frame(video.get(), nullptr);
  if (rc < 0) return FfmpegError(rc, "cannot encode");
  RETURN_IF_ERROR(DrainVideo());
  if (audio) RETURN_IF_ERROR(audio->Finish(AudioSink()));
  rc = av_write_trailer(muxer.get());
  if (rc >= 0) rc = muxer->pb->error;
  const int closed = avio_closep(&muxer->pb);
  if (rc >= 0) rc = closed;
  if (rc < 0) return Error(ErrorCode::kIo, FfmpegReason(rc));

  ExpectedOutput expected;
  expected.frames = frames;
  expected.fps = options.fps;
  if (audio) expected.audio_s = static_cast<double>(audio->samples()) / audio->codec().sample_rate;
  return CheckOutput(file.temporary_path(), expected);
}

VideoWriter::VideoWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoWriter::VideoWriter(VideoWriter&&) noexcept = default;
VideoWriter& VideoWriter::operator=(VideoWriter&&) noexcept = default;
VideoWriter::~VideoWriter() = default;

Result<VideoWriter> VideoWriter::Create(const Path& path, const VideoWriterOptions& options) {
  const std::string doing = "cannot write '" + path.string() + "'";
  if (Status status = CheckOptions(options); !status.ok()) return std::move(status).TakeError().Within(doing);
  auto choice = ChooseEncoder(path, options);
  if (!choice.ok()) return std::move(choice).TakeError().Within(doing);
  ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  auto state = std::make_unique<State>(std::move(file), options);
  if (Status status = state->Open(choice.value()); !status.ok()) return std::move(status).TakeError().Within(doing);
  return VideoWriter(std::move(state));
}

Status VideoWriter::Write(ConstYuvView frame, ConstPlaneView alpha) {
  State& state = *state_;
  if (state.failure) return *state.failure;
  if (state.finished) return Error(ErrorCode::kInvalidInput, state.Quoted() + " is finished already");
  const VideoWriterOptions& options = state.options;
  if (frame.width() != options.width || frame.height() != options.height || frame.format != options.format) {
    return Error(ErrorCode::kInvalidInput, "frame " + std::to_string(state.frames) + " for " + state.Quoted() + " is " +
                                               std::to_string(frame.width()) + "x" + std::to_string(frame.height()) +
                                               "; expected " + std::to_string(options.width) + "x" +
                                               std::to_string(options.height) + " in the same colour format");
  }
  if (options.alpha && (alpha.width != options.width || alpha.height != options.height)) {
    return Error(ErrorCode::kInvalidInput, "frame " + std::to_string(state.frames) + " for " + state.Quoted() +
                                               " has an alpha of " + std::to_string(alpha.width) + "x" +
                                               std::to_string(alpha.height) + "; expected the frame's size");
  }
  return state.Keep(state.WriteFrame(frame, alpha));
}

Status VideoWriter::Finish() {
  State& state = *state_;
  if (state.failure) return *state.failure;
  if (state.finished) return Error(ErrorCode::kInvalidInput, state.Quoted() + " is finished already");
  state.finished = true;
  RETURN_IF_ERROR(state.Keep(state.FinishFile()));
  Status status = state.file.Commit();
  if (!status.ok()) state.failure = status.error();
  return status;
}

}  // namespace lips
