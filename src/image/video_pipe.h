// Frames of a video file as raw bytes, through the ffmpeg program: an independent decoder for tests below `media`.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace lips {

// The test material's avatar, or an empty path where it or the ffmpeg program is absent.
inline std::filesystem::path SandersFolder() {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  const std::filesystem::path folder = std::filesystem::path(data != nullptr ? data : "") / "sanders";
  const bool usable =
      std::filesystem::exists(folder / "full_body_video.mp4") && std::system("ffmpeg -version >/dev/null 2>&1") == 0;
  return usable ? folder : std::filesystem::path();
}
constexpr const char* kNoSanders = "needs LIPSTREAM_TEST_DATA/sanders/full_body_video.mp4 and the ffmpeg program";
constexpr int kSandersWidth = 1280;
constexpr int kSandersHeight = 720;

// The first `frames` frames of `video` in FFmpeg's pixel format `format`, one after another.
class VideoPipe {
 public:
  VideoPipe(const std::filesystem::path& video, int frames, const std::string& format)
      : pipe_(popen(("ffmpeg -v error -i '" + video.string() + "' -frames:v " + std::to_string(frames) +
                     " -f rawvideo -pix_fmt " + format + " -")
                        .c_str(),
                    "r")) {}
  // The next bytes; false at the end.
  bool Read(uint8_t* bytes, size_t count) {
    return pipe_ != nullptr && std::fread(bytes, 1, count, pipe_.get()) == count;
  }

 private:
  struct Close {
    void operator()(FILE* pipe) const { pclose(pipe); }
  };
  std::unique_ptr<FILE, Close> pipe_;
};

}  // namespace lips
