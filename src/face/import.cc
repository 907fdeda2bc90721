#include "face/import.h"

#include <utility>

#include "face/avatar_network.h"
#include "face/capture.h"
#include "face/import_source.h"
#include "model/binding.h"

namespace lips {
namespace {

std::string Shown(const Path& file, const Path& source) {
  const Path inside = file.lexically_relative(source);
  return (inside.empty() || *inside.begin() == ".." ? file.filename() : inside).string();
}

// Whether the network at `file` is one of ours; says so in `source`.
template <typename Bind>
bool TryNetwork(const Path& file, const Path& folder, const std::string& what, Bind bind, ImportSource& source) {
  const auto lose = [&](const Error& error) {
    source.lost.push_back(Shown(file, folder) + ": " + error.message());
    return false;
  };
  const auto network = OpenAvatarNetwork(file, source.hubert);
  if (!network.ok()) return lose(network.error());
  const auto binding = bind(network.value().graph);
  if (!binding.ok()) return lose(binding.error());
  source.kept.push_back(Shown(file, folder) + ": " + what + (network.value().converted ? ", converted" : ""));
  return true;
}

void TakeNetworks(const ImportRequest& request, ImportSource& source, CreateRequest& create) {
  create.hubert = create.hubert || source.hubert;
  const bool told = create.generator || create.from;
  if (!source.generator.empty() && told) {
    source.lost.push_back(Shown(source.generator, request.source) + ": another generator was asked for");
  } else if (!source.generator.empty() &&
             TryNetwork(source.generator, request.source, "generator", BindGenerator, source)) {
    create.generator = source.generator;
  }
  if (source.audio_encoder.empty() || create.audio_encoder || create.from) return;
  if (TryNetwork(source.audio_encoder, request.source, "audio encoder", BindEncoder, source)) {
    create.audio_encoder = source.audio_encoder;
  }
}

// Features are rows at 25 per second, so they fit when every frame is shown once.
void TakeFeatures(const ImportRequest& request, ImportSource& source, CreateRequest& create) {
  if (source.features.empty()) return;
  const std::string name = Shown(source.features, request.source);
  const bool whole = create.start_s == 0 && !request.create.duration_s;
  if (whole && (!create.fps || *create.fps == kAvatarRate)) {
    create.features = source.features;
    source.kept.push_back(name + ": packaged features");
  } else {
    source.lost.push_back(name + ": its rows are those of the whole source at 25 frames per second");
  }
}

Json Words(const std::vector<std::string>& lines) { return Json::Array(lines.begin(), lines.end()); }

}  // namespace

Result<ImportReport> ImportAvatar(const ImportRequest& request) {
  const bool keep = request.rects != ImportRects::kFind && !request.create.hand_rects;
  ASSIGN_OR_RETURN(ImportSource source, FindImportSource(request.source, request.boxes, request.box_order, keep));
  CreateRequest create = request.create;
  create.pictures = source.pictures;
  create.video = source.pictures.is_video() ? source.pictures.video : Path();
  if (!create.fps) create.fps = source.fps;
  if (!create.audio && !source.audio.empty()) create.audio = source.audio;
  if (create.audio == create.video) create.audio.reset();
  if (keep) {
    create.faces = std::move(source.faces);
    create.rule = request.rects == ImportRects::kSmooth ? RectRule::kSmooth : RectRule::kCompatible;
  }
  if (source.frames && !create.duration_s) {
    create.duration_s =
        static_cast<double>(*source.frames) / create.fps.value_or(kAvatarRate).AsDouble() - create.start_s;
  }
  TakeNetworks(request, source, create);
  TakeFeatures(request, source, create);
  create.origin = Json::Object({{"layout", source.layout}, {"kept", Words(source.kept)}, {"lost", Words(source.lost)}});
  ImportReport report;
  ASSIGN_OR_RETURN(report.created, CreateAvatar(create));
  report.layout = std::move(source.layout);
  report.kept = std::move(source.kept);
  report.lost = std::move(source.lost);
  return report;
}

}  // namespace lips
