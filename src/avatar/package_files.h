// Which files of a folder play which part in an avatar package.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "avatar/avatar.h"
#include "avatar/manifest.h"
#include "avatar/numbered_files.h"
#include "avatar/pack_file.h"
#include "base/file.h"
#include "base/result.h"

namespace lips {

// One picture per template frame: a video, or a folder of JPEG or PNG files.
struct PictureFiles {
  Path video = {};  // empty: `pictures` it is
  std::optional<NumberedFiles> pictures = {};
  std::shared_ptr<const PackFile> pack = {};  // set: the paths are names of its sections

  bool is_video() const { return !video.empty(); }
  const Path& path() const { return is_video() ? video : pictures->folder; }
};

// Everything a package may hold, found by looking at the folder alone (no picture is decoded but, where names say
// nothing, the sizes of videos). Absent parts are empty.
struct PackageFiles {
  Path folder;
  AvatarLayout layout = AvatarLayout::kPackage2;
  std::vector<PictureFiles> full;  // the full frames; the best candidate first
  std::optional<PictureFiles> crop;
  std::optional<PictureFiles> roi;
  std::optional<PictureFiles> masked;
  Path crop_rects;  // cache/crop_rectangles.json or crop_rects.json
  std::optional<NumberedFiles> landmarks;
  std::optional<NumberedFiles> face_bounds;
  Path features;             // aud_ave.npy or .bin
  Path frame_metadata;       // cache/frame_metadata.json
  Path package_info;         // or dataset_manifest.json
  PackageManifest manifest;  // of package_info; empty when that is absent or unreadable
  // Parts that are there but broken (a gap in a numbered folder, an unreadable manifest) and so count as absent.
  std::vector<std::string> faults;
};

// Errors: kIo when `folder` is no folder; kInvalidInput when it holds no full frames or no rectangles, saying what was
// looked for; kCorrupted when they are there but broken.
Result<PackageFiles> FindPackageFiles(const Path& folder);

}  // namespace lips
