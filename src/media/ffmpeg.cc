#include "media/ffmpeg.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace lips {

void FfmpegDeleter::operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
void FfmpegDeleter::operator()(AVFrame* frame) const { av_frame_free(&frame); }
void FfmpegDeleter::operator()(AVIOContext* io) const { avio_closep(&io); }
void FfmpegDeleter::operator()(AVPacket* packet) const { av_packet_free(&packet); }
void FfmpegDeleter::operator()(SwsContext* scaler) const { sws_freeContext(scaler); }

FramePtr NewFrame() { return FramePtr(av_frame_alloc()); }
PacketPtr NewPacket() { return PacketPtr(av_packet_alloc()); }

std::string FfmpegReason(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text = {};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

Error FfmpegError(int code, std::string_view what) {
  ErrorCode kind = ErrorCode::kIo;
  switch (code) {
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR_BUG:
    case AVERROR_BUG2:
    case AVERROR_STREAM_NOT_FOUND:
    case AVERROR(EINVAL): kind = ErrorCode::kCorrupted; break;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(ENOSYS): kind = ErrorCode::kUnsupported; break;
    case AVERROR(ENOMEM): kind = ErrorCode::kResourceLimit; break;
    default: break;
  }
  return Error(kind, std::string(what) + ": " + FfmpegReason(code));
}

void DescribeFrame(const AVCodecContext& encoder, AVFrame& frame) {
  frame.width = encoder.width;
  frame.height = encoder.height;
  frame.format = encoder.pix_fmt;
  frame.color_range = encoder.color_range;
  frame.colorspace = encoder.colorspace;
  frame.color_primaries = encoder.color_primaries;
  frame.color_trc = encoder.color_trc;
  frame.chroma_location = encoder.chroma_sample_location;
}

void SilenceFfmpeg() { av_log_set_level(AV_LOG_QUIET); }

namespace {

constexpr int kIoBufferBytes = 1 << 16;
constexpr int64_t kMaxPixels = int64_t{8192} * 8192;  // a header's claim must not make the decoder take gigabytes

struct FormatCloser {
  void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};

// Bytes that are no file of their own: memory, or a part of a file.
struct Source {
  std::span<const uint8_t> bytes;
  std::optional<FilePart> part;
  int64_t position = 0;
  int64_t size() const { return part ? part->size() : static_cast<int64_t>(bytes.size()); }
};

int ReadSource(void* opaque, uint8_t* out, int size) {
  auto& source = *static_cast<Source*>(opaque);
  const int64_t n = std::min<int64_t>(std::max(size, 0), source.size() - source.position);
  if (n <= 0) return AVERROR_EOF;
  if (source.part) {
    if (!source.part->Read(source.position, {out, static_cast<size_t>(n)}).ok()) return AVERROR(EIO);
  } else {
    std::memcpy(out, source.bytes.data() + source.position, static_cast<size_t>(n));
  }
  source.position += n;
  return static_cast<int>(n);
}

int64_t SeekSource(void* opaque, int64_t offset, int whence) {
  auto& source = *static_cast<Source*>(opaque);
  const int64_t size = source.size();
  int64_t base = 0;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return size;
    case SEEK_SET: break;
    case SEEK_CUR: base = source.position; break;
    case SEEK_END: base = size; break;
    default: return AVERROR(EINVAL);
  }
  if (offset < -base || offset > size - base) return AVERROR(EINVAL);
  source.position = base + offset;
  return source.position;
}

// A playlist or a reference inside a media file must not make us read other files or the network.
int RefuseToOpen(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EPERM); }

}  // namespace

struct MediaInput::State {
  std::string name;
  Source source;
  AVIOContext* source_io = nullptr;
  std::unique_ptr<AVIOContext, FfmpegDeleter> file_io;
  std::unique_ptr<AVFormatContext, FormatCloser> context;  // uses the io, so it goes first

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    context.reset();
    if (source_io != nullptr) av_freep(&source_io->buffer);
    avio_context_free(&source_io);
  }
  Status OpenSource() {
    auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBufferBytes));
    if (buffer != nullptr) {
      source_io = avio_alloc_context(buffer, kIoBufferBytes, 0, &source, ReadSource, nullptr, SeekSource);
      if (source_io == nullptr) av_free(buffer);
    }
    return source_io != nullptr ? Status() : FfmpegError(AVERROR(ENOMEM), "cannot open " + Quoted());
  }
  std::string Quoted() const { return "'" + name + "'"; }
};

MediaInput::MediaInput(std::unique_ptr<State> state) : state_(std::move(state)) {}
MediaInput::MediaInput(MediaInput&&) noexcept = default;
MediaInput& MediaInput::operator=(MediaInput&&) noexcept = default;
MediaInput::~MediaInput() = default;

Result<MediaInput> MediaInput::Open(const Path& path) {
  SilenceFfmpeg();
  auto state = std::make_unique<State>();
  state->name = path.string();
  std::error_code failure;
  const auto kind = std::filesystem::status(path, failure).type();
  if (kind != std::filesystem::file_type::regular) {  // opening a pipe could wait forever
    const std::string reason = failure ? failure.message() : "not a regular file";
    return Error(ErrorCode::kIo, "cannot open " + state->Quoted() + ": " + reason);
  }
  AVIOContext* io = nullptr;
  const int rc = avio_open(&io, ("file:" + path.string()).c_str(), AVIO_FLAG_READ);
  if (rc < 0) return Error(ErrorCode::kIo, "cannot open " + state->Quoted() + ": " + FfmpegReason(rc));
  state->file_io.reset(io);
  return OpenState(std::move(state));
}

Result<MediaInput> MediaInput::OpenBytes(std::span<const uint8_t> bytes, std::string name) {
  SilenceFfmpeg();
  auto state = std::make_unique<State>();
  state->name = std::move(name);
  state->source.bytes = bytes;
  RETURN_IF_ERROR(state->OpenSource());
  return OpenState(std::move(state));
}

Result<MediaInput> MediaInput::Open(const FilePart& file) {
  SilenceFfmpeg();
  auto state = std::make_unique<State>();
  state->name = file.name();
  state->source.part = file;
  RETURN_IF_ERROR(state->OpenSource());
  return OpenState(std::move(state));
}

Result<MediaInput> MediaInput::OpenState(std::unique_ptr<State> state) {
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot open " + state->Quoted());
  context->pb = state->source_io != nullptr ? state->source_io : state->file_io.get();
  context->io_open = RefuseToOpen;
  if (avio_size(context->pb) == 0) {
    avformat_free_context(context);
    return Error(ErrorCode::kCorrupted, state->Quoted() + " is empty (0 bytes)");
  }
  int rc = avformat_open_input(&context, state->name.c_str(), nullptr, nullptr);  // frees the context on failure
  if (rc < 0) {
    Error error = FfmpegError(rc, state->Quoted() + " is not a media file FFmpeg can open");
    // Whatever the demuxer calls it, the disk gave us bytes and they made no sense.
    return error.code() == ErrorCode::kIo && rc != AVERROR(EIO) ? Error(ErrorCode::kCorrupted, error.message())
                                                                : std::move(error);
  }
  state->context.reset(context);
  rc = avformat_find_stream_info(context, nullptr);
  if (rc < 0) return FfmpegError(rc, "cannot read the streams of " + state->Quoted());
  return MediaInput(std::move(state));
}

AVFormatContext* MediaInput::context() const { return state_->context.get(); }

int MediaInput::FindStream(int type) const {
  const int best = av_find_best_stream(context(), static_cast<AVMediaType>(type), -1, -1, nullptr, 0);
  if (best < 0) return best;
  const bool cover = (context()->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
  return cover ? AVERROR_STREAM_NOT_FOUND : best;
}

namespace {

// FFmpeg's own decoders of VP8 and VP9 leave the alpha out that WebM keeps beside each picture; libvpx's do not.
const AVCodec* DecoderFor(const AVStream& stream) {
  const AVCodecID id = stream.codecpar->codec_id;
  const AVDictionaryEntry* alpha_mode = av_dict_get(stream.metadata, "alpha_mode", nullptr, 0);
  if (alpha_mode != nullptr && std::string_view(alpha_mode->value) == "1") {
    const char* name = id == AV_CODEC_ID_VP9 ? "libvpx-vp9" : id == AV_CODEC_ID_VP8 ? "libvpx" : "";
    if (const AVCodec* decoder = avcodec_find_decoder_by_name(name)) return decoder;
  }
  return avcodec_find_decoder(id);
}

}  // namespace

Result<CodecPtr> OpenDecoder(const MediaInput& input, int index, int threads) {
  const AVStream* stream = input.context()->streams[index];
  const AVCodecParameters& parameters = *stream->codecpar;
  const AVCodec* decoder = DecoderFor(*stream);
  const std::string name = avcodec_get_name(parameters.codec_id);
  if (decoder == nullptr) return Error(ErrorCode::kUnsupported, "FFmpeg has no decoder for codec '" + name + "'");
  CodecPtr codec(avcodec_alloc_context3(decoder));
  if (codec == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot open the decoder '" + name + "'");
  int rc = avcodec_parameters_to_context(codec.get(), &parameters);
  if (rc >= 0) {
    codec->pkt_timebase = stream->time_base;
    codec->thread_count = threads;
    codec->max_pixels = kMaxPixels;
    rc = avcodec_open2(codec.get(), decoder, nullptr);
  }
  if (rc < 0) return FfmpegError(rc, "cannot open the decoder '" + name + "'");
  return codec;
}

}  // namespace lips
