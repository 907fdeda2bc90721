#include "avatar/template_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "avatar/crop_rects.h"
#include "avatar/picture_track.h"
#include "image/colour.h"
#include "image/resize.h"

namespace lips {
namespace {

// A window of a few frames would decode a long GOP dozens of times going backwards, so large pictures get more than the
// budget, up to this much.
constexpr int64_t kFloorFrames = 16;
constexpr size_t kFloorBytes = size_t{256} << 20;

class SourcesReader final : public TemplateReader {
 public:
  using TemplateReader::Read;
  static Result<std::unique_ptr<TemplateReader>> Open(TemplateSources sources, size_t budget_bytes,
                                                      int decode_threads) {
    ASSIGN_OR_RETURN(PictureTrack full, PictureTrack::Open(sources.full, decode_threads));
    RETURN_IF_ERROR(CheckTrack(full, sources.full, 0, sources.rects));
    RETURN_IF_ERROR(CheckInside(sources.rects, full.info().width, full.info().height));
    if (sources.places.empty()) sources.places.assign(sources.rects.begin(), sources.rects.end());
    std::unique_ptr<SourcesReader> reader(new SourcesReader(std::move(sources), std::move(full)));
    if (const auto& package = reader->sources_.package) {
      const FaceGeometry face = reader->sources_.face;
      RETURN_IF_ERROR(reader->OpenTrack(package->roi, face.roi_px(), decode_threads, reader->roi_));
      RETURN_IF_ERROR(reader->OpenTrack(package->masked, face.roi_px(), decode_threads, reader->masked_));
      if (package->crop)
        RETURN_IF_ERROR(reader->OpenTrack(*package->crop, face.crop_px, decode_threads, reader->crop_));
    }
    reader->TakeMemory(budget_bytes);
    return std::unique_ptr<TemplateReader>(std::move(reader));
  }

  Status Read(int64_t index, FaceParts parts, TemplateFace& out) override {
    if (index < 0 || index >= static_cast<int64_t>(sources_.rects.size())) {
      return Error(ErrorCode::kInvalidInput,
                   "template frame " + std::to_string(index) + " of " + std::to_string(sources_.rects.size()));
    }
    RETURN_IF_ERROR(full_.ReadYuv(index, out.frame, &out.alpha));
    if (crop_) {
      RETURN_IF_ERROR(crop_->ReadBgr(index, out.inputs.crop));
    } else {
      TakeFace(static_cast<size_t>(index), out);
    }
    if (parts == FaceParts::kFrameAndCrop) return {};
    if (!roi_) {
      InputsFromCrop(sources_.face, sources_.mask, out.inputs);
      return {};
    }
    RETURN_IF_ERROR(roi_->ReadBgr(index, out.inputs.roi));
    return masked_->ReadBgr(index, out.inputs.masked);
  }

 private:
  SourcesReader(TemplateSources sources, PictureTrack full) : sources_(std::move(sources)), full_(std::move(full)) {}

  Status OpenTrack(const PictureFiles& files, int side_px, int decode_threads, std::optional<PictureTrack>& out) const {
    ASSIGN_OR_RETURN(out, PictureTrack::Open(files, decode_threads));
    return CheckTrack(*out, files, side_px, sources_.rects);
  }

  // What was found when the avatar was opened, or packed, may have been exchanged since. `side_px` 0: any size.
  static Status CheckTrack(const PictureTrack& track, const PictureFiles& files, int side_px,
                           const std::vector<Rect>& rects) {
    const VideoInfo& info = track.info();
    const bool fits = side_px == 0 || (info.width == side_px && info.height == side_px);
    if (fits && info.frames >= static_cast<int64_t>(rects.size())) return {};
    return Error(ErrorCode::kCorrupted, files.path().filename().string() + " has " + std::to_string(info.frames) +
                                            " frames of " + std::to_string(info.width) + "x" +
                                            std::to_string(info.height) + "; expected " + std::to_string(rects.size()) +
                                            (side_px == 0 ? std::string() : " of " + std::to_string(side_px) + " px"));
  }

  // All videos keep the same number of frames, so that they turn at the same places.
  void TakeMemory(size_t budget_bytes) {
    size_t frame_bytes = full_.window_bytes_per_frame();
    for (const auto* track : {&roi_, &masked_, &crop_}) {
      if (*track) frame_bytes += (*track)->window_bytes_per_frame();
    }
    frame_bytes = std::max<size_t>(frame_bytes, 1);
    const auto affordable = static_cast<int64_t>(budget_bytes / frame_bytes);
    const int64_t floor = std::min(kFloorFrames, static_cast<int64_t>(kFloorBytes / frame_bytes));
    const int64_t frames = std::min(std::max(affordable, floor), static_cast<int64_t>(sources_.rects.size()));
    full_.KeepWindow(frames);
    for (auto* track : {&roi_, &masked_, &crop_}) {
      if (*track) (*track)->KeepWindow(frames);
    }
  }

  // The rectangle of the frame, resized to the crop.
  void TakeFace(size_t index, TemplateFace& out) {
    const int side = sources_.face.crop_px;
    const Rect rect = sources_.rects[index];
    const Place& place = sources_.places[index];
    if (rect.width == 0) {  // no face: compositing will not use it
      out.inputs.crop = Image(side, side);
      return;
    }
    const ConstYuvView frame = std::as_const(out.frame).view();
    const Rect read = place == Place(rect) ? rect : ReadFor(place, frame.width(), frame.height());
    face_pixels_.Resize(read.width, read.height);
    YuvToBgr(frame, read, face_pixels_.view());
    out.inputs.crop.Resize(side, side);
    resizer_.Reset(read.width, read.height, {place.x - read.x, place.y - read.y, place.width, place.height}, side,
                   side);
    resizer_.Run(std::as_const(face_pixels_).view(), out.inputs.crop.view());
  }

  // The pixels of a frame that the cubic between pixels looks at.
  static Rect ReadFor(const Place& place, int width, int height) {
    constexpr int kReach = 2;
    const Rect around = RectAround(place);
    const int left = std::clamp(around.x - kReach, 0, width - 1);
    const int top = std::clamp(around.y - kReach, 0, height - 1);
    return {left, top, std::clamp(around.right() + kReach, left + 1, width) - left,
            std::clamp(around.bottom() + kReach, top + 1, height) - top};
  }

  TemplateSources sources_;
  PictureTrack full_;
  std::optional<PictureTrack> roi_;  // the package's own; all but crop_ or none
  std::optional<PictureTrack> masked_;
  std::optional<PictureTrack> crop_;
  Image face_pixels_;
  CubicResizer resizer_{1, 1, 1, 1};
};

}  // namespace

Result<std::unique_ptr<TemplateReader>> OpenTemplateReader(TemplateSources sources, size_t budget_bytes,
                                                           int decode_threads) {
  return SourcesReader::Open(std::move(sources), budget_bytes, decode_threads);
}

}  // namespace lips
