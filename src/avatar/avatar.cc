#include "avatar/avatar.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "avatar/avatar_state.h"
#include "avatar/crop_rects.h"
#include "avatar/full_frames.h"
#include "avatar/model_files.h"
#include "avatar/package_inputs.h"
#include "avatar/steady_rects.h"
#include "avatar/template_rects.h"
#include "base/log.h"
#include "base/sha256.h"
#include "model/binding.h"
#include "model/onnx.h"

namespace lips {
namespace {

std::string FolderName(const Path& folder) {
  const Path path = folder.lexically_normal();
  return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
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

std::string_view Name(Rectangles rectangles) { return rectangles == Rectangles::kSmooth ? "smooth" : "package"; }

Avatar::Avatar(std::unique_ptr<State> state) : state_(std::move(state)) {}
Avatar::Avatar(Avatar&&) noexcept = default;
Avatar& Avatar::operator=(Avatar&&) noexcept = default;
Avatar::~Avatar() = default;

// The generator's own picture size, or the family's usual one where there is no readable generator; its engine will
// say what is wrong with it.
FaceGeometry Avatar::State::FaceOfGenerator() const {
  if (pack != nullptr && !options.model) return FaceOfRoi(facts.generator_face_px).value_or(kFace320);
  Result<Path> path = options.model ? Result<Path>(*options.model) : FindGenerator(files);
  if (!path.ok()) return kFace320;
  const auto graph = ReadOnnx(path.value());
  if (!graph.ok()) return kFace320;
  const auto binding = BindGenerator(graph.value());
  return binding.ok() ? FaceOfRoi(binding.value().size_px).value_or(kFace320) : kFace320;
}

Result<Rect> Avatar::State::FindMask() const {
  if (pack == nullptr) return MeasureMask(*files.roi, *files.masked, options.decode_threads);
  if (facts.mask) return *facts.mask;
  return Error(ErrorCode::kCorrupted, "the pack states no mask for its pictures");
}

void Avatar::State::ChoosePlaces() {
  sources.places.assign(sources.rects.begin(), sources.rects.end());
  if (options.rectangles == Rectangles::kPackage) return;
  const std::vector<Place> steady = SteadyRects(sources.rects);
  for (size_t i = 0; i < steady.size(); ++i) {
    if (sources.rects[i].width > 0) sources.places[i] = steady[i];
  }
}

Status Avatar::State::ChooseInputs(const PackageInputs& found) {
  const bool smooth = options.rectangles == Rectangles::kSmooth;
  if (smooth && options.inputs == InputSource::kPackage) {
    return Error(ErrorCode::kInvalidInput,
                 "the package's own inputs lie in its own rectangles, but smooth ones were asked for; derived inputs "
                 "go with those");
  }
  ChoosePlaces();
  inputs = found;
  if (options.face_px != 0) {
    const auto face = FaceOfRoi(options.face_px);
    if (!face) {
      return Error(ErrorCode::kInvalidInput,
                   "face size " + std::to_string(options.face_px) + " px; only 320 and 160 exist");
    }
    sources.face = *face;
  } else {
    sources.face = inputs.face ? *inputs.face : FaceOfGenerator();
  }
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
  auto mask = FindMask();
  mask_measured = mask.ok();
  if (mask.ok()) {
    sources.mask = mask.value();
  } else if (options.inputs != InputSource::kDerived) {
    return Error(mask.error().code(), mask.error().message() + "; derived inputs do without these pictures");
  } else {
    warnings.push_back(mask.error().message());
  }
  if (options.inputs == InputSource::kDerived || smooth) return {};
  sources.package = TemplateSources::Pictures{*files.roi, *files.masked, {}};
  if (inputs.has_crop) sources.package->crop = files.crop;
  return {};
}

Status Avatar::State::Fill() {
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(files.folder, ignored);
  return is_file && PackFile::Recognises(files.folder) ? FillFromPack() : FillFromFolder();
}

Status Avatar::State::FillFromFolder() {
  ASSIGN_OR_RETURN(files, FindPackageFiles(files.folder));
  warnings = files.faults;
  name = files.manifest.dataset_name.empty() ? FolderName(files.folder) : files.manifest.dataset_name;
  ASSIGN_OR_RETURN(TemplateRects rects, ReadTemplateRects(files));
  rects_source = rects.source;
  ASSIGN_OR_RETURN(const FullFrames full,
                   ChooseFullFrames(files, static_cast<int64_t>(rects.rects.size()), options.decode_threads));
  if (!full.disagreement.empty()) warnings.push_back(full.disagreement);
  video = full.info;
  key = files.manifest.key;
  resting = files.manifest.resting;
  video.frames = std::min(full.info.frames, static_cast<int64_t>(rects.rects.size()));
  rects.rects.resize(static_cast<size_t>(video.frames));
  const int64_t without_face = DropOutside(rects.rects, video.width, video.height);
  if (without_face == video.frames) {
    return Error(ErrorCode::kInvalidInput, rects_source + ": no frame has a face");
  }
  if (without_face > 0) {
    warnings.push_back(std::to_string(without_face) + " of " + std::to_string(video.frames) +
                       " frames have no face, or one that is partly outside the picture: they stay as they are");
  }
  if (Status inside = CheckInside(rects.rects, video.width, video.height); !inside.ok()) {
    return std::move(inside).TakeError().Within(rects_source);
  }
  sources.full = full.files;
  sources.rects = std::move(rects.rects);
  ASSIGN_OR_RETURN(const PackageInputs found, ExaminePackageInputs(files, video.frames, options.decode_threads));
  return ChooseInputs(found);
}

Result<FilePart> Avatar::State::Model(const std::optional<Path>& chosen, const char* section, const char* kind,
                                      Result<Path> (*find)(const PackageFiles&)) const {
  if (chosen) return FilePart::Open(*chosen);
  if (pack == nullptr) {
    ASSIGN_OR_RETURN(const Path path, find(files));
    return FilePart::Open(path);
  }
  if (pack->Find(section) != nullptr) return pack->Part(section);
  return Error(ErrorCode::kIo, "no " + std::string(kind) + " model: '" + files.folder.string() +
                                   "' was packed without one; pack it again, or name one");
}

Result<Avatar> Avatar::Open(const Path& path, const AvatarOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->files.folder = path;
  if (Status filled = state->Fill(); !filled.ok()) {
    return std::move(filled).TakeError().Within("avatar '" + FolderName(path) + "'");
  }
  for (const std::string& warning : state->warnings) {
    Log(LogLevel::kWarning, "avatar is not as expected", {{"avatar", state->name}, {"found", warning}});
  }
  return Avatar(std::move(state));
}

const std::string& Avatar::name() const { return state_->name; }
const Path& Avatar::path() const { return state_->files.folder; }
AvatarLayout Avatar::layout() const { return state_->files.layout; }
const VideoInfo& Avatar::video() const { return state_->video; }
const std::optional<KeyColour>& Avatar::key() const { return state_->key; }
bool Avatar::rests() const { return state_->options.rests.value_or(state_->resting); }
FaceGeometry Avatar::face() const { return state_->sources.face; }
Rect Avatar::mask() const { return state_->sources.mask; }
const std::vector<Rect>& Avatar::rects() const { return state_->sources.rects; }
const std::vector<Place>& Avatar::places() const { return state_->sources.places; }
Rectangles Avatar::rectangles() const { return state_->options.rectangles; }
bool Avatar::uses_package_inputs() const { return state_->sources.package.has_value(); }
bool Avatar::has_package_inputs() const { return state_->has_package_inputs; }

Result<FilePart> Avatar::generator_model() const {
  auto found = state_->Model(state_->options.model, kGeneratorSection, "generator", FindGenerator);
  if (!found.ok()) return std::move(found).TakeError().Within("avatar '" + name() + "'");
  return found;
}

Result<FilePart> Avatar::audio_encoder_model() const {
  auto found = state_->Model(state_->options.audio_encoder, kEncoderSection, "audio encoder", FindAudioEncoder);
  if (!found.ok()) return std::move(found).TakeError().Within("avatar '" + name() + "'");
  return found;
}

Result<std::string> Avatar::HashOf(const FilePart& model) const {
  if (state_->pack != nullptr) {
    for (const PackSection& section : state_->pack->sections()) {
      if (model.name() == state_->pack->NameOf(section)) return section.sha256_hex();
    }
  }
  return Sha256Of(model);
}

Result<FilePart> Avatar::packaged_features() const {
  if (state_->pack != nullptr && state_->pack->Find(kFeaturesSection) != nullptr) {
    return state_->pack->Part(kFeaturesSection);
  }
  if (!state_->files.features.empty()) return FilePart::Open(state_->files.features);
  return Error(ErrorCode::kIo, "avatar '" + name() + "' holds no audio features");
}

Result<std::unique_ptr<TemplateReader>> Avatar::OpenTemplates() const {
  auto reader =
      OpenTemplateReader(state_->sources, state_->options.decode_budget_bytes, state_->options.decode_threads);
  if (!reader.ok()) return std::move(reader).TakeError().Within("avatar '" + name() + "'");
  return reader;
}

}  // namespace lips
