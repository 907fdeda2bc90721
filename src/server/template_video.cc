#include "server/template_video.h"

#include <filesystem>

#include "base/places.h"
#include "media/coded_video_writer.h"
#include "media/h264_stream.h"

namespace lips {
namespace {

constexpr const char* kVersion = "1";  // of how it is encoded

Result<Path> VideoFolder() {
  Path folder = CacheFolder();
  if (folder.empty()) {
    std::error_code error;
    folder = std::filesystem::temp_directory_path(error) / "lipstream";
    if (error) return Error(ErrorCode::kIo, "no folder for temporary files: " + error.message());
  }
  folder /= "templates";
  RETURN_IF_ERROR(MakeFolder(folder));
  return folder;
}

Status Encode(const Avatar& avatar, const Label* label, const Path& path) {
  const VideoInfo& video = avatar.video();
  H264StreamOptions coding;
  coding.width = video.width;
  coding.height = video.height;
  coding.fps = video.fps;
  coding.format = video.format;
  coding.crf = 18;
  coding.keyframe_s = 0.5;
  coding.preset = "veryfast";
  ASSIGN_OR_RETURN(H264Stream stream, H264Stream::Open(coding));
  CodedVideoOptions options;
  options.width = stream.format().width;
  options.height = stream.format().height;
  options.fps = video.fps;
  options.metadata = {{"comment", "synthetic: template of an avatar, by Lipstream"}};
  ASSIGN_OR_RETURN(CodedVideoWriter writer, CodedVideoWriter::Create(path, options));
  ASSIGN_OR_RETURN(const auto reader, avatar.OpenTemplates());
  TemplateFace face;
  for (int64_t i = 0; i < video.frames; ++i) {
    RETURN_IF_ERROR(reader->Read(i, FaceParts::kFrameAndCrop, face));
    if (label != nullptr) label->Burn(face.frame.view());
    ASSIGN_OR_RETURN(const H264Packet packet, stream.Encode(face.frame.view()));
    RETURN_IF_ERROR(writer.Write(packet.bytes, i, packet.key));
  }
  return writer.Finish(video.frames);
}

}  // namespace

Result<Path> MakeTemplateVideo(const Avatar& avatar, const Label* label, const std::string& version) {
  ASSIGN_OR_RETURN(const Path folder, VideoFolder());
  const Path path = folder / (version + "-" + kVersion + ".mp4");
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) return path;
  if (auto status = Encode(avatar, label, path); !status.ok()) {
    return std::move(status).TakeError().Within("background video of avatar '" + avatar.name() + "'");
  }
  return path;
}

}  // namespace lips
