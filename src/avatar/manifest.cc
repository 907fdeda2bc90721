#include "avatar/manifest.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include "base/json.h"

namespace lips {
namespace {

constexpr size_t kMaxDeclaredFiles = 1000;
constexpr size_t kSha256Digits = 64;

Result<Json> ParseObject(std::string_view text) {
  ASSIGN_OR_RETURN(Json document, ParseJson(text));
  if (!document.is_object()) return Error(ErrorCode::kCorrupted, "expected a JSON object");
  return document;
}

std::string StringMember(const Json& object, std::string_view key) {
  const Json* member = object.Find(key);
  return member == nullptr ? std::string() : member->as_string();
}

// A name that cannot lead out of the package, or nothing.
std::string InnerPath(const std::string& name) {
  const std::filesystem::path path(name);
  const bool harmless = !name.empty() && name.size() < 1000 && name.find('\0') == std::string::npos &&
                        name.find('\\') == std::string::npos && path.is_relative() &&
                        std::ranges::none_of(path, [](const auto& part) { return part == ".."; });
  return harmless ? name : std::string();
}

Result<std::optional<int64_t>> CountMember(const Json& object, std::string_view key) {
  const Json* member = object.Find(key);
  if (member == nullptr || !member->is_number()) return std::optional<int64_t>();
  const int64_t count = member->as_int();
  if (count < 0) {
    return Error(ErrorCode::kCorrupted, "'" + std::string(key) + "' is " + std::to_string(count));
  }
  return std::optional<int64_t>(count);
}

bool IsSha256(std::string_view text) {
  return text.size() == kSha256Digits &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The hash that belongs to member `key` = a file name of `object`: the one whose key starts like it
// ("generator" ~ "generator_sha256"), or the object's only one.
std::string HashBeside(const Json& object, std::string_view key) {
  std::string only;
  int hashes = 0;
  const std::string stem(key.substr(0, key.find('_')));
  for (const auto& [name, value] : object.members()) {
    if (!IsSha256(value.as_string())) continue;
    if (name.starts_with(stem)) return Lower(value.as_string());
    only = Lower(value.as_string());
    ++hashes;
  }
  return hashes == 1 ? only : std::string();
}

// The hash in the value of a member whose key is the file name itself.
std::string HashIn(const Json& value) {
  if (IsSha256(value.as_string())) return Lower(value.as_string());
  for (const auto& [name, inner] : value.members()) {
    if (IsSha256(inner.as_string())) return Lower(inner.as_string());
  }
  return {};
}

Status AddDeclared(const std::string& name, std::string sha256, std::vector<DeclaredFile>& files) {
  const std::string file = InnerPath(name);
  if (file.empty()) return {};
  const auto known = std::ranges::find(files, file, &DeclaredFile::file);
  if (known != files.end()) {
    if (known->sha256.empty()) known->sha256 = std::move(sha256);
    return {};
  }
  if (files.size() == kMaxDeclaredFiles) {
    return Error(ErrorCode::kResourceLimit, "more than " + std::to_string(kMaxDeclaredFiles) + " files are declared");
  }
  files.push_back({file, std::move(sha256)});
  return {};
}

// ParseJson bounds the depth.
Status CollectDeclared(const Json& json, std::vector<DeclaredFile>& files) {  // NOLINT(misc-no-recursion)
  for (const Json& element : json.array()) {
    if (element.as_string().ends_with(".onnx")) {
      RETURN_IF_ERROR(AddDeclared(element.as_string(), {}, files));
    } else {
      RETURN_IF_ERROR(CollectDeclared(element, files));
    }
  }
  for (const auto& [key, value] : json.members()) {
    if (key.ends_with(".onnx")) {
      RETURN_IF_ERROR(AddDeclared(key, HashIn(value), files));
    } else if (value.as_string().ends_with(".onnx")) {
      RETURN_IF_ERROR(AddDeclared(value.as_string(), HashBeside(json, key), files));
    }
    RETURN_IF_ERROR(CollectDeclared(value, files));
  }
  return {};
}

}  // namespace

Result<KeyColour> KeyColourFromJson(const Json& json) {
  KeyColour key;
  Status status = ParseKeyColour(StringMember(json, "colour"), key);
  for (const auto& [name, member] : {std::pair{"tolerance", &KeyColour::tolerance},
                                     {"softness", &KeyColour::softness},
                                     {"spill", &KeyColour::spill}}) {
    const Json* share = json.Find(name);
    if (share != nullptr) key.*member = share->is_number() ? share->as_double() : -1;
  }
  if (status.ok()) status = CheckKeyColour(key);
  if (!status.ok()) return Error(ErrorCode::kCorrupted, "'key': " + status.error().message());
  return key;
}

Json ToJson(const KeyColour& key) {
  return Json::Object(
      {{"colour", KeyColourText(key)}, {"tolerance", key.tolerance}, {"softness", key.softness}, {"spill", key.spill}});
}

const PackageManifest::Video* PackageManifest::Find(std::string_view role) const {
  const auto found = std::ranges::find(videos, role, &Video::role);
  return found == videos.end() ? nullptr : &*found;
}

Result<FrameMetadata> ParseFrameMetadata(std::string_view json) {
  ASSIGN_OR_RETURN(const Json document, ParseObject(json));
  FrameMetadata metadata;
  ASSIGN_OR_RETURN(metadata.processed_frames, CountMember(document, "processed_frames"));
  if (const Json* shape = document.Find("original_shape"); shape != nullptr && shape->array().size() >= 2) {
    const Json::Array& sides = shape->array();
    if (sides[0].is_number() && sides[1].is_number()) {
      metadata.width = sides[0].as_int();
      metadata.height = sides[1].as_int();
    }
  }
  if (const Json* indices = document.Find("frame_indices"); indices != nullptr && indices->is_array()) {
    metadata.frame_indices = static_cast<int64_t>(indices->array().size());
  }
  return metadata;
}

Result<PackageManifest> ParsePackageManifest(std::string_view json) {
  ASSIGN_OR_RETURN(const Json document, ParseObject(json));
  PackageManifest manifest;
  manifest.dataset_name = StringMember(document, "dataset_name");
  manifest.package_version = StringMember(document, "package_version");
  if (const Json* videos = document.Find("videos")) {
    for (const auto& [role, entry] : videos->members()) {
      PackageManifest::Video video;
      video.role = role;
      video.file = InnerPath(StringMember(entry, "video_file"));
      ASSIGN_OR_RETURN(video.frames, CountMember(entry, "frame_count"));
      if (const Json* fps = entry.Find("fps"); fps != nullptr && fps->as_double() >= 1 && fps->as_double() <= 240) {
        video.fps = fps->as_double();
      }
      manifest.videos.push_back(std::move(video));
    }
  }
  if (const Json* onnx = document.Find("onnx")) manifest.onnx_file = InnerPath(StringMember(*onnx, "file"));
  if (const Json* key = document.Find("key"); key != nullptr && !key->is_null()) {
    ASSIGN_OR_RETURN(manifest.key, KeyColourFromJson(*key));
  }
  if (const Json* resting = document.Find("resting")) manifest.resting = resting->as_bool();
  return manifest;
}

Result<std::vector<DeclaredFile>> ParseOnnxDistConfig(std::string_view json) {
  ASSIGN_OR_RETURN(const Json document, ParseObject(json));
  std::vector<DeclaredFile> files;
  RETURN_IF_ERROR(CollectDeclared(document, files));
  return files;
}

}  // namespace lips
