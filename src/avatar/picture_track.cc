#include "avatar/picture_track.h"

#include <cstring>
#include <string>
#include <utility>

#include "image/colour.h"
#include "media/picture.h"

namespace lips {
namespace {

bool IsPng(const Path& path) { return path.extension() == ".png" || path.extension() == ".PNG"; }

Result<VideoReader> OpenVideo(const PictureFiles& files, VideoReader::Options options) {
  if (files.pack == nullptr) return VideoReader::Open(files.video, options);
  ASSIGN_OR_RETURN(const FilePart part, files.pack->Part(files.video.string()));
  return VideoReader::Open(part, options);
}

Result<std::vector<uint8_t>> PackedPicture(const PictureFiles& files, int64_t index) {
  constexpr size_t kMaxPictureBytes = size_t{256} << 20;
  ASSIGN_OR_RETURN(const FilePart part, files.pack->Part(files.pictures->At(index).string()));
  return part.ReadAll(kMaxPictureBytes);
}

Result<Image> ReadPictureOf(const PictureFiles& files, int64_t index, Plane* alpha = nullptr) {
  if (files.pack == nullptr) return ReadPicture(files.pictures->At(index), alpha);
  ASSIGN_OR_RETURN(const auto bytes, PackedPicture(files, index));
  return ParsePicture(bytes, alpha);
}

Result<YuvImage> ReadJpegOf(const PictureFiles& files, int64_t index) {
  if (files.pack == nullptr) return ReadJpegAsYuv(files.pictures->At(index));
  ASSIGN_OR_RETURN(const auto bytes, PackedPicture(files, index));
  return ParseJpegAsYuv(bytes);
}

void CopyPlane(const Plane& from, Plane& to) {
  to.Resize(from.width(), from.height());
  const size_t bytes = static_cast<size_t>(from.width()) * static_cast<size_t>(from.height());
  if (bytes > 0) std::memcpy(to.view().data, from.view().data, bytes);
}

// A picture as a video frame: BT.601 limited range, as H.264 templates are.
Status ReadPictureAsVideo(const PictureFiles& files, int64_t index, YuvImage& out, Plane* alpha) {
  constexpr YuvFormat kVideoFormat{YuvMatrix::kBt601, YuvRange::kLimited};
  if (alpha != nullptr) *alpha = Plane();
  if (IsPng(files.pictures->At(index))) {
    ASSIGN_OR_RETURN(const Image picture, ReadPictureOf(files, index, alpha));
    out.Resize(picture.width(), picture.height(), kVideoFormat);
    BgrToYuv(picture.view(), out.view());
    return {};
  }
  ASSIGN_OR_RETURN(const YuvImage picture, ReadJpegOf(files, index));
  out.Resize(picture.width(), picture.height(), kVideoFormat);
  FullToLimited(picture.view(), out.view());
  return {};
}

}  // namespace

Result<PictureTrack> PictureTrack::Open(const PictureFiles& files, int decode_threads) {
  if (files.is_video()) {
    ASSIGN_OR_RETURN(VideoReader reader, OpenVideo(files, {.threads = decode_threads}));
    PictureTrack track(files, reader.info());
    track.reader_ = std::move(reader);
    return track;
  }
  Plane alpha;
  ASSIGN_OR_RETURN(const Image first, ReadPictureOf(files, 0, &alpha));
  VideoInfo info;
  info.alpha = !alpha.empty();
  info.width = first.width();
  info.height = first.height();
  info.frames = files.pictures->count();
  return PictureTrack(files, info);
}

size_t PictureTrack::window_bytes_per_frame() const {
  if (!files_.is_video()) return 0;
  const size_t luma = static_cast<size_t>(info_.width) * static_cast<size_t>(info_.height);
  return luma + luma / 2 + (info_.alpha ? luma : 0);
}

void PictureTrack::KeepWindow(int64_t capacity_frames) {
  if (reader_) window_.emplace(*std::exchange(reader_, std::nullopt), info_.frames, capacity_frames);
}

Error PictureTrack::Named(Error error, int64_t index) const {
  return std::move(error).Within(files_.path().filename().string() + ": frame " + std::to_string(index));
}

Status PictureTrack::CheckSize(int64_t index, int width, int height) const {
  if (width == info_.width && height == info_.height) return {};
  return Named(Error(ErrorCode::kCorrupted, "is " + std::to_string(width) + "x" + std::to_string(height) +
                                                "; the first one is " + std::to_string(info_.width) + "x" +
                                                std::to_string(info_.height)),
               index);
}

Status PictureTrack::ReadYuv(int64_t index, YuvImage& out, Plane* alpha) {
  if (files_.is_video()) {
    if (!window_) KeepWindow(1);
    auto frame = window_->Frame(index);
    if (!frame.ok()) return Named(std::move(frame).TakeError(), index);
    const YuvImage& decoded = frame.value()->picture;
    out.Resize(decoded.width(), decoded.height(), decoded.format());
    CopyPixels(decoded.view(), out.view());
    if (alpha != nullptr) CopyPlane(frame.value()->alpha, *alpha);
  } else {
    if (Status read = ReadPictureAsVideo(files_, index, out, alpha); !read.ok()) {
      return Named(std::move(read).TakeError(), index);
    }
    // The first picture decides whether there is alpha; one without is opaque.
    if (alpha != nullptr && !info_.alpha) *alpha = Plane();
    if (alpha != nullptr && info_.alpha && alpha->empty()) *alpha = Plane(out.width(), out.height(), 255);
  }
  return CheckSize(index, out.width(), out.height());
}

Status PictureTrack::ReadBgr(int64_t index, Image& out) {
  if (files_.is_video()) {
    if (!window_) KeepWindow(1);
    auto frame = window_->Frame(index);
    if (!frame.ok()) return Named(std::move(frame).TakeError(), index);
    const YuvImage& decoded = frame.value()->picture;
    RETURN_IF_ERROR(CheckSize(index, decoded.width(), decoded.height()));
    out.Resize(decoded.width(), decoded.height());
    YuvToBgr(decoded.view(), out.view());
    return {};
  }
  auto picture = ReadPictureOf(files_, index);
  if (!picture.ok()) return Named(std::move(picture).TakeError(), index);
  out = std::move(picture).value();
  return CheckSize(index, out.width(), out.height());
}

}  // namespace lips
