#include "media/jpeg.h"

#include <turbojpeg.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "media/picture_limits.h"

namespace lips {
namespace {

struct TurboDeleter {
  void operator()(void* handle) const { tjDestroy(handle); }
  void operator()(unsigned char* buffer) const { tjFree(buffer); }
};
using TurboHandle = std::unique_ptr<void, TurboDeleter>;

Error TurboError(ErrorCode code, const TurboHandle& handle) {
  return Error(code, "JPEG: " + std::string(tjGetErrorStr2(handle.get())));
}

struct Header {
  int width = 0;
  int height = 0;
  int sampling = 0;
};

Result<Header> ReadHeader(const TurboHandle& handle, std::span<const uint8_t> bytes) {
  if (handle == nullptr) return Error(ErrorCode::kResourceLimit, "JPEG: out of memory");
  Header header;
  int colorspace = 0;
  if (tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &header.width, &header.height, &header.sampling,
                          &colorspace) != 0) {
    return TurboError(ErrorCode::kCorrupted, handle);
  }
  if (colorspace == TJCS_CMYK || colorspace == TJCS_YCCK) {
    return Error(ErrorCode::kUnsupported, "JPEG: its colours are CMYK; expected YCbCr, RGB or grey");
  }
  RETURN_IF_ERROR(CheckPictureSize(header.width, header.height));
  return header;
}

// A "progressive bomb" repeats scans; a warning means that part of the picture is made up.
constexpr int kStrict = TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING;

// Chroma columns and rows per 16 luma ones.
struct ChromaDensity {
  int across;
  int down;
};
ChromaDensity DensityOf(int sampling) {
  switch (sampling) {
    case TJSAMP_444: return {16, 16};
    case TJSAMP_422: return {8, 16};
    case TJSAMP_440: return {16, 8};
    case TJSAMP_411: return {4, 16};
    default: return {8, 8};
  }
}

// The mean of the stored samples that lie in each 4:2:0 sample's place; the one there is where they are sparser.
void ToHalfDensity(const uint8_t* in, int in_width, int in_height, ChromaDensity density, PlaneView out) {
  const int columns = std::max(density.across / 8, 1);
  const int rows = std::max(density.down / 8, 1);
  const int sparse = std::max(8 / density.across, 1);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int sum = 0;
      for (int j = 0; j < rows; ++j) {
        const int in_y = std::min(y * rows + j, in_height - 1);
        for (int i = 0; i < columns; ++i) {
          const int in_x = std::min(x / sparse * columns + i, in_width - 1);
          sum += in[static_cast<ptrdiff_t>(in_y) * in_width + in_x];
        }
      }
      const int count = rows * columns;
      out.Row(y)[x] = static_cast<uint8_t>((sum + count / 2) / count);
    }
  }
}

}  // namespace

bool IsJpeg(std::span<const uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF;
}

Result<Image> DecodeJpeg(std::span<const uint8_t> bytes) {
  const TurboHandle handle(tjInitDecompress());
  ASSIGN_OR_RETURN(const Header header, ReadHeader(handle, bytes));
  Image image(header.width, header.height);
  if (tjDecompress2(handle.get(), bytes.data(), bytes.size(), image.view().data, header.width, 3 * header.width,
                    header.height, TJPF_BGR, kStrict) != 0) {
    return TurboError(ErrorCode::kCorrupted, handle);
  }
  return image;
}

Result<YuvImage> DecodeJpegToYuv(std::span<const uint8_t> bytes) {
  const TurboHandle handle(tjInitDecompress());
  ASSIGN_OR_RETURN(const Header header, ReadHeader(handle, bytes));
  if (header.sampling < 0) return Error(ErrorCode::kUnsupported, "JPEG: an unusual chroma subsampling");
  const bool grey = header.sampling == TJSAMP_GRAY;
  // The library pads planes to whole chroma samples, so an odd picture's luma is wider than the picture.
  std::array<std::vector<uint8_t>, 3> planes;
  std::array<unsigned char*, 3> pointers = {};
  std::array<int, 3> widths = {};
  std::array<int, 3> heights = {};
  for (size_t i = 0; i < (grey ? 1u : 3u); ++i) {
    widths[i] = tjPlaneWidth(static_cast<int>(i), header.width, header.sampling);
    heights[i] = tjPlaneHeight(static_cast<int>(i), header.height, header.sampling);
    planes[i].resize(static_cast<size_t>(widths[i]) * static_cast<size_t>(heights[i]));
    pointers[i] = planes[i].data();
  }
  if (tjDecompressToYUVPlanes(handle.get(), bytes.data(), bytes.size(), pointers.data(), 0, nullptr, 0, kStrict) != 0) {
    return TurboError(ErrorCode::kCorrupted, handle);
  }
  YuvImage image(header.width, header.height, {YuvMatrix::kBt601, YuvRange::kFull});
  const YuvView view = image.view();
  for (int y = 0; y < view.y.height; ++y) {
    const auto row = planes[0].begin() + static_cast<ptrdiff_t>(y) * widths[0];
    std::copy_n(row, view.y.width, view.y.Row(y));
  }
  if (grey) return image;  // made black, so its chroma is neutral already
  const ChromaDensity density = DensityOf(header.sampling);
  ToHalfDensity(planes[1].data(), widths[1], heights[1], density, view.u);
  ToHalfDensity(planes[2].data(), widths[2], heights[2], density, view.v);
  return image;
}

Result<std::vector<uint8_t>> EncodeJpeg(ConstImageView image, int quality) {
  if (quality < 1 || quality > 100) {
    return Error(ErrorCode::kInvalidInput, "JPEG quality is " + std::to_string(quality) + "; expected 1..100");
  }
  if (image.width <= 0 || image.height <= 0) return Error(ErrorCode::kInvalidInput, "JPEG: the picture is empty");
  const TurboHandle handle(tjInitCompress());
  if (handle == nullptr) return Error(ErrorCode::kResourceLimit, "JPEG: out of memory");
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): the library's type
  const int rc = tjCompress2(handle.get(), image.data, image.width, static_cast<int>(image.stride_bytes), image.height,
                             TJPF_BGR, &buffer, &size, TJSAMP_420, quality, 0);
  const std::unique_ptr<unsigned char, TurboDeleter> owner(buffer);
  if (rc != 0) return TurboError(ErrorCode::kInvalidInput, handle);
  return std::vector<uint8_t>(buffer, buffer + size);
}

}  // namespace lips
