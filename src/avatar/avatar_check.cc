#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/avatar_state.h"
#include "avatar/crop_rects.h"
#include "avatar/model_files.h"
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
  std::vector<Rect> faces;
  std::ranges::copy_if(rects, std::back_inserter(faces), [](const Rect& rect) { return rect.width > 0; });
  if (faces.empty()) {
    check.Add("rectangles", false, "no frame has a face in " + found.value().source);
    return;
  }
  const auto sides = std::ranges::minmax(faces, {}, &Rect::width);
  int step = 0;
  int64_t oblong = 0;
  for (size_t i = 0; i < rects.size(); ++i) {
    oblong += rects[i].width != rects[i].height ? 1 : 0;
    if (i > 0 && rects[i].width > 0 && rects[i - 1].width > 0)
      step = std::max({step, std::abs(rects[i].x - rects[i - 1].x), std::abs(rects[i].y - rects[i - 1].y)});
  }
  std::string text = std::to_string(rects.size()) + " in " + found.value().source + ", side " +
                     std::to_string(sides.min.width) + ".." + std::to_string(sides.max.width) +
                     " px, largest step between frames " + std::to_string(step) + " px";
  if (faces.size() < rects.size())
    text += ", " + std::to_string(rects.size() - faces.size()) + " frames without a face";
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

// As Avatar::Open has it: a few faces partly outside cost their frames; half of them say that something is mixed up.
void CheckInsideFrames(PackageCheck& check) {
  const VideoInfo& info = check.full->info;
  const std::vector<Rect> all = check.rects;
  DropOutside(check.rects, info.width, info.height);
  const Status inside = CheckInside(check.rects, info.width, info.height);
  check.rects_inside = inside.ok();
  if (!inside.ok()) return check.Add("rectangles inside", false, inside.error().message());
  size_t dropped = 0;
  std::string names;  // of the first few
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == check.rects[i]) continue;
    if (++dropped <= 3) names += (names.empty() ? "" : ", ") + std::to_string(i);
  }
  std::string found = std::to_string(all.size() - dropped) + " of " + std::to_string(all.size()) + " inside " +
                      std::to_string(info.width) + "x" + std::to_string(info.height);
  if (dropped > 0) {
    found += "; the others' frames stay the template's: " + names + (dropped > 3 ? ", ..." : "");
  }
  check.Add("rectangles inside", true, std::move(found));
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
  CheckInsideFrames(check);
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

namespace {

Result<FilePart> Opened(const std::optional<Path>& chosen, Result<Path> found) {
  if (chosen) return FilePart::Open(*chosen);
  if (!found.ok()) return std::move(found).TakeError();
  return FilePart::Open(found.value());
}

// Every section of a pack whole, then what folders are checked for, too.
Result<AvatarCheck> CheckPack(const Path& path, const AvatarOptions& options) {
  PackageCheck check;
  check.options = options;
  ASSIGN_OR_RETURN(const auto pack, PackFile::Open(path));
  bool intact = true;
  for (const PackSection& section : pack->sections()) {
    const Status verified = pack->Verify(section);
    intact = intact && verified.ok();
    if (!verified.ok()) check.Add("section", false, verified.error().message());
  }
  if (!intact) return std::move(check.report);
  check.Add("sections", true,
            std::to_string(pack->sections().size()) + " of " + std::to_string(pack->sections().size()) +
                " as their SHA-256 says, " + std::to_string(pack->size()) + " bytes");
  auto avatar = Avatar::Open(path, options);
  if (!avatar.ok()) {
    check.Add("manifest", false, avatar.error().message());
    return std::move(check.report);
  }
  avatar.value().Examine(check);
  CheckFullFrames(check);
  CheckPictures(check);
  CheckModels(check);
  if (pack->Find(std::string(kTemplatesName) + "/index") != nullptr) {
    const auto blobs = PackBlobs::Open(pack, kTemplatesName);
    check.Add("templates", blobs.ok(),
              blobs.ok() ? std::to_string(blobs.value().count()) + ", " + avatar.value().origin().template_format
                         : blobs.error().message());
  }
  return std::move(check.report);
}

}  // namespace

void Avatar::Examine(PackageCheck& check) const {
  check.files = state_->files;
  check.rects = state_->sources.rects;
  check.generator = generator_model();
  check.audio_encoder = audio_encoder_model();
  check.features = packaged_features();
  check.Add("manifest", true, "avatar '" + name() + "', packed by lipstream " + origin().version);
}

Result<AvatarCheck> CheckAvatar(const Path& path, const AvatarOptions& options) {
  if (PackFile::Recognises(path)) return CheckPack(path, options);
  PackageCheck check;
  ASSIGN_OR_RETURN(check.files, FindPackageFiles(path));
  check.options = options;
  check.generator = Opened(options.model, FindGenerator(check.files));
  check.audio_encoder = Opened(options.audio_encoder, FindAudioEncoder(check.files));
  if (!check.files.features.empty()) check.features = FilePart::Open(check.files.features);
  CheckManifests(check);
  CheckRects(check);
  CheckFullFrames(check);
  CheckLandmarks(check);
  CheckPictures(check);
  CheckModels(check);
  return std::move(check.report);
}

}  // namespace lips
