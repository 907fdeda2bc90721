#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "avatar/package_check.h"
#include "avatar/package_inputs.h"
#include "avatar/picture_track.h"
#include "image/colour.h"

namespace lips {
namespace {

constexpr int64_t kSampledFrames = 8;
// Two encodings of one face agree to about 40 dB; another face, frame or convention stays below 25 dB (spec.md 1.2,
// 1.4).
constexpr double kMinRoiPsnrDb = 28;
constexpr double kEqualDb = 99;

double PsnrDb(ConstImageView a, ConstImageView b) {
  double squared = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) {
      const double difference = static_cast<double>(a.Row(y)[i]) - b.Row(y)[i];
      squared += difference * difference;
    }
  }
  return squared == 0 ? kEqualDb : 10 * std::log10(255.0 * 255.0 * 3 * a.width * a.height / squared);
}

std::string MaskConvention(Rect mask, FaceGeometry face) {
  const bool is_320 = face.crop_px == kFace320.crop_px;
  if (mask == DefaultMask(face)) return is_320 ? "package 2.0" : "160 px family";
  return mask == kMaskRaw && is_320 ? "raw" : "neither known convention; used as measured";
}

void CheckMask(FaceGeometry face, PackageCheck& check) {
  const auto mask = MeasureMask(*check.files.roi, *check.files.masked, check.options.decode_threads);
  if (!mask.ok()) {
    check.Add("mask", false, mask.error().message());
    return;
  }
  const Rect& found = mask.value();
  check.Add("mask", true,
            "x " + std::to_string(found.x) + ".." + std::to_string(found.right() - 1) + ", y " +
                std::to_string(found.y) + ".." + std::to_string(found.bottom() - 1) + " (" +
                MaskConvention(found, face) + ")");
}

// The size of the package's own pictures when it has usable ones.
std::optional<FaceGeometry> CheckInputs(PackageCheck& check) {
  auto inputs = ExaminePackageInputs(check.files, check.frames, check.options.decode_threads);
  if (!inputs.ok()) {
    check.Add("package inputs", false, inputs.error().message());
    return std::nullopt;
  }
  const PackageInputs& found = inputs.value();
  if (!found.usable) {
    const bool none = !check.files.roi && !check.files.masked;
    check.Add("package inputs", none, none ? "none; they are derived from the full frames" : found.why_not);
    return std::nullopt;
  }
  check.Add("package inputs", true,
            std::to_string(found.face->roi_px()) + " px ROI and masked pictures" +
                (found.has_crop ? " and their crops" : ""));
  CheckMask(*found.face, check);
  return found.face;
}

// Decodes some frames and compares the package's ROI pictures with what the full frames give.
class Sampler {
 public:
  static Result<Sampler> Open(const PackageCheck& check, std::optional<FaceGeometry> face) {
    ASSIGN_OR_RETURN(PictureTrack full, PictureTrack::Open(check.full->files, check.options.decode_threads));
    Sampler sampler(std::move(full));
    if (face) {
      sampler.face_ = *face;
      ASSIGN_OR_RETURN(sampler.roi_, PictureTrack::Open(*check.files.roi, check.options.decode_threads));
    }
    return sampler;
  }

  bool compares_roi() const { return roi_.has_value(); }

  // PSNR of the package's ROI against the derived one; kEqualDb where there is none.
  Result<double> Sample(int64_t frame, Rect rect) {
    RETURN_IF_ERROR(full_.ReadYuv(frame, picture_));
    if (!roi_) return kEqualDb;
    RETURN_IF_ERROR(roi_->ReadBgr(frame, package_roi_));
    pixels_.Resize(rect.width, rect.height);
    YuvToBgr(std::as_const(picture_).view(), rect, pixels_.view());
    DeriveInputs(std::as_const(pixels_).view(), face_, DefaultMask(face_), derived_);
    return PsnrDb(std::as_const(package_roi_).view(), std::as_const(derived_.roi).view());
  }

 private:
  explicit Sampler(PictureTrack full) : full_(std::move(full)) {}

  PictureTrack full_;
  std::optional<PictureTrack> roi_;
  FaceGeometry face_;
  YuvImage picture_;
  Image package_roi_;
  Image pixels_;
  FaceInputs derived_;
};

void CheckSamples(std::optional<FaceGeometry> face, PackageCheck& check) {
  auto sampler = Sampler::Open(check, face);
  if (!sampler.ok()) {
    check.Add("pictures", false, sampler.error().message());
    return;
  }
  const int64_t samples = std::min(check.frames, kSampledFrames);
  double worst_db = kEqualDb;
  int64_t worst_frame = 0;
  for (int64_t i = 0; i < samples; ++i) {
    const int64_t frame = samples == 1 ? 0 : i * (check.frames - 1) / (samples - 1);
    if (check.rects[static_cast<size_t>(frame)].width == 0) continue;  // no face there
    const auto db = sampler.value().Sample(frame, check.rects[static_cast<size_t>(frame)]);
    if (!db.ok()) {
      check.Add("pictures", false, db.error().message());
      return;
    }
    if (db.value() < worst_db) {
      worst_db = db.value();
      worst_frame = frame;
    }
  }
  check.Add("pictures", true, std::to_string(samples) + " full frames sampled, all decode");
  if (!sampler.value().compares_roi()) return;
  char decibels[32];
  std::snprintf(decibels, sizeof(decibels), "%.1f dB", worst_db);
  check.Add("ROI against full frames", worst_db >= kMinRoiPsnrDb,
            "at least " + std::string(decibels) + " (frame " + std::to_string(worst_frame) + ")");
}

}  // namespace

void CheckPictures(PackageCheck& check) {
  if (check.frames == 0) return;
  const auto face = CheckInputs(check);
  if (check.rects_inside) CheckSamples(face, check);
}

}  // namespace lips
