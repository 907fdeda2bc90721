#include "media/jpeg_encoder.h"

#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "image/colour.h"
#include "image/crop.h"
#include "image/image.h"

namespace lips {
namespace {

constexpr int kMaxSide = 65500;  // libjpeg's

struct TurboDeleter {
  void operator()(void* handle) const { tjDestroy(handle); }
};

Status Check(int width, int height, int quality) {
  if (quality < 1 || quality > 100) {
    return Error(ErrorCode::kInvalidInput, "JPEG quality is " + std::to_string(quality) + "; expected 1..100");
  }
  if (width <= 0 || height <= 0 || width > kMaxSide || height > kMaxSide) {
    return Error(ErrorCode::kInvalidInput, "JPEG: the picture's size is " + std::to_string(width) + "x" +
                                               std::to_string(height) + "; expected 1.." + std::to_string(kMaxSide) +
                                               " a side");
  }
  return {};
}

bool IsEven(int value) { return value % 2 == 0; }

// The library reads whole pairs of luma samples, so an odd picture needs a column and a row more than it has.
bool IsWhole(ConstYuvView view) { return IsEven(view.width()) && IsEven(view.height()); }

void RepeatEdges(PlaneView padded, int width, int height) {
  for (int y = 0; y < height; ++y) {
    if (padded.width > width) padded.Row(y)[width] = padded.Row(y)[width - 1];
  }
  if (padded.height > height) std::copy_n(padded.Row(height - 1), padded.width, padded.Row(height));
}

}  // namespace

struct JpegEncoder::State {
  std::unique_ptr<void, TurboDeleter> handle{tjInitCompress()};
  unsigned char* bytes = nullptr;  // the library's, grown by it
  unsigned long capacity = 0;      // NOLINT(google-runtime-int): the library's type
  YuvImage planes;
  Image bgr;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { tjFree(bytes); }

  // Room for any picture of this size, so that the library never moves the memory.
  Status Reserve(int width, int height) {
    if (handle == nullptr) return Error(ErrorCode::kResourceLimit, "JPEG: out of memory");
    const auto needed = tjBufSize(width, height, TJSAMP_420);
    if (bytes != nullptr && needed <= capacity) return {};
    tjFree(bytes);
    capacity = needed;
    bytes = tjAlloc(static_cast<int>(needed));
    if (bytes != nullptr) return {};
    capacity = 0;
    return Error(ErrorCode::kResourceLimit, "JPEG: no memory for " + std::to_string(needed) + " bytes");
  }

  Result<std::span<const uint8_t>> Taken(int rc, unsigned long size) {  // NOLINT(google-runtime-int)
    if (rc == 0) return std::span<const uint8_t>(bytes, size);
    return Error(ErrorCode::kInvalidInput, "JPEG: " + std::string(tjGetErrorStr2(handle.get())));
  }

  Result<std::span<const uint8_t>> FromBgr(ConstImageView image, int quality) {
    RETURN_IF_ERROR(Reserve(image.width, image.height));
    auto size = capacity;
    const int rc = tjCompress2(handle.get(), image.data, image.width, static_cast<int>(image.stride_bytes),
                               image.height, TJPF_BGR, &bytes, &size, TJSAMP_420, quality, TJFLAG_NOREALLOC);
    return Taken(rc, size);
  }

  // `view` is BT.601 full range and whole, or padded to be so beyond `width` x `height`.
  Result<std::span<const uint8_t>> FromPlanes(ConstYuvView view, int width, int height, int quality) {
    RETURN_IF_ERROR(Reserve(width, height));
    const std::array<const unsigned char*, 3> pointers = {view.y.data, view.u.data, view.v.data};
    const std::array<int, 3> strides = {static_cast<int>(view.y.stride_bytes), static_cast<int>(view.u.stride_bytes),
                                        static_cast<int>(view.v.stride_bytes)};
    auto size = capacity;
    // Only reads; the pointer to const pointers is the library's way of saying so in C.
    const int rc =
        tjCompressFromYUVPlanes(handle.get(), const_cast<const unsigned char**>(pointers.data()), width, strides.data(),
                                height, TJSAMP_420, &bytes, &size, quality, TJFLAG_NOREALLOC);
    return Taken(rc, size);
  }

  Result<std::span<const uint8_t>> FromYuv(ConstYuvView view, int quality) {
    const bool full = view.format.range == YuvRange::kFull;
    const int width = view.width();
    const int height = view.height();
    if (full && IsWhole(view)) return FromPlanes(view, width, height, quality);
    const YuvFormat target = {YuvMatrix::kBt601, YuvRange::kFull};
    planes.Resize(width + width % 2, height + height % 2, target);
    const YuvView padded = planes.view();
    const YuvView inner = {padded.y.Crop({0, 0, width, height}), padded.u, padded.v, target};
    if (full) {
      CopyPixels(view, inner);
    } else {
      LimitedToFull(view, inner);
    }
    RepeatEdges(padded.y, width, height);
    return FromPlanes(padded, width, height, quality);
  }
};

JpegEncoder::JpegEncoder() : state_(std::make_unique<State>()) {}
JpegEncoder::JpegEncoder(JpegEncoder&&) noexcept = default;
JpegEncoder& JpegEncoder::operator=(JpegEncoder&&) noexcept = default;
JpegEncoder::~JpegEncoder() = default;

Result<std::span<const uint8_t>> JpegEncoder::Encode(ConstImageView image, int quality) {
  RETURN_IF_ERROR(Check(image.width, image.height, quality));
  return state_->FromBgr(image, quality);
}

Result<std::span<const uint8_t>> JpegEncoder::Encode(ConstYuvView image, int quality) {
  return Encode(image, {0, 0, image.width(), image.height()}, quality);
}

Result<std::span<const uint8_t>> JpegEncoder::Encode(ConstYuvView image, Rect rect, int quality) {
  RETURN_IF_ERROR(Check(rect.width, rect.height, quality));
  const bool inside = rect.x >= 0 && rect.y >= 0 && rect.width <= image.width() && rect.height <= image.height() &&
                      rect.x <= image.width() - rect.width && rect.y <= image.height() - rect.height;
  if (!inside) {
    return Error(ErrorCode::kInvalidInput, "JPEG: the rectangle [" + std::to_string(rect.x) + ", " +
                                               std::to_string(rect.y) + ", " + std::to_string(rect.width) + " x " +
                                               std::to_string(rect.height) + "] leaves the picture of " +
                                               std::to_string(image.width()) + "x" + std::to_string(image.height()));
  }
  const bool cuts_chroma = !IsEven(rect.x) || !IsEven(rect.y) ||
                           (!IsEven(rect.width) && rect.right() < image.width()) ||
                           (!IsEven(rect.height) && rect.bottom() < image.height());
  if (image.format.matrix == YuvMatrix::kBt601 && !cuts_chroma) {
    return state_->FromYuv(CropEven(image, rect), quality);
  }
  state_->bgr.Resize(rect.width, rect.height);
  YuvToBgr(image, rect, state_->bgr.view());
  return state_->FromBgr(state_->bgr.view(), quality);
}

}  // namespace lips
