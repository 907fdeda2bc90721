// For tests: a folder of its own per test, and media files made there by the ffmpeg program, an independent maker.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "image/image.h"

namespace lips {

// Runs `command`; its standard output in `output`. False when it fails.
inline bool RunProgram(const std::string& command, std::string* output = nullptr) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::array<char, 4096> buffer = {};
  for (size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    if (output != nullptr) output->append(buffer.data(), n);
  }
  return ::pclose(pipe) == 0;
}

inline bool HasFfmpegProgram() {
  static const bool found = RunProgram("ffmpeg -version > /dev/null 2>&1");
  return found;
}

// An empty temporary folder, gone with this object. Test fixtures inherit from it.
class MediaFolder {
 public:
  MediaFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "lipstream_media_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
  }
  MediaFolder(const MediaFolder&) = delete;
  MediaFolder& operator=(const MediaFolder&) = delete;
  ~MediaFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  // A file called `name` in the folder, made by `ffmpeg ARGUMENTS name`. When that fails the program says why, and
  // there is no file.
  Path Make(const std::string& name, const std::string& arguments) const {
    Path path = folder_ / name;
    if (!RunProgram("ffmpeg -v error -nostdin -y -threads 1 " + arguments + " '" + path.string() + "'")) {
      std::fprintf(stderr, "ffmpeg failed: %s\n", arguments.c_str());
      std::filesystem::remove(path);
    }
    return path;
  }
  // Many files of one input by one run of the program: starting it costs more than a small file.
  struct Output {
    std::string name;
    std::string arguments;
  };
  void MakeAll(const std::string& input, const std::vector<Output>& outputs) const {
    std::string command = "ffmpeg -v error -nostdin -y -threads 1 " + input;
    for (const Output& output : outputs)
      command += " " + output.arguments + " '" + (folder_ / output.name).string() + "'";
    if (!RunProgram(command)) std::fprintf(stderr, "failed: %s\n", command.c_str());
  }
  const Path& folder() const { return folder_; }
  // What the ffprobe program says of `path`, given its options.
  static std::string Probe(const Path& path, const std::string& options) {
    std::string text;
    if (!RunProgram("ffprobe -v error " + options + " -of default=nw=1 '" + path.string() + "'", &text))
      return "failed";
    return text;
  }
  size_t EntryCount() const {
    return static_cast<size_t>(
        std::distance(std::filesystem::directory_iterator(folder_), std::filesystem::directory_iterator()));
  }

 protected:
  Path folder_;
};

// SHA-256 of the three planes, packed, as `ffmpeg -f framehash` computes it.
inline std::string HashOf(ConstYuvView image) {
  Sha256 hash;
  for (const ConstPlaneView& plane : {image.y, image.u, image.v}) {
    for (int y = 0; y < plane.height; ++y) hash.Add({plane.Row(y), static_cast<size_t>(plane.width)});
  }
  return hash.Hex();
}

}  // namespace lips

#define SKIP_WITHOUT_FFMPEG_PROGRAM() \
  if (!HasFfmpegProgram()) GTEST_SKIP() << "the ffmpeg program is not installed"
