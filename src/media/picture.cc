#include "media/picture.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "media/jpeg.h"
#include "media/png.h"

namespace lips {
namespace {

constexpr size_t kMaxPictureFileBytes = size_t{1} << 28;
constexpr int kDefaultJpegQuality = 95;

std::string Quoted(const Path& path) { return "'" + path.string() + "'"; }

template <typename T>
Result<T> Within(const Path& path, Result<T> result) {
  if (result.ok()) return result;
  return std::move(result).TakeError().Within(Quoted(path));
}

Status WriteEncoded(const Path& path, Result<std::vector<uint8_t>> encoded) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, Within(path, std::move(encoded)));
  return WriteFileAtomically(path, bytes);
}

}  // namespace

Result<Image> ParsePicture(std::span<const uint8_t> bytes, Plane* alpha) {
  if (alpha != nullptr) *alpha = Plane();
  if (bytes.size() > kMaxPictureFileBytes) {
    return Error(ErrorCode::kResourceLimit, "the picture has " + std::to_string(bytes.size()) + " bytes; at most " +
                                                std::to_string(kMaxPictureFileBytes) + " are read");
  }
  if (IsPng(bytes)) return DecodePng(bytes, alpha);
  if (IsJpeg(bytes)) return DecodeJpeg(bytes);
  return Error(ErrorCode::kCorrupted, bytes.empty() ? "the picture is empty (0 bytes)" : "neither a PNG nor a JPEG");
}

Result<Image> ReadPicture(const Path& path, Plane* alpha) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path, kMaxPictureFileBytes));
  return Within(path, ParsePicture(bytes, alpha));
}

Result<YuvImage> ParseJpegAsYuv(std::span<const uint8_t> bytes) {
  if (!IsJpeg(bytes)) return Error(ErrorCode::kCorrupted, "not a JPEG");
  return DecodeJpegToYuv(bytes);
}

Result<YuvImage> ReadJpegAsYuv(const Path& path) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(path, kMaxPictureFileBytes));
  return Within(path, ParseJpegAsYuv(bytes));
}

Status WritePng(const Path& path, ConstImageView image) { return WriteEncoded(path, EncodePng(image)); }
Status WritePng(const Path& path, ConstImageView image, ConstPlaneView alpha) {
  return WriteEncoded(path, EncodePng(image, alpha));
}
Status WritePng(const Path& path, ConstPlaneView image) { return WriteEncoded(path, EncodePng(image)); }

Result<std::vector<uint8_t>> JpegBytes(ConstImageView image, int quality) { return EncodeJpeg(image, quality); }

Status WriteJpeg(const Path& path, ConstImageView image, int quality) {
  return WriteEncoded(path, EncodeJpeg(image, quality));
}

Status WritePicture(const Path& path, ConstImageView image) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  if (extension == ".png") return WritePng(path, image);
  if (extension == ".jpg" || extension == ".jpeg") return WriteJpeg(path, image, kDefaultJpegQuality);
  return Error(ErrorCode::kInvalidInput,
               "cannot write " + Quoted(path) + ": its extension is '" + extension + "'; expected .png, .jpg or .jpeg");
}

}  // namespace lips
