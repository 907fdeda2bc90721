// The state of one `avatar check`. Only avatar_check*.cc include this.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "avatar/avatar.h"
#include "avatar/full_frames.h"
#include "avatar/geometry.h"
#include "avatar/manifest.h"
#include "avatar/package_files.h"

namespace lips {

// Every check adds an item to `report` and what it learns to the rest; none stops the next.
struct PackageCheck {
  PackageFiles files;
  AvatarOptions options;
  AvatarCheck report;
  FrameMetadata metadata;
  std::vector<Rect> rects;    // empty when unreadable
  bool rects_inside = false;  // the frame; false while unknown
  Result<FilePart> generator = Error(ErrorCode::kIo, "not looked for");
  Result<FilePart> audio_encoder = Error(ErrorCode::kIo, "not looked for");
  Result<FilePart> features = Error(ErrorCode::kIo, "not looked for");
  std::optional<FullFrames> full;  // empty when unreadable
  int64_t frames = 0;              // that have a picture and a rectangle

  void Add(std::string what, bool ok, std::string found) {
    report.items.push_back({std::move(what), ok, std::move(found)});
  }
};

// The package's own ROI and masked pictures, the mask, a sample of pictures.
void CheckPictures(PackageCheck& check);
// Networks, declared hashes, features.
void CheckModels(PackageCheck& check);

}  // namespace lips
