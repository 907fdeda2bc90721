#include "render/pack.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "avatar/pack_facts.h"
#include "avatar/pack_writer.h"
#include "base/log.h"
#include "base/version.h"
#include "engine/template_level.h"
#include "render/job.h"
#include "talker/face_samples.h"
#include "talker/packed_network.h"

namespace lips {
namespace {

constexpr size_t kUsualBudget = size_t{4} << 30;  // of template caches, where memory allows

std::string FolderName(const Path& folder) {
  const Path path = folder.lexically_normal();
  return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
}

Status AddTemplates(const PackRequest& request, const Avatar& avatar, Generator& generator, PackWriter& pack,
                    PackReport& report) {
  ASSIGN_OR_RETURN(const auto templates, avatar.OpenTemplates());
  RETURN_IF_ERROR(pack.BeginBlobs(kTemplatesName));
  TemplateFace face;
  std::unique_ptr<Generator::Template> prepared;
  const int64_t frames = avatar.video().frames;
  for (int64_t frame = 0; frame < frames; ++frame) {
    if (request.stop != nullptr) RETURN_IF_ERROR(request.stop->Check());
    RETURN_IF_ERROR(templates->Read(frame, face));
    ASSIGN_OR_RETURN(prepared,
                     generator.Prepare(face.inputs.roi.view(), face.inputs.masked.view(), std::move(prepared)));
    RETURN_IF_ERROR(pack.AddBlob(prepared->blob()));
    report.template_bytes += static_cast<int64_t>(prepared->blob().size());
    ++report.templates;
    if (request.progress) request.progress(frame + 1, frames);
  }
  return pack.EndBlobs();
}

// What the engine makes of the avatar's network at once; nothing where there is no network, or no steps for it.
Result<NetworkParts> PackNetwork(const Avatar& avatar, const GeneratorOptions& options) {
  const auto model = avatar.generator_model();
  if (!model.ok() || options.session.backend != Backend::kCpu) return NetworkParts();
  auto parts = StoreGenerator(model.value(), options);
  if (parts.ok() || parts.error().code() != ErrorCode::kUnsupported) return parts;
  Log(LogLevel::kWarning, "the network is not packed", {{"why", parts.error().message()}});
  return NetworkParts();
}

// How much of each frame a long session over this avatar keeps.
TemplateLevel UsualLevel(const Avatar& avatar, const SessionOptions& session) {
  return ChooseTemplateLevel(avatar.face().roi_px(), session, avatar.video().frames, kUsualBudget);
}

// Opened for the network the avatar has, which must fit its pictures.
Result<std::unique_ptr<Generator>> OpenFor(const Avatar& avatar, const PackRequest& request) {
  GeneratorOptions options = request.engine;
  options.template_level = *request.templates;
  std::unique_ptr<Generator> generator;
  if (options.session.backend == Backend::kNull) {
    ASSIGN_OR_RETURN(generator, OpenGenerator(Path(), options));
  } else {
    ASSIGN_OR_RETURN(const FilePart model, avatar.generator_model());
    ASSIGN_OR_RETURN(generator, OpenGenerator(model, options));
  }
  if (generator->TemplateFormat().empty()) {
    return Error(ErrorCode::kUnsupported, "templates of engine " + generator->Describe() +
                                              " cannot be stored; choose --engine cpu or --features none");
  }
  if (generator->size_px() != avatar.face().roi_px()) {
    return Error(ErrorCode::kInvalidInput, "the network works on " + std::to_string(generator->size_px()) +
                                               " px faces, but the avatar's pictures are " +
                                               std::to_string(avatar.face().roi_px()) + " px");
  }
  return generator;
}

}  // namespace

Result<PackReport> PackAvatar(const PackRequest& request) {
  JobRequest job;
  job.avatar = request.avatar;
  RETURN_IF_ERROR(CheckOutputPath(job, request.output));
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(request.avatar, {.rectangles = request.rectangles}));
  if (avatar.pack() != nullptr) {
    return Error(ErrorCode::kInvalidInput,
                 "'" + request.avatar.string() + "' is a pack already; give the folder it was made of");
  }
  PackReport report;
  PackOrigin origin;
  origin.source = FolderName(request.avatar);
  origin.version = Version();
  origin.date = request.date;
  ASSIGN_OR_RETURN(PackWriter pack, PackWriter::Create(request.output));
  PackRequest prepared = request;
  GeneratorOptions& options = prepared.engine;
  options.template_level = request.templates ? *request.templates : UsualLevel(avatar, request.engine.session);
  RETURN_IF_ERROR(UseFaceSamples(avatar, options));
  ASSIGN_OR_RETURN(const NetworkParts network, PackNetwork(avatar, options));
  if (!network.empty()) origin.network_level = static_cast<int>(options.template_level);
  RETURN_IF_ERROR(AddPackedNetwork(network, pack));
  for (const auto& [part, bytes] : network) report.network_bytes += static_cast<int64_t>(bytes.size());
  if (request.templates) {
    ASSIGN_OR_RETURN(const auto generator, OpenFor(avatar, prepared));
    report.engine = generator->Describe();
    origin.template_format = generator->TemplateFormat();
    origin.template_level = static_cast<int>(*request.templates);
    origin.template_package_inputs = avatar.uses_package_inputs();
    origin.template_smooth_rects = avatar.rectangles() == Rectangles::kSmooth;
    RETURN_IF_ERROR(AddTemplates(prepared, avatar, *generator, pack, report));
  }
  RETURN_IF_ERROR(avatar.WriteTo(pack, origin));
  RETURN_IF_ERROR(pack.Finish());
  std::error_code ignored;
  report.bytes = static_cast<int64_t>(std::filesystem::file_size(request.output, ignored));
  return report;
}

}  // namespace lips
