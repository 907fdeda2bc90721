#include "demo/template_package.h"

#include <cmath>
#include <system_error>
#include <vector>

#include "base/places.h"
#include "base/thread_pool.h"
#include "demo/draw_frames.h"
#include "demo/motion.h"
#include "demo/package_json.h"
#include "image/colour.h"
#include "media/video_writer.h"

namespace lips::demo {
namespace {

namespace fs = std::filesystem;
constexpr const char* kGenerator = "generator.onnx";
constexpr const char* kEncoder = "audio_encoder.onnx";

Status CheckRequest(const TemplateRequest& r) {
  if (!(r.seconds >= 0.2) || r.seconds > 3600) {
    return Error(ErrorCode::kInvalidInput,
                 "the template must last 0.2 to 3600 seconds, not " + std::to_string(r.seconds));
  }
  if (r.width < 240 || r.width > 3840 || r.height < 240 || r.height > 2160 || r.width % 2 != 0 || r.height % 2 != 0 ||
      r.width < r.height) {
    return Error(ErrorCode::kInvalidInput, "cannot draw " + std::to_string(r.width) + "x" + std::to_string(r.height) +
                                               "; sizes are even, 240x240 to 3840x2160, not higher than wide");
  }
  return {};
}

bool HasWeights(const Path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / kGenerator, ignored) && fs::is_regular_file(folder / kEncoder, ignored);
}

Path DefaultWeights() { return FindBesideProgram({"assets/demo", "share/lipstream/demo"}, HasWeights); }

Result<Path> FindWeights(const TemplateRequest& request) {
  if (!request.weights) return DefaultWeights();
  if (HasWeights(*request.weights)) return *request.weights;
  return Error(ErrorCode::kIo,
               "no " + std::string(kGenerator) + " and " + kEncoder + " in '" + request.weights->string() + "'");
}

Status Copy(const Path& from, const Path& to) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(from));
  return WriteFileAtomically(to, file.bytes());
}

// All places the rule of the rectangles gives lie inside the frame, whatever the pose.
Result<std::vector<Rect>> FaceRects(const Person& person, const std::vector<Pose>& poses) {
  std::vector<Rect> rects;
  for (const Pose& pose : poses) {
    const Rect rect = person.FaceRect(pose);
    if (rect.x < 0 || rect.y < 0 || rect.right() > person.width() || rect.bottom() > person.height()) {
      return Error(ErrorCode::kInvalidInput, "the face would leave a frame of " + std::to_string(person.width()) + "x" +
                                                 std::to_string(person.height()) + "; make it wider");
    }
    rects.push_back(rect);
  }
  return rects;
}

}  // namespace

Result<TemplateReport> WriteTemplatePackage(const TemplateRequest& request) {
  RETURN_IF_ERROR(CheckRequest(request));
  ASSIGN_OR_RETURN(const Path weights, FindWeights(request));
  const auto frames = static_cast<int64_t>(std::lround(request.seconds * 25));
  const std::vector<Pose> poses = IdleMotion(frames, request.seed);
  const Person person(request.width, request.height, request.seed);
  ASSIGN_OR_RETURN(const std::vector<Rect> rects, FaceRects(person, poses));
  RETURN_IF_ERROR(MakeFolder(request.folder));

  ThreadPool threads(ThreadsOrCores(request.threads));
  VideoWriterOptions options;
  options.width = request.width;
  options.height = request.height;
  options.crf = 14;
  options.metadata = {{"comment", "drawn by Lipstream; shows nobody"}, {"lipstream_synthetic", "true"}};
  ASSIGN_OR_RETURN(VideoWriter video, VideoWriter::Create(request.folder / "full_body_video.mp4", options));
  Image frame;
  YuvImage yuv(request.width, request.height, options.format);
  for (int64_t n = 0; n < frames; ++n) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    DrawFrame(person, poses[static_cast<size_t>(n)], {}, threads, frame);
    BgrToYuv(frame.view(), yuv.view());
    RETURN_IF_ERROR(video.Write(yuv.view()));
    if (request.progress) request.progress(n + 1, frames);
  }
  RETURN_IF_ERROR(video.Finish());
  if (!weights.empty()) {
    RETURN_IF_ERROR(MakeFolder(request.folder / "checkpoint"));
    RETURN_IF_ERROR(MakeFolder(request.folder / "models"));
    RETURN_IF_ERROR(Copy(weights / kGenerator, request.folder / "checkpoint/model_best.onnx"));
    RETURN_IF_ERROR(Copy(weights / kEncoder, request.folder / "models/audio_encoder.onnx"));
  }
  const PackageFacts facts = {"demo", request.width, request.height, !weights.empty(), true};
  RETURN_IF_ERROR(WritePackageJson(request.folder, facts, rects));
  return TemplateReport{frames, weights};
}

}  // namespace lips::demo
