#include "render/single_frame.h"

#include <string>

#include "base/json.h"
#include "composite/composite.h"
#include "composite/fade.h"
#include "image/colour.h"
#include "image/unit.h"
#include "media/picture.h"
#include "render/job.h"
#include "talker/presence.h"
#include "talker/timeline.h"
#include "tensor/npy.h"

namespace lips {
namespace {

// Numbers the files in the order in which the program makes them.
class Intermediates {
 public:
  explicit Intermediates(Path folder) : folder_(std::move(folder)) {}
  Status Picture(const char* name, ConstImageView image) { return WritePng(Next(name, ".png"), image); }
  Status Array(const char* name, const TensorView& tensor) { return WriteNpy(Next(name, ".npy"), tensor); }
  Status Facts(const Json& json) {
    paths_.push_back(folder_ / "frame.json");
    return WriteFileAtomically(paths_.back(), json.Dump() + "\n");
  }
  std::vector<Path> paths() && { return std::move(paths_); }

 private:
  const Path& Next(const char* name, const char* extension) {
    paths_.push_back(folder_ / (std::to_string(paths_.size() + 1) + "_" + name + extension));
    return paths_.back();
  }
  Path folder_;
  std::vector<Path> paths_;
};

Image ToImage(ConstYuvView frame) {
  Image image(frame.width(), frame.height());
  YuvToBgr(frame, image.view());
  return image;
}

}  // namespace

Result<std::vector<Path>> RenderSingleFrame(const SingleFrameRequest& request) {
  RETURN_IF_ERROR(CheckOutputPath(request.job, request.folder));
  ASSIGN_OR_RETURN(Job job, OpenJob(request.job));
  const VideoInfo& video = job.avatar->video();
  const Timeline time(job.speech.feature_rows, video.fps, video.frames, video.fps, request.start_frame, request.loop);
  if (request.frame < 0 || request.frame >= time.frames()) {
    return Error(ErrorCode::kInvalidInput, "frame " + std::to_string(request.frame) + " lies outside the " +
                                               std::to_string(time.frames()) + " frames this audio gives");
  }
  const int64_t index = time.TemplateIndex(request.frame);
  const Place place = job.avatar->places()[static_cast<size_t>(index)];
  ASSIGN_OR_RETURN(const auto templates, job.avatar->OpenTemplates());
  TemplateFace face;
  RETURN_IF_ERROR(templates->Read(index, face));
  std::vector<float> window;
  Presence presence;
  float seen = 1;
  const bool shows_template = request.job.shows_template_at_rest() && job.avatar->rests();
  for (int64_t n = shows_template ? 0 : request.frame; n <= request.frame; ++n) {
    RETURN_IF_ERROR(job.windows->Window(time.Heard(n), window));
    if (shows_template) seen = presence.Next(job.windows->Quiet(time.Heard(n)), video.fps.AsDouble());
  }

  RETURN_IF_ERROR(MakeFolder(request.folder));
  Intermediates out(request.folder);
  const FaceInputs& inputs = face.inputs;
  RETURN_IF_ERROR(out.Picture("template", ToImage(face.frame.view()).view()));
  RETURN_IF_ERROR(out.Picture("crop", inputs.crop.view()));
  RETURN_IF_ERROR(out.Picture("roi", inputs.roi.view()));
  RETURN_IF_ERROR(out.Picture("masked", inputs.masked.view()));
  RETURN_IF_ERROR(out.Array("window", TensorView({static_cast<int64_t>(window.size())}, window)));

  const int size = inputs.roi.width();
  Tensor input(DType::kF32, {1, 6, size, size});
  const auto planes = input.As<float>();
  ToUnit(inputs.roi.view(), planes.first(planes.size() / 2));
  ToUnit(inputs.masked.view(), planes.last(planes.size() / 2));
  RETURN_IF_ERROR(out.Array("input", input));

  ASSIGN_OR_RETURN(const auto prepared, job.generator->Prepare(inputs.roi.view(), inputs.masked.view()));
  Image mouth(size, size);
  const Generator::Job generate{prepared.get(), window, mouth.view()};
  RETURN_IF_ERROR(job.generator->Generate({&generate, 1}));
  RETURN_IF_ERROR(out.Picture("mouth", mouth.view()));
  if (seen < 1) FadeMouth(inputs.crop.view(), mouth.view(), seen, mouth.view());
  Image canvas = inputs.crop.Clone();
  const int border = job.avatar->face().border_px;
  CopyPixels(mouth.view(), canvas.view().Crop({border, border, size, size}));
  RETURN_IF_ERROR(out.Picture("canvas", canvas.view()));
  MakeComposite(request.job.composite, request.job.feather)
      ->Paste(inputs.crop.view(), mouth.view(), place, face.frame.view());
  RETURN_IF_ERROR(out.Picture("frame", ToImage(face.frame.view()).view()));
  RETURN_IF_ERROR(out.Facts(Json::Object({
      {"frame", request.frame},
      {"template_frame", index},
      {"feature_row", time.Heard(request.frame).row},
      {"presence", seen},
      {"rect", Json::Array{place.x, place.y, place.right(), place.bottom()}},
      {"engine", job.generator->Describe()},
      {"model_sha256", job.model_sha256},
      {"audio_sha256", job.speech.sha256},
  })));
  return std::move(out).paths();
}

}  // namespace lips
