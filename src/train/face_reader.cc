#include "train/face_reader.h"

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/mask.h"
#include "base/sha256.h"
#include "image/colour.h"
#include "media/video_reader.h"

namespace lips {
namespace {

constexpr const char* kRoiFile = "rois_320_video.mp4";
constexpr const char* kRestingFile = "resting_rois_320_video.mp4";
constexpr const char* kMaskedFile = "model_inputs_video.mp4";

bool Exists(const Path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

// Tells a file from one that replaced it, without reading it.
std::string Stamp(const Path& path) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(path, ignored);
  const auto time = std::filesystem::last_write_time(path, ignored).time_since_epoch().count();
  return path.filename().string() + " " + std::to_string(size) + " " + std::to_string(time) + "\n";
}

std::string KeyOf(const std::string& facts) {
  return Sha256Hex({reinterpret_cast<const uint8_t*>(facts.data()), facts.size()});
}

// Square pictures of a video, one after the other.
class Pictures {
 public:
  static Result<Pictures> Open(const Path& path, int threads) {
    ASSIGN_OR_RETURN(VideoReader reader, VideoReader::Open(path, {.threads = threads}));
    return Pictures(std::move(reader));
  }
  const VideoInfo& info() const { return reader_.info(); }
  Status Read(int64_t frame, Image& out) {
    if (frame != next_) RETURN_IF_ERROR(reader_.Seek(frame));
    RETURN_IF_ERROR(reader_.Read(frame_));
    next_ = frame + 1;
    out.Resize(frame_.width(), frame_.height());
    YuvToBgr(frame_.view(), out.view());
    return {};
  }

 private:
  explicit Pictures(VideoReader reader) : reader_(std::move(reader)) {}
  VideoReader reader_;
  YuvImage frame_;
  int64_t next_ = 0;
};

// The mask that the package's own masked pictures show, else the usual one.
Result<Rect> MaskOf(const Path& package, int size_px, int threads) {
  const Rect usual = DefaultMask(size_px == 160 ? kFace160 : kFace320);
  if (!Exists(package / kMaskedFile)) return usual;
  ASSIGN_OR_RETURN(Pictures rois, Pictures::Open(package / kRoiFile, threads));
  ASSIGN_OR_RETURN(Pictures masked, Pictures::Open(package / kMaskedFile, threads));
  if (masked.info().width != size_px || masked.info().height != size_px) return usual;
  MaskMeter meter(size_px, size_px);
  Image roi;
  Image black;
  constexpr int64_t kPairs = 6;
  for (int64_t k = 0; k < std::min({kPairs, rois.info().frames, masked.info().frames}); ++k) {
    RETURN_IF_ERROR(rois.Read(k, roi));
    RETURN_IF_ERROR(masked.Read(k, black));
    meter.Add(roi.view(), black.view());
  }
  return meter.Measure().value_or(usual);
}

class PackageFaces : public FaceReader {
 public:
  FaceStoreHeader header() const override { return header_; }
  Rect mask() const override { return mask_; }
  std::string name() const override { return name_; }
  Status Read(int64_t frame, FaceKind kind, Image& out) override {
    if (kind == FaceKind::kResting) return resting_->Read(frame, out);
    if (rois_) return rois_->Read(frame, out);
    RETURN_IF_ERROR(templates_->Read(frame, face_));
    out.Resize(face_.inputs.roi.width(), face_.inputs.roi.height());
    CopyPixels(face_.inputs.roi.view(), out.view());
    return {};
  }

  Status Open(const Path& package, int threads) {
    std::string facts;
    if (Exists(package / kRoiFile)) {
      ASSIGN_OR_RETURN(rois_, Pictures::Open(package / kRoiFile, threads));
      name_ = std::filesystem::weakly_canonical(package).filename().string();
      header_.size_px = rois_->info().width;
      header_.frames = rois_->info().frames;
      ASSIGN_OR_RETURN(mask_, MaskOf(package, header_.size_px, threads));
      facts = Stamp(package / kRoiFile);
    } else {
      AvatarOptions options;
      options.decode_threads = threads;
      ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(package, options));
      ASSIGN_OR_RETURN(templates_, avatar.OpenTemplates());
      name_ = avatar.name();
      header_.size_px = avatar.face().roi_px();
      header_.frames = avatar.video().frames;
      mask_ = avatar.mask();
      ASSIGN_OR_RETURN(facts, avatar.ContentHash());
    }
    if (header_.size_px != 320 && header_.size_px != 160) {
      return Error(ErrorCode::kUnsupported, "its face pictures have " + std::to_string(header_.size_px) +
                                                " pixels a side; networks are trained for 320 or 160");
    }
    RETURN_IF_ERROR(OpenResting(package / kRestingFile, threads, facts));
    header_.key = KeyOf(facts);
    return {};
  }

 private:
  Status OpenResting(const Path& file, int threads, std::string& facts) {
    if (!Exists(file)) return {};
    ASSIGN_OR_RETURN(resting_, Pictures::Open(file, threads));
    const VideoInfo& info = resting_->info();
    if (info.width != header_.size_px || info.height != header_.size_px || info.frames < header_.frames) {
      return Error(ErrorCode::kInvalidInput,
                   "'" + file.string() + "' has " + std::to_string(info.frames) + " pictures of " +
                       std::to_string(info.width) + "x" + std::to_string(info.height) + "; expected " +
                       std::to_string(header_.frames) + " of " + std::to_string(header_.size_px) + " a side");
    }
    header_.has_resting = true;
    facts += Stamp(file);
    return {};
  }

  FaceStoreHeader header_;
  Rect mask_;
  std::string name_;
  std::optional<Pictures> rois_;
  std::optional<Pictures> resting_;
  std::unique_ptr<TemplateReader> templates_;
  TemplateFace face_;
};

}  // namespace

Result<std::unique_ptr<FaceReader>> OpenFaceReader(const Path& package, int threads) {
  auto faces = std::make_unique<PackageFaces>();
  RETURN_IF_ERROR(faces->Open(package, threads));
  return std::unique_ptr<FaceReader>(std::move(faces));
}

}  // namespace lips
