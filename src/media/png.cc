#include "media/png.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/pixdesc.h>
}

#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "media/alpha.h"
#include "media/ffmpeg.h"
#include "media/picture_limits.h"

namespace lips {
namespace {

constexpr std::array<uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

uint32_t BigEndian32(const uint8_t* p) {
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | uint32_t{p[3]};
}

// Walks the chunks: FFmpeg would show a picture cut short as if it were whole, and allocate before we know its size.
Status CheckChunks(std::span<const uint8_t> bytes) {
  constexpr size_t kChunkOverhead = 12;  // length, type, checksum
  size_t at = kSignature.size();
  bool first = true;
  while (bytes.size() - at >= kChunkOverhead) {
    const uint8_t* chunk = bytes.data() + at;
    const size_t length = BigEndian32(chunk);
    const std::string_view type(reinterpret_cast<const char*>(chunk + 4), 4);
    if (length > bytes.size() - at - kChunkOverhead) break;
    if (first && (type != "IHDR" || length != 13)) return Error(ErrorCode::kCorrupted, "PNG: no header chunk");
    if (first) RETURN_IF_ERROR(CheckPictureSize(BigEndian32(chunk + 8), BigEndian32(chunk + 12)));
    if (type == "IEND") return {};
    first = false;
    at += kChunkOverhead + length;
  }
  return Error(ErrorCode::kCorrupted, "PNG: cut short at byte " + std::to_string(bytes.size()));
}

// Where a pixel format keeps red, green and blue: byte offsets of each sample's upper byte within a pixel.
struct SampleLayout {
  int pixel_bytes;
  int red;
  int green;
  int blue;
};

Result<SampleLayout> LayoutOf(int format) {
  switch (format) {
    case AV_PIX_FMT_GRAY8: return SampleLayout{1, 0, 0, 0};
    case AV_PIX_FMT_YA8: return SampleLayout{2, 0, 0, 0};
    case AV_PIX_FMT_GRAY16BE: return SampleLayout{2, 0, 0, 0};
    case AV_PIX_FMT_YA16BE: return SampleLayout{4, 0, 0, 0};
    case AV_PIX_FMT_RGB24: return SampleLayout{3, 0, 1, 2};
    case AV_PIX_FMT_RGBA: return SampleLayout{4, 0, 1, 2};
    case AV_PIX_FMT_RGB48BE: return SampleLayout{6, 0, 2, 4};
    case AV_PIX_FMT_RGBA64BE: return SampleLayout{8, 0, 2, 4};
    default: break;
  }
  const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(format));
  return Error(ErrorCode::kUnsupported, "PNG: pixel format '" + std::string(name != nullptr ? name : "unknown") + "'");
}

void CopyPalette(const AVFrame& frame, ImageView out) {
  for (int y = 0; y < out.height; ++y) {
    const uint8_t* in = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    for (int x = 0; x < out.width; ++x) {
      uint32_t argb = 0;  // in this machine's byte order
      std::memcpy(&argb, frame.data[1] + ptrdiff_t{4} * in[x], sizeof argb);
      for (int c = 0; c < 3; ++c) out.Row(y)[3 * x + c] = static_cast<uint8_t>(argb >> (8 * c));
    }
  }
}

void CopyBits(const AVFrame& frame, ImageView out) {
  for (int y = 0; y < out.height; ++y) {
    const uint8_t* in = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    for (int x = 0; x < out.width; ++x) {
      const bool white = (in[x / 8] >> (7 - x % 8) & 1) != 0;
      std::memset(out.Row(y) + ptrdiff_t{3} * x, white ? 255 : 0, 3);
    }
  }
}

Status CopySamples(const AVFrame& frame, ImageView out) {
  if (frame.format == AV_PIX_FMT_PAL8) return CopyPalette(frame, out), Status();
  if (frame.format == AV_PIX_FMT_MONOBLACK) return CopyBits(frame, out), Status();
  ASSIGN_OR_RETURN(const SampleLayout layout, LayoutOf(frame.format));
  for (int y = 0; y < out.height; ++y) {
    const uint8_t* in = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
    uint8_t* row = out.Row(y);
    for (int x = 0; x < out.width; ++x, in += layout.pixel_bytes, row += 3) {
      row[0] = in[layout.blue];
      row[1] = in[layout.green];
      row[2] = in[layout.red];
    }
  }
  return {};
}

// A frame of the encoder's own memory, to be filled.
Result<FramePtr> NewPicture(int width, int height, AVPixelFormat format) {
  if (width <= 0 || height <= 0) return Error(ErrorCode::kInvalidInput, "PNG: the picture is empty");
  FramePtr frame = NewFrame();
  if (frame == nullptr) return FfmpegError(AVERROR(ENOMEM), "PNG");
  frame->width = width;
  frame->height = height;
  frame->format = format;
  const int rc = av_frame_get_buffer(frame.get(), 0);
  if (rc < 0) return FfmpegError(rc, "PNG");
  return frame;
}

Result<std::vector<uint8_t>> Encode(const AVFrame& frame) {
  SilenceFfmpeg();
  const AVCodec* encoder = avcodec_find_encoder(AV_CODEC_ID_PNG);
  if (encoder == nullptr) return Error(ErrorCode::kUnsupported, "FFmpeg was built without its PNG encoder");
  const CodecPtr codec(avcodec_alloc_context3(encoder));
  const PacketPtr packet = NewPacket();
  if (codec == nullptr || packet == nullptr) return FfmpegError(AVERROR(ENOMEM), "PNG");
  codec->width = frame.width;
  codec->height = frame.height;
  codec->pix_fmt = static_cast<AVPixelFormat>(frame.format);
  codec->time_base = {1, 1};
  codec->thread_count = 1;
  int rc = avcodec_open2(codec.get(), encoder, nullptr);
  if (rc >= 0) rc = avcodec_send_frame(codec.get(), &frame);
  if (rc >= 0) rc = avcodec_receive_packet(codec.get(), packet.get());
  if (rc < 0) return FfmpegError(rc, "PNG: cannot encode");
  return std::vector<uint8_t>(packet->data, packet->data + packet->size);
}

}  // namespace

bool IsPng(std::span<const uint8_t> bytes) {
  return bytes.size() >= kSignature.size() && std::memcmp(bytes.data(), kSignature.data(), kSignature.size()) == 0;
}

Result<Image> DecodePng(std::span<const uint8_t> bytes, Plane* alpha) {
  SilenceFfmpeg();
  if (!IsPng(bytes)) return Error(ErrorCode::kCorrupted, "not a PNG");
  RETURN_IF_ERROR(CheckChunks(bytes));
  const AVCodec* decoder = avcodec_find_decoder(AV_CODEC_ID_PNG);
  if (decoder == nullptr) return Error(ErrorCode::kUnsupported, "FFmpeg was built without its PNG decoder");
  const CodecPtr codec(avcodec_alloc_context3(decoder));
  const PacketPtr packet = NewPacket();
  const FramePtr frame = NewFrame();
  if (codec == nullptr || packet == nullptr || frame == nullptr) return FfmpegError(AVERROR(ENOMEM), "PNG");
  codec->thread_count = 1;
  codec->max_pixels = kMaxPicturePixels;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_EXPLODE;
  int rc = av_new_packet(packet.get(), static_cast<int>(bytes.size()));  // a copy, since decoders read past the end
  if (rc < 0) return FfmpegError(rc, "PNG");
  std::memcpy(packet->data, bytes.data(), bytes.size());
  rc = avcodec_open2(codec.get(), decoder, nullptr);
  if (rc >= 0) rc = avcodec_send_packet(codec.get(), packet.get());
  if (rc >= 0) rc = avcodec_receive_frame(codec.get(), frame.get());
  if (rc < 0) return FfmpegError(rc, "PNG: cannot decode");
  RETURN_IF_ERROR(CheckPictureSize(frame->width, frame->height));
  Image image(frame->width, frame->height);
  RETURN_IF_ERROR(CopySamples(*frame, image.view()));
  if (alpha != nullptr && HasAlpha(*frame)) {
    alpha->Resize(frame->width, frame->height);
    CopyAlpha(*frame, alpha->view());
  }
  return image;
}

Result<std::vector<uint8_t>> EncodePng(ConstImageView image) {
  ASSIGN_OR_RETURN(const FramePtr frame, NewPicture(image.width, image.height, AV_PIX_FMT_RGB24));
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* in = image.Row(y);
    uint8_t* out = frame->data[0] + static_cast<ptrdiff_t>(y) * frame->linesize[0];
    for (int x = 0; x < image.width; ++x, in += 3, out += 3) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
    }
  }
  return Encode(*frame);
}

Result<std::vector<uint8_t>> EncodePng(ConstImageView image, ConstPlaneView alpha) {
  ASSIGN_OR_RETURN(const FramePtr frame, NewPicture(image.width, image.height, AV_PIX_FMT_RGBA));
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* in = image.Row(y);
    uint8_t* out = frame->data[0] + static_cast<ptrdiff_t>(y) * frame->linesize[0];
    for (int x = 0; x < image.width; ++x, in += 3, out += 4) {
      out[0] = in[2];
      out[1] = in[1];
      out[2] = in[0];
      out[3] = alpha.Row(y)[x];
    }
  }
  return Encode(*frame);
}

Result<std::vector<uint8_t>> EncodePng(ConstPlaneView image) {
  ASSIGN_OR_RETURN(const FramePtr frame, NewPicture(image.width, image.height, AV_PIX_FMT_GRAY8));
  for (int y = 0; y < image.height; ++y) {
    std::memcpy(frame->data[0] + static_cast<ptrdiff_t>(y) * frame->linesize[0], image.Row(y),
                static_cast<size_t>(image.width));
  }
  return Encode(*frame);
}

}  // namespace lips
