#include <algorithm>
#include <string>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/avatar_state.h"
#include "avatar/crop_rects.h"
#include "avatar/pack_writer.h"
#include "base/sha256.h"
#include "model/onnx.h"

namespace lips {
namespace {

constexpr size_t kMaxManifestBytes = size_t{16} << 20;
constexpr size_t kMaxRectsBytes = size_t{16} << 20;  // 10^6 frames

// A set of pictures inside the pack.
Result<PictureFiles> PackedPictures(std::shared_ptr<const PackFile> pack, const std::string& section, bool is_video) {
  PictureFiles files;
  if (is_video) {
    files.video = section;
  } else {
    NumberedFiles numbered;
    numbered.folder = Path(section).parent_path();
    for (const PackSection& one : pack->sections()) {
      if (one.name.starts_with(section)) numbered.names.push_back(one.name.substr(section.size()));
    }
    if (numbered.names.empty()) return Error(ErrorCode::kCorrupted, "there are no sections '" + section + "'");
    files.pictures = std::move(numbered);
  }
  files.pack = std::move(pack);
  return files;
}

// The file's own name where a section may be called like it.
std::string SectionName(const std::string& role, const Path& file, const std::string& otherwise) {
  const std::string name = role + "/" + file.filename().string();
  const bool proper = name.size() < 64 && std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
  return proper ? name : role + "/" + otherwise;
}

// Gives the name that PackFacts wants.
Result<std::string> AddPictures(PackWriter& pack, const std::string& role, const PictureFiles& files, int64_t frames) {
  if (files.is_video()) {
    const std::string name = SectionName(role, files.video, "video");
    ASSIGN_OR_RETURN(const FilePart video, FilePart::Open(files.video));
    RETURN_IF_ERROR(pack.Add(name, video));
    return name;
  }
  for (int64_t frame = 0; frame < std::min(frames, files.pictures->count()); ++frame) {
    ASSIGN_OR_RETURN(const FilePart picture, FilePart::Open(files.pictures->At(frame)));
    const std::string otherwise = std::to_string(frame) + files.pictures->At(frame).extension().string();
    RETURN_IF_ERROR(pack.Add(SectionName(role, files.pictures->At(frame), otherwise), picture));
  }
  return role + "/";
}

// The network as it is; one whose weights lie in another file is made whole first. Gives its SHA-256.
Result<std::string> AddModel(PackWriter& pack, const char* section, const FilePart& model) {
  ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, model.ReadAll());
  if (ParseOnnx(bytes).ok()) {
    RETURN_IF_ERROR(pack.Add(section, bytes));
    return Sha256Hex(bytes);
  }
  ASSIGN_OR_RETURN(const Graph graph, ReadOnnx(model));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> whole, SerializeOnnx(graph));
  RETURN_IF_ERROR(pack.Add(section, whole));
  return Sha256Hex(whole);
}

}  // namespace

Status Avatar::State::FillFromPack() {
  ASSIGN_OR_RETURN(pack, PackFile::Open(files.folder));
  ASSIGN_OR_RETURN(const FilePart manifest, pack->Part(kManifestSection));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> json, manifest.ReadAll(kMaxManifestBytes));
  auto parsed = ParsePackFacts({reinterpret_cast<const char*>(json.data()), json.size()});
  if (!parsed.ok()) return std::move(parsed).TakeError().Within("'" + manifest.name() + "'");
  facts = std::move(parsed).value();
  name = facts.name;
  files.layout = facts.layout;
  warnings = facts.warnings;
  video = facts.video;
  key = facts.key;
  resting = facts.resting;
  rects_source = facts.rects_source;
  ASSIGN_OR_RETURN(const FilePart rects, pack->Part(kRectsSection));
  ASSIGN_OR_RETURN(const std::vector<uint8_t> numbers, rects.ReadAll(kMaxRectsBytes));
  auto list = ParsePackRects(numbers, video.frames);
  Status inside = list.ok() ? CheckInside(list.value(), video.width, video.height) : std::move(list).TakeError();
  if (!inside.ok()) return std::move(inside).TakeError().Within("'" + rects.name() + "'");
  sources.rects = std::move(list).value();
  ASSIGN_OR_RETURN(sources.full, PackedPictures(pack, facts.full, facts.full_is_video));
  files.full = {sources.full};
  if (!facts.roi.empty()) {
    ASSIGN_OR_RETURN(files.roi, PackedPictures(pack, facts.roi, facts.roi_is_video));
  }
  if (!facts.masked.empty()) {
    ASSIGN_OR_RETURN(files.masked, PackedPictures(pack, facts.masked, facts.masked_is_video));
  }
  if (!facts.crop.empty()) {
    ASSIGN_OR_RETURN(files.crop, PackedPictures(pack, facts.crop, facts.crop_is_video));
  }
  return ChooseInputs(facts.inputs);
}

Status Avatar::WriteTo(PackWriter& pack, const PackOrigin& origin) const {
  const State& state = *state_;
  if (state.pack != nullptr) {
    return Error(ErrorCode::kInvalidInput, "'" + path().string() + "' is a pack already; give the avatar's folder");
  }
  PackFacts facts;
  facts.name = name();
  facts.layout = layout();
  ASSIGN_OR_RETURN(facts.content_sha256, ContentHash());
  facts.video = video();
  facts.key = key();
  facts.resting = state.resting;
  facts.rects_source = state.rects_source;
  facts.warnings = state.warnings;
  facts.inputs = state.inputs;
  facts.generator_face_px = state.FaceOfGenerator().roi_px();
  facts.origin = origin;
  const int64_t frames = facts.video.frames;
  const auto add = [&](const std::string& role, const PictureFiles& files, std::string& section,
                       bool& is_video) -> Status {
    is_video = files.is_video();
    ASSIGN_OR_RETURN(section, AddPictures(pack, role, files, frames));
    return {};
  };
  RETURN_IF_ERROR(add("full", state.sources.full, facts.full, facts.full_is_video));
  if (state.inputs.usable) {
    RETURN_IF_ERROR(add("roi", *state.files.roi, facts.roi, facts.roi_is_video));
    RETURN_IF_ERROR(add("masked", *state.files.masked, facts.masked, facts.masked_is_video));
    if (state.inputs.has_crop) RETURN_IF_ERROR(add("crop", *state.files.crop, facts.crop, facts.crop_is_video));
  }
  if (state.mask_measured) facts.mask = mask();
  RETURN_IF_ERROR(pack.Add(kRectsSection, EncodePackRects(rects())));
  // A network may be missing: rendering then says so, or is given one.
  if (const auto model = generator_model(); model.ok()) {
    ASSIGN_OR_RETURN(facts.generator_sha256, AddModel(pack, kGeneratorSection, model.value()));
  }
  if (const auto model = audio_encoder_model(); model.ok()) {
    ASSIGN_OR_RETURN(facts.encoder_sha256, AddModel(pack, kEncoderSection, model.value()));
  }
  if (!state.files.features.empty()) {
    ASSIGN_OR_RETURN(const FilePart features, packaged_features());
    RETURN_IF_ERROR(pack.Add(kFeaturesSection, features));
  }
  return pack.Add(kManifestSection, std::string_view(ToJson(facts).Dump() + "\n"));
}

std::shared_ptr<const PackFile> Avatar::pack() const { return state_->pack; }
const PackOrigin& Avatar::origin() const { return state_->facts.origin; }

}  // namespace lips
