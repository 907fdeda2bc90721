#include "media/upright.h"

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "media/alpha.h"

namespace lips {
namespace {

// The "J" formats are the plain ones with full range said by name.
AVPixelFormat WithoutRange(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ411P: return AV_PIX_FMT_YUV411P;
    case AV_PIX_FMT_YUVJ420P: return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ440P: return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ444P: return AV_PIX_FMT_YUV444P;
    default: return format;
  }
}

bool IsRgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
  return descriptor != nullptr && (descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

bool IsGrey(AVPixelFormat format) {
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
  return descriptor != nullptr && descriptor->nb_components <= 2 && !IsRgb(format);
}

bool IsFullRange(const AVFrame& picture) {
  const auto format = static_cast<AVPixelFormat>(picture.format);
  if (picture.color_range != AVCOL_RANGE_UNSPECIFIED) return picture.color_range == AVCOL_RANGE_JPEG;
  return WithoutRange(format) != format || IsGrey(format);
}

// The matrix as swscale's SWS_CS number, guessed by size where the stream is silent, as players do.
int MatrixOf(const AVFrame& picture) {
  switch (picture.colorspace) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_FCC: return SWS_CS_FCC;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return SWS_CS_ITU601;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    default: break;
  }
  return picture.width >= 1280 || picture.height > 576 ? SWS_CS_ITU709 : SWS_CS_ITU601;
}

int SwsMatrix(YuvMatrix matrix) { return matrix == YuvMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601; }

// The nearest format that this program has.
YuvFormat FormatFor(const AVFrame& picture) {
  const int matrix = MatrixOf(picture);
  const bool is_601 = matrix == SWS_CS_ITU601 || matrix == SWS_CS_FCC;
  const bool full = IsFullRange(picture) && !IsRgb(static_cast<AVPixelFormat>(picture.format));
  return {is_601 ? YuvMatrix::kBt601 : YuvMatrix::kBt709, full ? YuvRange::kFull : YuvRange::kLimited};
}

// Quarter turns clockwise that the container asks for.
Result<int> TurnsOf(const AVStream& stream) {
  size_t bytes = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
  if (data == nullptr || bytes < 9 * sizeof(int32_t)) return 0;
  const double degrees = -av_display_rotation_get(reinterpret_cast<const int32_t*>(data));
  if (std::isnan(degrees)) return 0;  // a singular matrix says nothing
  const double quarters = std::round(degrees / 90);
  if (std::abs(degrees - 90 * quarters) > 1) {
    return Error(ErrorCode::kUnsupported,
                 "the video is rotated by " + std::to_string(degrees) + " degrees; only multiples of 90 are supported");
  }
  return (static_cast<int>(quarters) % 4 + 4) % 4;
}

// out[y][x] = in[source of (x, y)]; `out` has the turned size.
void CopyTurned(const uint8_t* in, ptrdiff_t in_stride, int turns, PlaneView out) {
  if (turns == 0) {
    for (int y = 0; y < out.height; ++y) std::memcpy(out.Row(y), in + y * in_stride, static_cast<size_t>(out.width));
    return;
  }
  // Where out(0, 0) comes from, and the way from there to its right and lower neighbours' sources.
  const ptrdiff_t last_column = turns == 2 ? out.width - 1 : out.height - 1;
  const ptrdiff_t last_row = turns == 2 ? out.height - 1 : out.width - 1;
  const uint8_t* origin = in + (turns != 3 ? last_row * in_stride : 0) + (turns != 1 ? last_column : 0);
  const ptrdiff_t right = turns == 2 ? -1 : (turns == 1 ? -in_stride : in_stride);
  const ptrdiff_t down = turns == 2 ? -in_stride : (turns == 1 ? 1 : -1);
  constexpr int kTile = 32;  // keeps both the rows read and the rows written in the first-level cache
  for (int tile_y = 0; tile_y < out.height; tile_y += kTile) {
    for (int tile_x = 0; tile_x < out.width; tile_x += kTile) {
      const int end_y = std::min(tile_y + kTile, out.height);
      const int end_x = std::min(tile_x + kTile, out.width);
      for (int y = tile_y; y < end_y; ++y) {
        for (int x = tile_x; x < end_x; ++x) out.Row(y)[x] = origin[y * down + x * right];
      }
    }
  }
}

}  // namespace

Result<UprightConverter> UprightConverter::Create(const AVFrame& first, const AVStream& stream) {
  UprightConverter converter;
  ASSIGN_OR_RETURN(converter.turns_, TurnsOf(stream));
  converter.coded_width_ = first.width;
  converter.coded_height_ = first.height;
  converter.format_ = FormatFor(first);
  converter.alpha_ = HasAlpha(first);
  return converter;
}

Status UprightConverter::Convert(const AVFrame& picture, YuvImage& out) {
  if (picture.width != coded_width_ || picture.height != coded_height_) {
    return Error(ErrorCode::kCorrupted, "the picture is " + std::to_string(picture.width) + "x" +
                                            std::to_string(picture.height) + ", the first one was " +
                                            std::to_string(coded_width_) + "x" + std::to_string(coded_height_));
  }
  ASSIGN_OR_RETURN(const AVFrame* planar, ToPlanar420(picture));
  out.Resize(width(), height(), format_);
  const YuvView view = out.view();
  CopyTurned(planar->data[0], planar->linesize[0], turns_, view.y);
  CopyTurned(planar->data[1], planar->linesize[1], turns_, view.u);
  CopyTurned(planar->data[2], planar->linesize[2], turns_, view.v);
  return {};
}

void UprightConverter::ConvertAlpha(const AVFrame& picture, Plane& out) {
  out.Resize(width(), height());
  if (turns_ == 0) {
    CopyAlpha(picture, out.view());
    return;
  }
  unturned_.Resize(coded_width_, coded_height_);
  CopyAlpha(picture, unturned_.view());
  CopyTurned(std::as_const(unturned_).view().data, coded_width_, turns_, out.view());
}

// `picture` itself where it already is what we want.
Result<const AVFrame*> UprightConverter::ToPlanar420(const AVFrame& picture) {
  const AVPixelFormat pixel_format = WithoutRange(static_cast<AVPixelFormat>(picture.format));
  const int matrix = MatrixOf(picture);
  const bool full = IsFullRange(picture);
  const int out_matrix = SwsMatrix(format_.matrix);
  const bool out_full = format_.range == YuvRange::kFull;
  if (pixel_format == AV_PIX_FMT_YUV420P && matrix == out_matrix && full == out_full) return &picture;

  if (scaler_ == nullptr || scaler_pixel_format_ != pixel_format || scaler_matrix_ != matrix ||
      scaler_full_range_ != full) {
    const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT;
    scaler_.reset(sws_getContext(coded_width_, coded_height_, pixel_format, coded_width_, coded_height_,
                                 AV_PIX_FMT_YUV420P, flags, nullptr, nullptr, nullptr));
    constexpr int kOne = 1 << 16;
    if (scaler_ == nullptr ||
        sws_setColorspaceDetails(scaler_.get(), sws_getCoefficients(matrix), full ? 1 : 0,
                                 sws_getCoefficients(out_matrix), out_full ? 1 : 0, 0, kOne, kOne) < 0) {
      scaler_.reset();
      const char* name = av_get_pix_fmt_name(pixel_format);
      return Error(ErrorCode::kUnsupported, "pixel format '" + std::string(name != nullptr ? name : "unknown") +
                                                "' cannot be converted to 8-bit 4:2:0");
    }
    scaler_pixel_format_ = pixel_format;
    scaler_matrix_ = matrix;
    scaler_full_range_ = full;
  }
  if (converted_ == nullptr) {  // FFmpeg's own buffer: swscale's vector code may write past a row's end
    FramePtr frame = NewFrame();
    if (frame == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot convert a picture");
    frame->width = coded_width_;
    frame->height = coded_height_;
    frame->format = AV_PIX_FMT_YUV420P;
    const int rc = av_frame_get_buffer(frame.get(), 0);
    if (rc < 0) return FfmpegError(rc, "cannot convert a picture");
    converted_ = std::move(frame);
  }
  const int rc = sws_scale(scaler_.get(), picture.data, picture.linesize, 0, coded_height_, converted_->data,
                           converted_->linesize);
  if (rc < 0) return FfmpegError(rc, "cannot convert a picture");
  return const_cast<const AVFrame*>(converted_.get());
}

}  // namespace lips
