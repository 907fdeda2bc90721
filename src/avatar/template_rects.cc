#include "avatar/template_rects.h"

#include <utility>

#include "avatar/crop_rects.h"
#include "avatar/geometry.h"
#include "tensor/npy.h"

namespace lips {
namespace {

constexpr size_t kMaxCropRectsBytes = size_t{32} << 20;  // Sanders: 377 bytes a frame, so 24 hours of flat list
constexpr size_t kMaxLandmarkBytes = size_t{64} << 10;
constexpr size_t kMaxBoundsBytes = size_t{1} << 20;

Result<Rect> ReadLandmarkRect(const Path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file, kMaxLandmarkBytes));
  ASSIGN_OR_RETURN(const std::vector<Landmark> landmarks, ParseLandmarks(text));
  return RectFromLandmarks(landmarks);
}

Result<Rect> ReadBounds(const Path& file) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, ReadFile(file, kMaxBoundsBytes));
  ASSIGN_OR_RETURN(const Tensor array, ParseNpy(bytes));
  if (array.size() < 4) {
    return Error(ErrorCode::kCorrupted, "expected xmin, ymin, xmax, ymax, found " + ToString(array.dims()));
  }
  const Tensor numbers = ToF32(array);
  const auto corners = numbers.As<float>();
  return RectFromCorners(corners[0], corners[1], corners[2], corners[3]);
}

template <typename ReadOne>
Result<std::vector<Rect>> ReadEach(const NumberedFiles& files, ReadOne read_one) {
  std::vector<Rect> rects;
  rects.reserve(files.names.size());
  for (int64_t frame = 0; frame < files.count(); ++frame) {
    auto rect = read_one(files.At(frame));
    if (!rect.ok()) {
      const Path shown = files.folder.filename() / files.At(frame).filename();
      return std::move(rect).TakeError().Within(shown.string());
    }
    rects.push_back(rect.value());
  }
  return rects;
}

}  // namespace

Result<std::vector<Rect>> ReadCropRects(const Path& file) {
  ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file, kMaxCropRectsBytes));
  auto rects = ParseCropRects(text);
  if (!rects.ok()) return std::move(rects).TakeError().Within(file.filename().string());
  return rects;
}

Result<std::vector<Rect>> ReadLandmarkRects(const NumberedFiles& landmarks) {
  return ReadEach(landmarks, ReadLandmarkRect);
}

Result<std::vector<Rect>> ReadFaceBounds(const NumberedFiles& arrays) { return ReadEach(arrays, ReadBounds); }

Result<TemplateRects> ReadTemplateRects(const PackageFiles& package) {
  TemplateRects found;
  if (!package.crop_rects.empty()) {
    found.source = package.crop_rects.lexically_relative(package.folder).string();
    ASSIGN_OR_RETURN(found.rects, ReadCropRects(package.crop_rects));
  } else if (package.face_bounds) {
    found.source = "face_bounds";
    ASSIGN_OR_RETURN(found.rects, ReadFaceBounds(*package.face_bounds));
  } else if (package.landmarks) {
    found.source = "landmarks";
    ASSIGN_OR_RETURN(found.rects, ReadLandmarkRects(*package.landmarks));
  } else {
    return Error(ErrorCode::kInvalidInput, "the package has no face rectangles");
  }
  return found;
}

}  // namespace lips
