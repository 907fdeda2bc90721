#include "media/plane_converter.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <array>
#include <utility>

namespace lips {
namespace {

// The format without its alpha: swscale then leaves that plane alone.
AVPixelFormat Opaque(AVPixelFormat format) { return format == AV_PIX_FMT_YUVA444P10 ? AV_PIX_FMT_YUV444P10 : format; }

}  // namespace

Result<PlaneConverter> PlaneConverter::Create(const AVCodecContext& encoder, YuvFormat format) {
  const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT;
  ScalerPtr scaler(sws_getContext(encoder.width, encoder.height, AV_PIX_FMT_YUV420P, encoder.width, encoder.height,
                                  Opaque(encoder.pix_fmt), flags, nullptr, nullptr, nullptr));
  const int* matrix = sws_getCoefficients(format.matrix == YuvMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  const int full = format.range == YuvRange::kFull ? 1 : 0;
  const int out_full = encoder.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  constexpr int kOne = 1 << 16;
  if (scaler == nullptr || sws_setColorspaceDetails(scaler.get(), matrix, full, matrix, out_full, 0, kOne, kOne) < 0) {
    const char* name = av_get_pix_fmt_name(encoder.pix_fmt);
    return Error(ErrorCode::kUnsupported,
                 "8-bit 4:2:0 cannot be converted to '" + std::string(name != nullptr ? name : "unknown") + "'");
  }
  return PlaneConverter(std::move(scaler));
}

void PlaneConverter::Convert(ConstYuvView image, AVFrame& frame) {
  const std::array<const uint8_t*, 4> planes = {image.y.data, image.u.data, image.v.data, nullptr};
  const std::array<int, 4> strides = {static_cast<int>(image.y.stride_bytes), static_cast<int>(image.u.stride_bytes),
                                      static_cast<int>(image.v.stride_bytes), 0};
  sws_scale(scaler_.get(), planes.data(), strides.data(), 0, image.height(), frame.data, frame.linesize);
}

void PlaneConverter::ConvertAlpha(ConstPlaneView alpha, AVFrame& frame) {
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  const uint32_t most = (1U << format.comp[3].depth) - 1;
  for (int y = 0; y < alpha.height; ++y) {
    const uint8_t* in = alpha.Row(y);
    auto* out = reinterpret_cast<uint16_t*>(frame.data[3] + ptrdiff_t{y} * frame.linesize[3]);  // native byte order
    for (int x = 0; x < alpha.width; ++x) out[x] = static_cast<uint16_t>((in[x] * most + 127) / 255);
  }
}

}  // namespace lips
