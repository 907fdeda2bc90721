#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/crop_rects.h"
#include "avatar/package_check.h"
#include "avatar/template_rects.h"

namespace lips {
namespace {

constexpr size_t kMaxMetadataBytes = size_t{16} << 20;

void CheckManifests(PackageCheck& check) {
  for (const std::string& fault : check.files.faults) check.Add("files", false, fault);
  if (!check.files.package_info.empty()) {
    check.Add("manifest", true,
              check.files.package_info.filename().string() + ", dataset '" + check.files.manifest.dataset_name + "'");
  }
  if (check.files.frame_metadata.empty()) return;
  auto text = ReadTextFile(check.files.frame_metadata, kMaxMetadataBytes);
  auto metadata = text.ok() ? ParseFrameMetadata(text.value()) : std::move(text).TakeError();
  if (metadata.ok()) {
    check.metadata = metadata.value();
  } else {
    check.Add("frame metadata", false, "frame_metadata.json: " + metadata.error().message());
  }
}

void CheckRects(PackageCheck& check) {
  auto found = ReadTemplateRects(check.files);
  if (!found.ok()) {
    check.Add("rectangles", false, found.error().message());
    return;
  }
  const std::vector<Rect>& rects = check.rects = std::move(found.value().rects);
  const auto sides = std::ranges::minmax(rects, {}, &Rect::width);
  int step = 0;
  int64_t oblong = 0;
  for (size_t i = 0; i < rects.size(); ++i) {
    oblong += rects[i].width != rects[i].height ? 1 : 0;
    if (i > 0) step = std::max({step, std::abs(rects[i].x - rects[i - 1].x), std::abs(rects[i].y - rects[i - 1].y)});
  }
  std::string text = std::to_string(rects.size()) + " in " + found.value().source + ", side " +
                     std::to_string(sides.min.width) + ".." + std::to_string(sides.max.width) +
                     " px, largest step between frames " + std::to_string(step) + " px";
  if (oblong > 0) text += ", " + std::to_string(oblong) + " not square";
  // The old layout stores the bounds of landmarks, which need not be square.
  check.Add("rectangles", oblong == 0 || check.files.layout == AvatarLayout::kOld, std::move(text));
  const auto declared = check.metadata.processed_frames;
  if (declared && *declared != static_cast<int64_t>(rects.size())) {
    check.Add("rectangle count", false,
              std::to_string(rects.size()) + " rectangles; frame_metadata.json says " + std::to_string(*declared));
  }
}

// What the JSON files say about the full frames.
void CheckDeclaredFrames(PackageCheck& check) {
  const VideoInfo& info = check.full->info;
  const FrameMetadata& metadata = check.metadata;
  if (metadata.width && (*metadata.width != info.width || *metadata.height != info.height)) {
    check.Add("frame size", false,
              std::to_string(info.width) + "x" + std::to_string(info.height) + "; frame_metadata.json says " +
                  std::to_string(*metadata.width) + "x" + std::to_string(*metadata.height));
  }
  const PackageManifest::Video* declared = check.files.manifest.Find("full_body_img");
  if (declared != nullptr && declared->frames && *declared->frames != info.frames) {
    check.Add("declared frames", false,
              std::to_string(info.frames) + " frames; " + check.files.package_info.filename().string() + " says " +
                  std::to_string(*declared->frames));
  }
}

void CheckFullFrames(PackageCheck& check) {
  const auto rect_count = static_cast<int64_t>(check.rects.size());
  auto full = ChooseFullFrames(check.files, rect_count, check.options.decode_threads);
  if (!full.ok()) {
    check.Add("full frames", false, full.error().message());
    return;
  }
  check.full = std::move(full).value();
  const VideoInfo& info = check.full->info;
  const std::string size = std::to_string(info.width) + "x" + std::to_string(info.height);
  check.Add(
      "full frames", true,
      check.full->files.path().filename().string() + ", " + size + ", " + std::to_string(info.frames) + " frames");
  CheckDeclaredFrames(check);
  if (rect_count == 0) return;
  check.frames = std::min(info.frames, rect_count);
  check.Add("frame count", check.full->disagreement.empty(),
            check.full->disagreement.empty() ? "one rectangle for each of " + std::to_string(rect_count) + " frames"
                                             : check.full->disagreement);
  const Status inside = CheckInside(check.rects, info.width, info.height);
  check.rects_inside = inside.ok();
  check.Add("rectangles inside", inside.ok(),
            inside.ok() ? std::to_string(rect_count) + " of " + std::to_string(rect_count) + " inside " + size
                        : inside.error().message());
}

void CheckLandmarks(PackageCheck& check) {
  if (!check.files.landmarks) return;
  const auto derived = ReadLandmarkRects(*check.files.landmarks);
  if (!derived.ok()) {
    check.Add("landmarks", false, derived.error().message());
    return;
  }
  int64_t equal = 0;
  for (size_t i = 0; i < std::min(derived.value().size(), check.rects.size()); ++i) {
    equal += derived.value()[i] == check.rects[i] ? 1 : 0;
  }
  // Rectangles may have been smoothed since, so only their number must agree.
  check.Add("landmarks", derived.value().size() == check.rects.size(),
            std::to_string(derived.value().size()) + " files; " + std::to_string(equal) + " of " +
                std::to_string(check.rects.size()) + " rectangles follow from them");
}

}  // namespace

bool AvatarCheck::ok() const { return std::ranges::all_of(items, &Item::ok); }

Result<AvatarCheck> CheckAvatar(const Path& folder, const AvatarOptions& options) {
  PackageCheck check;
  ASSIGN_OR_RETURN(check.files, FindPackageFiles(folder));
  check.options = options;
  CheckManifests(check);
  CheckRects(check);
  CheckFullFrames(check);
  CheckLandmarks(check);
  CheckPictures(check);
  CheckModels(check);
  return std::move(check.report);
}

}  // namespace lips
