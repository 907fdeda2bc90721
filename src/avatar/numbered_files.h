// Folders that hold one file per frame: 0.jpg, 1.jpg, ... or 0001.jpg, 0002.jpg, ...
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lips {

// Files in frame order, gapless. Frame 0 is the file with the lowest number, which is 0 or 1.
struct NumberedFiles {
  Path folder;
  int64_t first_number = 0;
  std::vector<std::string> names;

  int64_t count() const { return static_cast<int64_t>(names.size()); }
  Path At(int64_t frame) const { return folder / names[static_cast<size_t>(frame)]; }
};

// Looks for files called NUMBER + suffix for one of `suffixes` (".jpg", "_masked.jpg", ...; case matters not); others
// are ignored, also other suffixes when the first listed suffix that occurs has been chosen. Nothing when the folder or
// such files do not exist. Errors: kIo; kCorrupted naming the missing or repeated numbers; kResourceLimit above 10^6
// files.
Result<std::optional<NumberedFiles>> FindNumberedFiles(const Path& folder, std::span<const std::string_view> suffixes);

}  // namespace lips
