#include <algorithm>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "avatar/avatar.h"
#include "avatar/avatar_state.h"
#include "avatar/features_file.h"
#include "avatar/manifest.h"
#include "base/sha256.h"
#include "model/binding.h"
#include "model/onnx.h"

namespace lips {
namespace {

namespace fs = std::filesystem;

int64_t FileBytes(const Path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(bytes);
}

int64_t BytesOf(const PictureFiles& files) {
  if (files.pack != nullptr) {
    int64_t bytes = 0;
    const std::string prefix = files.is_video() ? files.video.string() : files.pictures->folder.string() + "/";
    for (const PackSection& section : files.pack->sections()) {
      if (section.name.starts_with(prefix)) bytes += section.bytes;
    }
    return bytes;
  }
  if (files.is_video()) return FileBytes(files.video);
  int64_t bytes = 0;
  for (int64_t frame = 0; frame < files.pictures->count(); ++frame) bytes += FileBytes(files.pictures->At(frame));
  return bytes;
}

// Everything under the folder; links are not followed.
int64_t BytesUnder(const Path& folder) {
  int64_t bytes = 0;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) bytes += FileBytes(entry->path());
  }
  return bytes;
}

Json Pictures(const PictureFiles& files) {
  return Json::Object({{"path", files.path().filename().string()},
                       {"kind", files.is_video() ? "video" : "pictures"},
                       {"bytes", BytesOf(files)}});
}

Json Corners(Rect rect) { return Json(Json::Array{rect.x, rect.y, rect.right(), rect.bottom()}); }

// A network: where it is and what its shapes say, or why it is not there.
template <typename Bind>
Json Model(const Path& package, const Result<FilePart>& file, Bind bind) {
  if (!file.ok()) return Json::Object({{"missing", file.error().message()}});
  const bool packed = !file.value().is_whole_file();
  Json model =
      Json::Object({{"path", packed ? file.value().name() : file.value().path().lexically_proximate(package).string()},
                    {"bytes", file.value().size()}});
  auto graph = ReadOnnx(file.value());
  if (!graph.ok()) {
    model.Set("fault", graph.error().message());
    return model;
  }
  auto binding = bind(graph.value());
  if (binding.ok()) {
    model.Set("binding", Describe(graph.value(), binding.value()));
  } else {
    model.Set("fault", binding.error().message());
  }
  return model;
}

Json Features(const Result<FilePart>& file) {
  if (!file.ok()) return {};
  Json features =
      Json::Object({{"path", Path(file.value().name()).filename().string()}, {"bytes", file.value().size()}});
  constexpr int kAveRowFloats = 512;
  if (auto track = ReadFeatures(file.value(), kAveRowFloats); track.ok()) features.Set("rows", track.value().count());
  return features;
}

Json Origin(const PackOrigin& origin) {
  return Json::Object({{"packed_from", origin.source},
                       {"packed_by", "lipstream " + origin.version},
                       {"date", origin.date},
                       {"template_format", origin.template_format},
                       {"template_level", origin.template_level}});
}

Status AddFileHash(const Path& path, Sha256& hash) {
  ASSIGN_OR_RETURN(const std::string digest, Sha256OfFile(path));
  hash.AddValues(std::span<const char>(digest));
  return {};
}

void AddRect(Rect rect, Sha256& hash) {
  const int32_t numbers[] = {rect.x, rect.y, rect.width, rect.height};
  hash.AddValues(std::span<const int32_t>(numbers));
}

}  // namespace

Json Avatar::Info() const {
  const State& state = *state_;
  std::vector<Rect> faces;
  std::ranges::copy_if(rects(), std::back_inserter(faces), [](const Rect& rect) { return rect.width > 0; });
  const auto sides = std::ranges::minmax(faces, {}, &Rect::width);  // Open has seen that there is one
  Json::Array available = {"derived"};
  if (state.has_package_inputs) available.emplace_back("package");
  Json::Array warnings;
  for (const std::string& warning : state.warnings) warnings.emplace_back(warning);
  const VideoInfo& v = video();
  const double fps = v.fps.AsDouble();
  Json info = Json::Object();
  info.Set("name", name());
  info.Set("layout", Name(layout()));
  info.Set(state.pack ? "pack" : "folder", path().string());
  if (state.pack) info.Set("origin", Origin(origin()));
  info.Set("width", v.width);
  info.Set("height", v.height);
  info.Set("fps", fps);
  info.Set("frames", v.frames);
  info.Set("alpha", v.alpha);
  if (state.key) info.Set("key", ToJson(*state.key));
  info.Set("resting", rests());
  info.Set("duration_s", static_cast<double>(v.frames) / fps);
  info.Set("full_frames", Pictures(state.sources.full));
  info.Set("rects", Json::Object({{"source", state.rects_source},
                                  {"side_min_px", sides.min.width},
                                  {"side_max_px", sides.max.width},
                                  {"frames_without_face", std::ssize(rects()) - std::ssize(faces)}}));
  info.Set("face_px", face().roi_px());
  info.Set("mask", Json::Object({{"rect", Corners(mask())}, {"known", state.mask_measured ? "measured" : "default"}}));
  info.Set("inputs",
           Json::Object({{"available", std::move(available)},
                         {"used", state.sources.package ? "package" : "derived"},
                         {"crop", state.sources.package && state.sources.package->crop ? "package" : "derived"}}));
  info.Set("models", Json::Object({{"generator", Model(path(), generator_model(), BindGenerator)},
                                   {"audio_encoder", Model(path(), audio_encoder_model(), BindEncoder)}}));
  info.Set("features", Features(packaged_features()));
  info.Set("bytes", state.pack ? state.pack->size() : BytesUnder(path()));
  info.Set("warnings", std::move(warnings));
  return info;
}

Result<std::string> Avatar::ContentHash() const {
  if (state_->pack != nullptr) return state_->facts.content_sha256;
  // Digests of files rather than their bytes in a row, so that moving a byte from one file to the next shows.
  Sha256 hash;
  const PictureFiles& full = state_->sources.full;
  if (full.is_video()) {
    RETURN_IF_ERROR(AddFileHash(full.video, hash));
  } else {
    for (int64_t frame = 0; frame < full.pictures->count(); ++frame) {
      RETURN_IF_ERROR(AddFileHash(full.pictures->At(frame), hash));
    }
  }
  for (const Rect& rect : rects()) AddRect(rect, hash);
  AddRect(mask(), hash);
  return hash.Hex();
}

}  // namespace lips
