#include "face/create.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "avatar/avatar.h"
#include "base/atomic_folder.h"
#include "base/stats.h"
#include "face/avatar_network.h"
#include "face/capture.h"
#include "face/hand_rects.h"
#include "face/package_files.h"
#include "face/tracker.h"
#include "face/warnings.h"
#include "model/binding.h"

namespace lips {
namespace {

// Networks that go into the package, read and recognised before the long work begins.
struct Networks {
  std::optional<AvatarNetwork> generator, audio_encoder;
  std::optional<GeneratorBinding> binding;
};

Result<Networks> FindNetworks(const CreateRequest& request) {
  Networks networks;
  if (request.from) {
    ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(*request.from, {}));
    ASSIGN_OR_RETURN(const FilePart generator, avatar.generator_model());
    ASSIGN_OR_RETURN(const FilePart audio_encoder, avatar.audio_encoder_model());
    if (!request.generator) {
      ASSIGN_OR_RETURN(networks.generator, OpenAvatarNetwork(generator, false));
    }
    if (!request.audio_encoder) {
      ASSIGN_OR_RETURN(networks.audio_encoder, OpenAvatarNetwork(audio_encoder, false));
    }
  }
  if (request.generator) {
    ASSIGN_OR_RETURN(networks.generator, OpenAvatarNetwork(*request.generator, request.hubert));
  }
  if (request.audio_encoder) {
    ASSIGN_OR_RETURN(networks.audio_encoder, OpenAvatarNetwork(*request.audio_encoder, false));
  }
  if (networks.generator) {
    ASSIGN_OR_RETURN(networks.binding, BindGenerator(networks.generator->graph));
  }
  if (networks.audio_encoder) {
    ASSIGN_OR_RETURN(const EncoderBinding binding, BindEncoder(networks.audio_encoder->graph));
    static_cast<void>(binding);
  }
  return networks;
}

Result<FaceGeometry> GeometryOf(const CreateRequest& request, const Networks& networks) {
  const int bound = networks.binding ? networks.binding->size_px : 0;
  if (bound != 0 && request.face_px != 0 && bound != request.face_px) {
    return Error(ErrorCode::kInvalidInput, "the generator draws faces of " + std::to_string(bound) +
                                               " px, asked for were " + std::to_string(request.face_px));
  }
  const int size = std::max(bound, request.face_px);
  return size == 160 ? kFace160 : kFace320;
}

Result<std::unique_ptr<FaceTracker>> OpenTracker(const CreateRequest& request) {
  FaceModelFiles files;
  if (!request.detector || !request.landmarks) {
    ASSIGN_OR_RETURN(files, FindFaceModels(request.face_models));
  }
  ASSIGN_OR_RETURN(auto detector, request.detector ? OpenScrfd(*request.detector, request.engine)
                                                   : OpenBlazeFace(files, request.engine));
  ASSIGN_OR_RETURN(auto landmarker, request.landmarks ? OpenPfld(*request.landmarks, request.mean_face, request.engine)
                                                      : OpenFaceMesh(files, request.engine));
  return std::make_unique<FaceTracker>(std::move(detector), std::move(landmarker));
}

// The face that was given for frame `k` of the avatar.
size_t GivenAt(const CreateRequest& request, const Capture& capture, size_t k) {
  const int64_t source =
      SourceFrame(capture.first_frame + static_cast<int64_t>(k), capture.source.fps, capture.source.frames);
  return std::min(static_cast<size_t>(source), request.faces.rects.size() - 1);
}

// Rectangles that were given stay what they are, also where they are no squares.
void KeepOblong(const CreateRequest& request, const Capture& capture, FaceRects& made) {
  for (size_t k = 0; k < made.rects.size() && !request.faces.empty(); ++k) {
    const auto& given = request.faces.rects[GivenAt(request, capture, k)];
    if (!given || given->width == given->height) continue;
    made.rects[k] = MovedInside(*given, capture.source.width, capture.source.height);
    made.shifted[k] = made.rects[k] != *given;
  }
}

Path SourcePath(const CreateRequest& request) { return request.pictures ? request.pictures->path() : request.video; }

Result<FaceRects> RectsOf(const CreateRequest& request, const Capture& capture) {
  if (request.hand_rects) {
    ASSIGN_OR_RETURN(const std::string text, ReadTextFile(*request.hand_rects));
    auto rects = ParseHandRects(text, static_cast<int64_t>(capture.frames.size()));
    if (!rects.ok()) return std::move(rects).TakeError().Within("'" + request.hand_rects->string() + "'");
    FaceRects made;
    for (const Rect& rect : rects.value()) {
      made.rects.push_back(MovedInside(rect, capture.source.width, capture.source.height));
      made.shifted.push_back(made.rects.back() != rect);
    }
    return made;
  }
  std::vector<std::optional<FaceEdges>> edges;
  for (const FrameFacts& frame : capture.frames) edges.push_back(frame.edges);
  auto made = MakeFaceRects(edges, request.rule, capture.source.width, capture.source.height);
  if (made.ok() && request.rule == RectRule::kCompatible) KeepOblong(request, capture, made.value());
  if (made.ok()) return made;
  const bool none = std::ranges::none_of(edges, [](const auto& edge) { return edge.has_value(); });
  if (!none) return std::move(made).TakeError();
  return Error(ErrorCode::kInvalidInput, "no face was found in '" + SourcePath(request).string() +
                                             "'; film a single person facing the camera, or give --rects");
}

class Creation {
 public:
  Creation(const CreateRequest& request, AtomicFolder folder) : request_(request), folder_(std::move(folder)) {}

  Result<CreateReport> Run() {
    const Stopwatch watch;
    ASSIGN_OR_RETURN(networks_, FindNetworks(request_));
    ASSIGN_OR_RETURN(face_, GeometryOf(request_, networks_));
    RETURN_IF_ERROR(Look());
    RETURN_IF_ERROR(Listen());
    ASSIGN_OR_RETURN(rects_, RectsOf(request_, capture_));
    RETURN_IF_ERROR(WriteFiles());
    FillReport();
    report_.seconds = watch.ElapsedMs() / 1000;
    RETURN_IF_ERROR(WriteFileAtomically(path() / "create_report.json", report_.ToJson().Dump() + "\n"));
    RETURN_IF_ERROR(Verify());
    RETURN_IF_ERROR(CheckStop());
    RETURN_IF_ERROR(folder_.Commit());
    return std::move(report_);
  }

 private:
  const Path& path() const { return folder_.temporary_path(); }
  bool tracked() const { return !request_.hand_rects && request_.faces.empty(); }
  Status CheckStop() const { return request_.stop == nullptr ? Status() : request_.stop->Check(); }

  std::function<void(int64_t, int64_t)> ProgressOf(std::string_view what) const {
    if (!request_.progress) return {};
    return [this, what](int64_t done, int64_t total) { request_.progress(what, done, total); };
  }

  Status Look() {
    std::unique_ptr<FaceTracker> tracker;
    if (tracked()) {
      ASSIGN_OR_RETURN(tracker, OpenTracker(request_));
      report_.detector = tracker->detector().Describe();
      report_.landmarker = tracker->landmarker().Describe();
    }
    CaptureRequest capture;
    capture.source = request_.pictures ? *request_.pictures : PictureFiles{request_.video, {}, {}};
    capture.fps = request_.fps;
    capture.start_s = request_.start_s;
    capture.duration_s = request_.duration_s;
    capture.copy = path() / "full_body_video.mp4";
    capture.tracker = tracker.get();
    capture.progress = ProgressOf("faces");
    capture.stop = request_.stop;
    ASSIGN_OR_RETURN(capture_, CaptureVideo(capture));
    if (!request_.faces.empty()) TakeGivenFaces();
    return {};
  }

  void TakeGivenFaces() {
    for (size_t k = 0; k < capture_.frames.size(); ++k) {
      const size_t at = GivenAt(request_, capture_, k);
      const auto& rect = request_.faces.rects[at];
      if (!rect) continue;
      capture_.frames[k].edges =
          FaceEdges{static_cast<double>(rect->x), static_cast<double>(rect->right()), static_cast<double>(rect->y)};
      if (!request_.faces.points.empty()) capture_.frames[k].points = request_.faces.points[at];
    }
  }

  Status Listen() {
    if (!request_.audio && request_.video.empty()) return {};  // pictures are silent
    const Path& source = request_.audio ? *request_.audio : request_.video;
    ASSIGN_OR_RETURN(sound_, CaptureSound(source, capture_.first_frame, static_cast<int64_t>(capture_.frames.size()),
                                          path() / "aud.wav"));
    return CheckStop();
  }

  Status WriteFiles() {
    PackagePictures pictures;
    pictures.folder = path();
    pictures.full = capture_.copy.filename();
    pictures.rects = rects_.rects;
    pictures.facts = capture_.frames;
    pictures.face = face_;
    pictures.progress = ProgressOf("pictures");
    pictures.stop = request_.stop;
    RETURN_IF_ERROR(WritePackagePictures(pictures));
    if (tracked() || !request_.faces.points.empty()) RETURN_IF_ERROR(WriteLandmarkFiles(path(), capture_.frames));
    CreatedFacts facts;
    facts.full = capture_.copy.filename().string();
    facts.name = folder_.target_path().filename().string();
    facts.width = capture_.width;
    facts.height = capture_.height;
    facts.face = face_;
    facts.resting = report_.rests = MouthRests(capture_.frames);
    if (networks_.generator) {
      facts.has_generator = true;
      facts.audio_dims = networks_.binding->audio_dims;
      RETURN_IF_ERROR(WriteAvatarNetwork(*networks_.generator, path() / "checkpoint" / "model_best.onnx"));
    }
    if (networks_.audio_encoder) {
      RETURN_IF_ERROR(WriteAvatarNetwork(*networks_.audio_encoder, path() / "models" / "audio_encoder.onnx"));
    }
    if (request_.features) {
      ASSIGN_OR_RETURN(const auto bytes, ReadFile(*request_.features));
      RETURN_IF_ERROR(WriteFileAtomically(path() / request_.features->filename(), bytes));
    }
    return WritePackageJson(path(), rects_.rects, facts);
  }

  void FillReport() {
    report_.frames = static_cast<int64_t>(capture_.frames.size());
    report_.found = request_.hand_rects ? 0 : report_.frames - rects_.interpolated;
    report_.interpolated = rects_.interpolated;
    report_.width = capture_.width;
    report_.height = capture_.height;
    const auto [least, most] = std::ranges::minmax(rects_.rects, {}, &Rect::width);
    report_.side_min = least.width;
    report_.side_max = most.width;
    report_.source_fps = capture_.source.fps.AsDouble();
    report_.source_frames = capture_.source.frames;
    report_.rects = request_.hand_rects ? "by hand" : std::string(Name(request_.rule));
    if (!request_.faces.empty() && request_.rule == RectRule::kCompatible) report_.rects = "kept";
    report_.origin = request_.origin;
    report_.track_ms_per_frame = capture_.track_ms / static_cast<double>(report_.frames);
    report_.detail = MedianFaceDetail(capture_.frames);
    report_.has_sound = sound_.has_value();
    report_.has_generator = networks_.generator.has_value();
    report_.has_audio_encoder = networks_.audio_encoder.has_value();
    report_.warnings = CaptureWarnings({.frames = capture_.frames,
                                        .rects = rects_.rects,
                                        .shifted = rects_.shifted,
                                        .source_fps = capture_.source.fps,
                                        .sound = sound_,
                                        .tracked = tracked(),
                                        .roi_px = face_.roi_px()});
  }

  // What was written must be what a reader finds.
  Status Verify() const {
    auto avatar = Avatar::Open(path(), {});
    if (!avatar.ok()) return std::move(avatar).TakeError().Within("reading back what was written");
    if (avatar.value().rects() == rects_.rects) return {};
    return Error(ErrorCode::kCorrupted, "reading back what was written: the rectangles differ");
  }

  const CreateRequest& request_;
  AtomicFolder folder_;
  Networks networks_;
  FaceGeometry face_;
  Capture capture_;
  std::optional<SoundFacts> sound_;
  FaceRects rects_;
  CreateReport report_;
};

}  // namespace

Json CreateReport::ToJson() const {
  Json::Array texts(warnings.begin(), warnings.end());
  Json json = Json::Object({{"frames", frames},
                            {"found", found},
                            {"interpolated", interpolated},
                            {"width", width},
                            {"height", height},
                            {"side_min", side_min},
                            {"side_max", side_max},
                            {"source_fps", source_fps},
                            {"source_frames", source_frames},
                            {"rectangles", rects},
                            {"detector", detector},
                            {"landmarks", landmarker},
                            {"face_detail", detail},
                            {"resting", rests},
                            {"track_ms_per_frame", track_ms_per_frame},
                            {"seconds", seconds},
                            {"sound", has_sound},
                            {"generator", has_generator},
                            {"audio_encoder", has_audio_encoder},
                            {"warnings", std::move(texts)}});
  if (!origin.is_null()) json.Set("origin", origin);
  return json;
}

Result<CreateReport> CreateAvatar(const CreateRequest& request) {
  if (!request.pictures && request.video.empty()) {
    return Error(ErrorCode::kInvalidInput, "no video was given: its name is empty");
  }
  ASSIGN_OR_RETURN(AtomicFolder folder, AtomicFolder::Create(request.output));
  return Creation(request, std::move(folder)).Run();
}

}  // namespace lips
