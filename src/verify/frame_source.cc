#include "verify/frame_source.h"

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "avatar/numbered_files.h"
#include "image/colour.h"
#include "media/picture.h"
#include "media/video_reader.h"

namespace lips {

struct FrameSource::State {
  VideoInfo info;
  std::optional<VideoReader> video;
  NumberedFiles pictures;
  int64_t next = 0;  // picture
  YuvImage planes;
};

FrameSource::FrameSource(std::unique_ptr<State> state) : state_(std::move(state)) {}
FrameSource::FrameSource(FrameSource&&) noexcept = default;
FrameSource& FrameSource::operator=(FrameSource&&) noexcept = default;
FrameSource::~FrameSource() = default;

Result<FrameSource> FrameSource::Open(const Path& path) {
  auto state = std::make_unique<State>();
  std::error_code failed;
  if (!std::filesystem::is_directory(path, failed)) {
    ASSIGN_OR_RETURN(VideoReader video, VideoReader::Open(path));
    state->info = video.info();
    state->video = std::move(video);
    return FrameSource(std::move(state));
  }
  constexpr std::array<std::string_view, 3> kSuffixes = {".png", ".jpg", ".jpeg"};
  ASSIGN_OR_RETURN(auto found, FindNumberedFiles(path, kSuffixes));
  if (!found || found->count() == 0) {
    return Error(ErrorCode::kInvalidInput, "'" + path.string() + "' holds no numbered pictures (000000.png, ...)");
  }
  state->pictures = *std::move(found);
  ASSIGN_OR_RETURN(const Image first, ReadPicture(state->pictures.At(0)));
  state->info.width = first.width();
  state->info.height = first.height();
  state->info.frames = state->pictures.count();
  return FrameSource(std::move(state));
}

const VideoInfo& FrameSource::info() const { return state_->info; }

Status FrameSource::Seek(int64_t frame) {
  if (state_->video) return state_->video->Seek(frame);
  state_->next = frame;
  return {};
}

Status FrameSource::Read(Image& out) {
  State& s = *state_;
  if (s.video) {
    RETURN_IF_ERROR(s.video->Read(s.planes));
    out.Resize(s.planes.width(), s.planes.height());
    YuvToBgr(std::as_const(s.planes).view(), out.view());
    return {};
  }
  if (s.next >= s.info.frames) return Error(ErrorCode::kEndOfStream, "no more pictures");
  const Path file = s.pictures.At(s.next++);
  ASSIGN_OR_RETURN(out, ReadPicture(file));
  if (out.width() != s.info.width || out.height() != s.info.height) {
    return Error(ErrorCode::kCorrupted, "'" + file.string() + "' is " + std::to_string(out.width()) + "x" +
                                            std::to_string(out.height()) + ", but the first picture " +
                                            std::to_string(s.info.width) + "x" + std::to_string(s.info.height));
  }
  return {};
}

}  // namespace lips
