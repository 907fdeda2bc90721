#include "media/cover.h"

extern "C" {
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "media/ffmpeg.h"

namespace lips {
namespace {

// The largest part of [width, height] with the shape of the target, in the middle, at even places for chroma's sake.
Rect MiddleOf(int width, int height, int to_width, int to_height) {
  const double scale = std::min(static_cast<double>(width) / to_width, static_cast<double>(height) / to_height);
  Rect part;
  part.width = std::clamp(static_cast<int>(std::lround(scale * to_width)), 1, width);
  part.height = std::clamp(static_cast<int>(std::lround(scale * to_height)), 1, height);
  part.x = (width - part.width) / 2 / 2 * 2;
  part.y = (height - part.height) / 2 / 2 * 2;
  return part;
}

}  // namespace

struct CoverScaler::State {
  Rect part;
  int width = 0, height = 0;
  YuvFormat to;
  ScalerPtr scaler;
  FramePtr padded = NewFrame();  // swscale's vector code may write past a row's end
};

CoverScaler::CoverScaler(std::unique_ptr<State> state) : state_(std::move(state)) {}
CoverScaler::CoverScaler(CoverScaler&&) noexcept = default;
CoverScaler& CoverScaler::operator=(CoverScaler&&) noexcept = default;
CoverScaler::~CoverScaler() = default;

Result<CoverScaler> CoverScaler::Create(int from_width, int from_height, YuvFormat from, int width, int height,
                                        YuvFormat to) {
  SilenceFfmpeg();
  auto state = std::make_unique<State>();
  state->part = MiddleOf(from_width, from_height, width, height);
  state->width = width;
  state->height = height;
  state->to = to;
  const int flags = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT;
  state->scaler.reset(sws_getContext(state->part.width, state->part.height, AV_PIX_FMT_YUV420P, width, height,
                                     AV_PIX_FMT_YUV420P, flags, nullptr, nullptr, nullptr));
  const auto matrix = [](YuvFormat format) {
    return sws_getCoefficients(format.matrix == YuvMatrix::kBt709 ? SWS_CS_ITU709 : SWS_CS_ITU601);
  };
  const auto full = [](YuvFormat format) { return format.range == YuvRange::kFull ? 1 : 0; };
  constexpr int kOne = 1 << 16;
  if (state->scaler == nullptr || sws_setColorspaceDetails(state->scaler.get(), matrix(from), full(from), matrix(to),
                                                           full(to), 0, kOne, kOne) < 0) {
    return Error(ErrorCode::kUnsupported, "pictures of " + std::to_string(from_width) + "x" +
                                              std::to_string(from_height) + " cannot be scaled to " +
                                              std::to_string(width) + "x" + std::to_string(height));
  }
  if (state->padded == nullptr) return FfmpegError(AVERROR(ENOMEM), "cannot scale a picture");
  state->padded->width = width;
  state->padded->height = height;
  state->padded->format = AV_PIX_FMT_YUV420P;
  const int rc = av_frame_get_buffer(state->padded.get(), 0);
  if (rc < 0) return FfmpegError(rc, "cannot scale a picture");
  return CoverScaler(std::move(state));
}

Status CoverScaler::Scale(ConstYuvView from, YuvImage& out) {
  State& state = *state_;
  const Rect part = state.part;
  const std::array<const uint8_t*, 4> planes = {from.y.Row(part.y) + part.x, from.u.Row(part.y / 2) + part.x / 2,
                                                from.v.Row(part.y / 2) + part.x / 2, nullptr};
  const std::array<int, 4> strides = {static_cast<int>(from.y.stride_bytes), static_cast<int>(from.u.stride_bytes),
                                      static_cast<int>(from.v.stride_bytes), 0};
  AVFrame& padded = *state.padded;
  const int rc =
      sws_scale(state.scaler.get(), planes.data(), strides.data(), 0, part.height, padded.data, padded.linesize);
  if (rc < 0) return FfmpegError(rc, "cannot scale a picture");
  out.Resize(state.width, state.height, state.to);
  const auto plane = [&padded](int i, ConstPlaneView like) {
    return ConstPlaneView{padded.data[i], like.width, like.height, padded.linesize[i]};
  };
  const YuvView view = out.view();
  CopyPixels(ConstYuvView{plane(0, view.y), plane(1, view.u), plane(2, view.v), state.to}, view);
  return {};
}

}  // namespace lips
