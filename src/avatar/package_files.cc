#include "avatar/package_files.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <span>
#include <system_error>

#include "avatar/geometry.h"
#include "media/video_reader.h"

namespace lips {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMaxManifestBytes = size_t{16} << 20;
using Names = std::initializer_list<std::string_view>;

bool IsFile(const Path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// The first of `names` that is a file in `folder`, else an empty path.
Path FirstFile(const Path& folder, Names names) {
  for (const std::string_view name : names) {
    if (IsFile(folder / name)) return folder / name;
  }
  return {};
}

// The videos lying in the folder itself, by name.
std::vector<Path> VideosIn(const Path& folder) {
  static constexpr std::array<std::string_view, 6> kExtensions = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"};
  std::vector<Path> videos;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    if (std::ranges::count(kExtensions, extension) > 0 && IsFile(entry->path())) videos.push_back(entry->path());
  }
  std::ranges::sort(videos);
  return videos;
}

// A numbered folder; one that is broken is noted and counts as absent.
std::optional<NumberedFiles> FindNumbered(PackageFiles& package, std::string_view name,
                                          std::span<const std::string_view> suffixes) {
  auto files = FindNumberedFiles(package.folder / name, suffixes);
  if (files.ok()) return std::move(files).value();
  package.faults.push_back(files.error().message());
  return std::nullopt;
}

// The video the manifest gives this role, then the names in use, then picture folders.
std::optional<PictureFiles> FindPictures(PackageFiles& package, std::string_view role, Names videos, Names folders) {
  static constexpr std::array<std::string_view, 6> kSuffixes = {".jpg",        ".jpeg",        ".png",
                                                                "_masked.jpg", "_masked.jpeg", "_masked.png"};
  const PackageManifest::Video* declared = package.manifest.Find(role);
  if (declared != nullptr && !declared->file.empty() && IsFile(package.folder / declared->file)) {
    return PictureFiles{package.folder / declared->file, {}};
  }
  if (Path video = FirstFile(package.folder, videos); !video.empty()) return PictureFiles{std::move(video), {}};
  for (const std::string_view name : folders) {
    if (auto pictures = FindNumbered(package, name, kSuffixes)) return PictureFiles{{}, std::move(pictures)};
  }
  return std::nullopt;
}

bool IsFaceSized(const VideoInfo& info) {
  for (const FaceGeometry face : {kFace320, kFace160}) {
    if (info.width == info.height && (info.width == face.crop_px || info.width == face.roi_px())) return true;
  }
  return false;
}

// Videos whose names say nothing (layout D): every one that is not a face picture may be the full frames. NAME_25fps
// comes before NAME, because landmarks were made from it. One that cannot be opened is the error only when there is no
// other.
Result<std::vector<PictureFiles>> FullFramesByContent(const PackageFiles& package) {
  std::vector<Path> videos = VideosIn(package.folder);
  std::stable_partition(videos.begin(), videos.end(),
                        [](const Path& video) { return video.stem().string().ends_with("_25fps"); });
  std::vector<PictureFiles> found;
  std::optional<Error> fault;
  for (const Path& video : videos) {
    auto reader = VideoReader::Open(video);
    if (!reader.ok()) {
      if (!fault) fault = std::move(reader).TakeError();
    } else if (!IsFaceSized(reader.value().info())) {
      found.push_back({video, {}});
    }
  }
  if (found.empty() && fault) return *std::move(fault);
  return found;
}

void FindFullFrames(PackageFiles& package) {
  if (auto named =
          FindPictures(package, "full_body_img", {"full_body_video.mp4", "full_body_video.webm", "video.mp4"}, {})) {
    package.full.push_back(*std::move(named));
  } else if (auto videos = FullFramesByContent(package); videos.ok()) {
    std::ranges::move(videos.value(), std::back_inserter(package.full));
  } else {
    package.faults.push_back(videos.error().message());
  }
  if (auto pictures = FindPictures(package, "", {}, {"full_body_img", "cache/full_body_img"})) {
    package.full.push_back(*std::move(pictures));
  }
}

void ReadManifest(PackageFiles& package) {
  package.package_info = FirstFile(package.folder, {"package_info.json", "dataset_manifest.json"});
  if (package.package_info.empty()) return;
  auto text = ReadTextFile(package.package_info, kMaxManifestBytes);
  auto manifest = text.ok() ? ParsePackageManifest(text.value()) : std::move(text).TakeError();
  if (manifest.ok()) {
    package.manifest = std::move(manifest).value();
  } else {
    package.faults.push_back(package.package_info.filename().string() + ": " + manifest.error().message());
  }
}

AvatarLayout LayoutOf(const PackageFiles& package) {
  const auto has = [&](Names names) { return !FirstFile(package.folder, names).empty(); };
  if (package.face_bounds || has({"face_regions_320.mp4", "masked_regions_320.mp4", "face_crops_328.mp4"})) {
    return AvatarLayout::kOld;
  }
  if (has({"onnx_dist_config.json", "models/generator.onnx"})) return AvatarLayout::kFlattenedOnnx;
  if ((package.roi && package.roi->is_video()) || (package.masked && package.masked->is_video())) {
    return AvatarLayout::kPackage2;
  }
  if (package.roi || package.masked || has({"crop_rects.json"})) return AvatarLayout::kTest;
  if (!package.crop_rects.empty()) return AvatarLayout::kPackage2;
  return AvatarLayout::kTrainingTree;
}

Status CheckComplete(const PackageFiles& package) {
  const bool has_rects = !package.crop_rects.empty() || package.landmarks || package.face_bounds;
  if (!package.full.empty() && has_rects) return {};
  if (!package.faults.empty()) return Error(ErrorCode::kCorrupted, package.faults.front());
  const std::string missing =
      package.full.empty()
          ? "found no full-frame video (full_body_video.mp4, video.mp4, NAME.mp4) and no full_body_img/0.jpg"
          : "found pictures ('" + package.full.front().path().filename().string() +
                "') but no face rectangles (cache/crop_rectangles.json, crop_rects.json, landmarks/0.lms, "
                "face_bounds/0.npy)";
  return Error(ErrorCode::kInvalidInput, "'" + package.folder.string() + "' is no avatar package: " + missing);
}

}  // namespace

Result<PackageFiles> FindPackageFiles(const Path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    return Error(ErrorCode::kIo, "cannot open avatar '" + folder.string() +
                                     "': " + (fs::exists(folder, error) ? "not a folder" : "no such folder"));
  }
  static constexpr std::array<std::string_view, 1> kLandmarks = {".lms"};
  static constexpr std::array<std::string_view, 1> kArrays = {".npy"};
  PackageFiles package;
  package.folder = folder;
  ReadManifest(package);
  FindFullFrames(package);
  package.crop = FindPictures(package, "crops_328", {"crops_328_video.mp4", "face_crops_328.mp4"},
                              {"cache/crops_328", "crops_328"});
  package.roi =
      FindPictures(package, "rois_320", {"rois_320_video.mp4", "face_regions_320.mp4"}, {"cache/rois_320", "rois_320"});
  package.masked = FindPictures(package, "model_inputs", {"model_inputs_video.mp4", "masked_regions_320.mp4"},
                                {"cache/model_inputs", "model_inputs"});
  package.crop_rects = FirstFile(
      folder, {"cache/crop_rectangles.json", "crop_rectangles.json", "crop_rects.json", "cache/crop_rects.json"});
  package.landmarks = FindNumbered(package, "landmarks", kLandmarks);
  package.face_bounds = FindNumbered(package, "face_bounds", kArrays);
  package.features =
      FirstFile(folder, {"aud_ave.npy", "aud_ave.bin", "aud_hu.npy", "aud_hu.bin", "aud_wenet.npy", "aud_wenet.bin"});
  package.frame_metadata = FirstFile(folder, {"cache/frame_metadata.json", "frame_metadata.json"});
  package.layout = LayoutOf(package);
  RETURN_IF_ERROR(CheckComplete(package));
  return package;
}

}  // namespace lips
