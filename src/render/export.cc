#include "render/export.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "audio/mel.h"
#include "base/json.h"
#include "image/unit.h"
#include "media/speech.h"
#include "render/job.h"
#include "render/speech_features.h"
#include "talker/timeline.h"
#include "tensor/npy.h"

namespace lips {
namespace {

// A growing raw file of f32 that appears complete or not at all.
class FloatFile {
 public:
  static Result<FloatFile> Create(const Path& path) {
    ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
    FloatFile out(std::move(file));
    out.stream_.reset(std::fopen(out.file_.temporary_path().c_str(), "wb"));
    if (!out.stream_) return out.WriteError();
    return out;
  }
  Status Append(std::span<const float> values) {
    if (std::fwrite(values.data(), sizeof(float), values.size(), stream_.get()) != values.size()) return WriteError();
    return {};
  }
  Status Commit() {
    if (std::fclose(stream_.release()) != 0) return WriteError();
    return file_.Commit();
  }

 private:
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  explicit FloatFile(AtomicFile file) : file_(std::move(file)) {}
  Error WriteError() const {
    return Error(ErrorCode::kIo, "cannot write '" + file_.target_path().string() + "': the disk is full or failing");
  }
  AtomicFile file_;
  std::unique_ptr<std::FILE, Close> stream_;
};

// [N, 3, S, S] pictures for NPY, gathered in memory.
Tensor GatherPlanes(const std::vector<float>& planes, int64_t frames, int64_t size) {
  return Tensor::Of<float>({frames, 3, size, size}, planes);
}

struct Range {
  int64_t start = 0;
  int64_t frames = 0;
};

Result<Range> FindRange(const ExportRequest& request, int64_t available) {
  if (request.start_frame < 0 || request.start_frame >= available || request.frames < 0 ||
      request.frames > available - request.start_frame) {
    return Error(ErrorCode::kInvalidInput,
                 (request.frames > 0 ? std::to_string(request.frames) + " frames" : std::string("frames")) + " from " +
                     std::to_string(request.start_frame) + " on lie outside the " + std::to_string(available) +
                     " frames this audio gives");
  }
  return Range{request.start_frame, request.frames > 0 ? request.frames : available - request.start_frame};
}

Json Metadata(const Range& range, int64_t size, const Dims& audio_dims) {
  Json::Array audio_shape{range.frames};
  for (const int64_t dim : audio_dims) audio_shape.emplace_back(dim);
  return Json::Object({{"num_frames", range.frames},
                       {"start_frame", range.start},
                       {"visual_shape", Json::Array{range.frames, 6, size, size}},
                       {"audio_shape", std::move(audio_shape)},
                       {"dtype", "float32"},
                       {"format", "BGR"}});
}

}  // namespace

Result<ExportReport> ExportTensors(const ExportRequest& request) {
  RETURN_IF_ERROR(CheckOutputPath(request.job, request.folder));
  JobRequest as_heard = request.job;
  as_heard.silence_gate = request.job.silence_gate.value_or(false);
  as_heard.rectangles = request.job.rectangles.value_or(Rectangles::kPackage);  // the reference's tensors
  ASSIGN_OR_RETURN(Job job, OpenJob(as_heard));
  const VideoInfo& video = job.avatar->video();
  const Timeline time(job.speech.feature_rows, video.fps, video.frames, video.fps, 0, request.loop);
  ASSIGN_OR_RETURN(const Range range, FindRange(request, time.frames()));
  RETURN_IF_ERROR(MakeFolder(request.folder));
  ASSIGN_OR_RETURN(const auto templates, job.avatar->OpenTemplates());

  const Path visual_path = request.folder / "visual_input.bin";
  const Path audio_path = request.folder / "audio_input.bin";
  ASSIGN_OR_RETURN(FloatFile visual, FloatFile::Create(visual_path));
  ASSIGN_OR_RETURN(FloatFile audio, FloatFile::Create(audio_path));
  const int64_t size = job.avatar->face().roi_px();
  const auto plane_floats = static_cast<size_t>(3 * size * size);
  TemplateFace face;
  std::vector<float> window;
  std::vector<float> planes(2 * plane_floats);
  std::vector<float> all_roi;
  std::vector<float> all_masked;
  for (int64_t n = range.start; n < range.start + range.frames; ++n) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    RETURN_IF_ERROR(templates->Read(time.TemplateIndex(n), face));
    const std::span<float> both(planes);
    ToUnit(face.inputs.roi.view(), both.first(plane_floats));
    ToUnit(face.inputs.masked.view(), both.last(plane_floats));
    RETURN_IF_ERROR(visual.Append(planes));
    RETURN_IF_ERROR(job.windows->Window(time.Heard(n), window));
    RETURN_IF_ERROR(audio.Append(window));
    if (!request.npy) continue;
    all_roi.insert(all_roi.end(), both.begin(), both.begin() + static_cast<ptrdiff_t>(plane_floats));
    all_masked.insert(all_masked.end(), both.begin() + static_cast<ptrdiff_t>(plane_floats), both.end());
  }
  RETURN_IF_ERROR(visual.Commit());
  RETURN_IF_ERROR(audio.Commit());
  const Path metadata = request.folder / "metadata.json";
  RETURN_IF_ERROR(WriteFileAtomically(metadata, Metadata(range, size, job.generator->audio_dims()).Dump() + "\n"));
  ExportReport report{range.frames, {visual_path, audio_path, metadata}};

  if (request.npy) {
    const auto write = [&](const char* name, const Tensor& tensor) {
      report.files.push_back(request.folder / name);
      return WriteNpy(report.files.back(), tensor);
    };
    RETURN_IF_ERROR(write("roi.npy", GatherPlanes(all_roi, range.frames, size)));
    RETURN_IF_ERROR(write("masked.npy", GatherPlanes(all_masked, range.frames, size)));
    ASSIGN_OR_RETURN(const Tensor mel,
                     ComputeSpeechFeatures(request.job.audio, FeatureStage::kMel, nullptr, request.job.edge));
    RETURN_IF_ERROR(write("mel.npy", mel));
    if (job.encoder) {
      ASSIGN_OR_RETURN(const Tensor rows, ComputeSpeechFeatures(request.job.audio, FeatureStage::kEncoder,
                                                                job.encoder.get(), request.job.edge));
      RETURN_IF_ERROR(write("features.npy", rows));
    }
  }
  return report;
}

}  // namespace lips
