#include "avatar/package_inputs.h"

#include <algorithm>
#include <utility>

#include "avatar/mask.h"

namespace lips {
namespace {

constexpr int64_t kMaskSampleFrames = 6;

std::string FileName(const PictureFiles& files) { return files.path().filename().string(); }

std::string SizeText(const VideoInfo& info) { return std::to_string(info.width) + "x" + std::to_string(info.height); }

// Why `track` cannot serve as a square of `side` px for `frames` frames; empty when it can.
std::string Unfit(const PictureFiles& files, const VideoInfo& info, int side, int64_t frames) {
  if (info.width != side || info.height != side) {
    return FileName(files) + " is " + SizeText(info) + "; expected " + std::to_string(side) + "x" +
           std::to_string(side);
  }
  if (info.frames < frames) {
    return FileName(files) + " has " + std::to_string(info.frames) + " frames; the template has " +
           std::to_string(frames);
  }
  return {};
}

}  // namespace

std::optional<FaceGeometry> FaceOfRoi(int roi_px) {
  for (const FaceGeometry face : {kFace320, kFace160}) {
    if (face.roi_px() == roi_px) return face;
  }
  return std::nullopt;
}

Result<PackageInputs> ExaminePackageInputs(const PackageFiles& package, int64_t frames, int decode_threads) {
  PackageInputs inputs;
  if (!package.roi || !package.masked) {
    inputs.why_not = !package.roi ? "the package has no ROI pictures (rois_320_video.mp4, cache/rois_320/0.jpg)"
                                  : "the package has no masked pictures (model_inputs_video.mp4, "
                                    "cache/model_inputs/0_masked.jpg)";
    if (!package.faults.empty()) inputs.why_not += "; " + package.faults.front();
  }
  const auto& sized = package.roi ? package.roi : package.masked;
  if (!sized) return inputs;
  ASSIGN_OR_RETURN(const PictureTrack first, PictureTrack::Open(*sized, decode_threads));
  inputs.face = FaceOfRoi(first.info().width);
  if (!inputs.face) {
    inputs.why_not = FileName(*sized) + " is " + SizeText(first.info()) + "; expected 320x320 or 160x160";
  }
  if (!inputs.why_not.empty()) return inputs;
  const int roi_px = inputs.face->roi_px();
  ASSIGN_OR_RETURN(const PictureTrack masked, PictureTrack::Open(*package.masked, decode_threads));
  inputs.why_not = Unfit(*package.roi, first.info(), roi_px, frames);
  if (inputs.why_not.empty()) inputs.why_not = Unfit(*package.masked, masked.info(), roi_px, frames);
  inputs.usable = inputs.why_not.empty();
  if (inputs.usable && package.crop) {
    ASSIGN_OR_RETURN(const PictureTrack crop, PictureTrack::Open(*package.crop, decode_threads));
    inputs.has_crop = Unfit(*package.crop, crop.info(), inputs.face->crop_px, frames).empty();
  }
  return inputs;
}

Result<Rect> MeasureMask(const PictureFiles& roi, const PictureFiles& masked, int decode_threads) {
  ASSIGN_OR_RETURN(PictureTrack roi_track, PictureTrack::Open(roi, decode_threads));
  ASSIGN_OR_RETURN(PictureTrack masked_track, PictureTrack::Open(masked, decode_threads));
  const int width = roi_track.info().width;
  const int height = roi_track.info().height;
  if (masked_track.info().width != width || masked_track.info().height != height) {
    return Error(ErrorCode::kCorrupted, FileName(masked) + " is " + SizeText(masked_track.info()) + " but " +
                                            FileName(roi) + " is " + SizeText(roi_track.info()));
  }
  MaskMeter meter(width, height);
  Image roi_picture;
  Image masked_picture;
  const int64_t frames = std::min({roi_track.info().frames, masked_track.info().frames, kMaskSampleFrames});
  for (int64_t frame = 0; frame < frames; ++frame) {
    RETURN_IF_ERROR(roi_track.ReadBgr(frame, roi_picture));
    RETURN_IF_ERROR(masked_track.ReadBgr(frame, masked_picture));
    meter.Add(roi_picture.view(), masked_picture.view());
  }
  const auto mask = meter.Measure();
  if (!mask) {
    return Error(ErrorCode::kCorrupted, FileName(masked) + " is not " + FileName(roi) +
                                            " with a black rectangle: the mask cannot be measured");
  }
  return *mask;
}

}  // namespace lips
