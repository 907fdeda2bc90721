#include "avatar/avatar.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "avatar/avatar_state.h"
#include "avatar/crop_rects.h"
#include "avatar/full_frames.h"
#include "avatar/model_files.h"
#include "avatar/package_inputs.h"
#include "avatar/template_rects.h"
#include "base/log.h"
#include "model/binding.h"
#include "model/onnx.h"

namespace lips {
namespace {

std::string FolderName(const Path& folder) {
  const Path path = folder.lexically_normal();
  return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
}

// The generator's own picture size, or the family's usual one where there is no readable generator; its engine will
// say what is wrong with it.
FaceGeometry FaceOfGenerator(const PackageFiles& files, const AvatarOptions& options) {
  Result<Path> path = options.model ? Result<Path>(*options.model) : FindGenerator(files);
  if (!path.ok()) return kFace320;
  const auto graph = ReadOnnx(path.value());
  if (!graph.ok()) return kFace320;
  const auto binding = BindGenerator(graph.value());
  return binding.ok() ? FaceOfRoi(binding.value().size_px).value_or(kFace320) : kFace320;
}

Result<FaceGeometry> ChooseFace(const PackageFiles& files, const AvatarOptions& options,
                                std::optional<FaceGeometry> pictures) {
  if (options.face_px != 0) {
    const auto face = FaceOfRoi(options.face_px);
    if (!face) {
      return Error(ErrorCode::kInvalidInput,
                   "face size " + std::to_string(options.face_px) + " px; only 320 and 160 exist");
    }
    return *face;
  }
  return pictures ? *pictures : FaceOfGenerator(files, options);
}

}  // namespace

std::string_view Name(AvatarLayout layout) {
  switch (layout) {
    case AvatarLayout::kPackage2: return "package 2.0";
    case AvatarLayout::kTest: return "test";
    case AvatarLayout::kFlattenedOnnx: return "flattened ONNX";
    case AvatarLayout::kTrainingTree: return "training tree";
    case AvatarLayout::kOld: return "old";
  }
  return "unknown";
}

Avatar::Avatar(std::unique_ptr<State> state) : state_(std::move(state)) {}
Avatar::Avatar(Avatar&&) noexcept = default;
Avatar& Avatar::operator=(Avatar&&) noexcept = default;
Avatar::~Avatar() = default;

Status Avatar::State::ChooseInputs() {
  ASSIGN_OR_RETURN(const PackageInputs inputs, ExaminePackageInputs(files, video.frames, options.decode_threads));
  ASSIGN_OR_RETURN(sources.face, ChooseFace(files, options, inputs.face));
  const bool same_size = inputs.face && inputs.face->crop_px == sources.face.crop_px;
  has_package_inputs = inputs.usable && same_size;
  std::string why_not = inputs.why_not;
  if (inputs.usable && !same_size) {
    why_not = "the package's pictures have " + std::to_string(inputs.face->roi_px()) + " px; the model takes " +
              std::to_string(sources.face.roi_px());
  }
  if (options.inputs == InputSource::kPackage && !has_package_inputs) {
    return Error(ErrorCode::kInvalidInput, "inputs from the package were asked for, but " + why_not);
  }
  if (!has_package_inputs && files.roi && files.masked) warnings.push_back("inputs are derived: " + why_not);
  sources.mask = DefaultMask(sources.face);
  if (!has_package_inputs) return {};
  auto mask = MeasureMask(*files.roi, *files.masked, options.decode_threads);
  mask_measured = mask.ok();
  if (mask.ok()) {
    sources.mask = mask.value();
  } else if (options.inputs != InputSource::kDerived) {
    return Error(mask.error().code(), mask.error().message() + "; derived inputs do without these pictures");
  } else {
    warnings.push_back(mask.error().message());
  }
  if (options.inputs == InputSource::kDerived) return {};
  sources.package = TemplateSources::Pictures{*files.roi, *files.masked, {}};
  if (inputs.has_crop) sources.package->crop = files.crop;
  return {};
}

Status Avatar::State::Fill() {
  ASSIGN_OR_RETURN(files, FindPackageFiles(files.folder));
  warnings = files.faults;
  name = files.manifest.dataset_name.empty() ? FolderName(files.folder) : files.manifest.dataset_name;
  ASSIGN_OR_RETURN(TemplateRects rects, ReadTemplateRects(files));
  rects_source = rects.source;
  ASSIGN_OR_RETURN(const FullFrames full,
                   ChooseFullFrames(files, static_cast<int64_t>(rects.rects.size()), options.decode_threads));
  if (!full.disagreement.empty()) warnings.push_back(full.disagreement);
  video = full.info;
  video.frames = std::min(full.info.frames, static_cast<int64_t>(rects.rects.size()));
  rects.rects.resize(static_cast<size_t>(video.frames));
  if (Status inside = CheckInside(rects.rects, video.width, video.height); !inside.ok()) {
    return std::move(inside).TakeError().Within(rects_source);
  }
  sources.full = full.files;
  sources.rects = std::move(rects.rects);
  return ChooseInputs();
}

Result<Avatar> Avatar::Open(const Path& folder, const AvatarOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->files.folder = folder;
  if (Status filled = state->Fill(); !filled.ok()) {
    return std::move(filled).TakeError().Within("avatar '" + FolderName(folder) + "'");
  }
  for (const std::string& warning : state->warnings) {
    Log(LogLevel::kWarning, "avatar is not as expected", {{"avatar", state->name}, {"found", warning}});
  }
  return Avatar(std::move(state));
}

const std::string& Avatar::name() const { return state_->name; }
const Path& Avatar::folder() const { return state_->files.folder; }
AvatarLayout Avatar::layout() const { return state_->files.layout; }
const VideoInfo& Avatar::video() const { return state_->video; }
FaceGeometry Avatar::face() const { return state_->sources.face; }
Rect Avatar::mask() const { return state_->sources.mask; }
const std::vector<Rect>& Avatar::rects() const { return state_->sources.rects; }
bool Avatar::has_package_inputs() const { return state_->has_package_inputs; }

Result<Path> Avatar::generator_model() const {
  if (state_->options.model) return *state_->options.model;
  auto found = FindGenerator(state_->files);
  if (!found.ok()) return std::move(found).TakeError().Within("avatar '" + name() + "'");
  return found;
}

Result<Path> Avatar::audio_encoder_model() const {
  if (state_->options.audio_encoder) return *state_->options.audio_encoder;
  auto found = FindAudioEncoder(state_->files);
  if (!found.ok()) return std::move(found).TakeError().Within("avatar '" + name() + "'");
  return found;
}

std::optional<Path> Avatar::packaged_features() const {
  if (state_->files.features.empty()) return std::nullopt;
  return state_->files.features;
}

Result<std::unique_ptr<TemplateReader>> Avatar::OpenTemplates() const {
  auto reader =
      OpenTemplateReader(state_->sources, state_->options.decode_budget_bytes, state_->options.decode_threads);
  if (!reader.ok()) return std::move(reader).TakeError().Within("avatar '" + name() + "'");
  return reader;
}

}  // namespace lips
