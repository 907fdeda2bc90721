#include "render/pack.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "avatar/pack_facts.h"
#include "avatar/pack_writer.h"
#include "base/version.h"
#include "render/job.h"

namespace lips {
namespace {

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
  ASSIGN_OR_RETURN(const Avatar avatar, Avatar::Open(request.avatar, {}));
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
  if (request.templates) {
    ASSIGN_OR_RETURN(const auto generator, OpenFor(avatar, request));
    report.engine = generator->Describe();
    origin.template_format = generator->TemplateFormat();
    origin.template_level = static_cast<int>(*request.templates);
    origin.template_package_inputs = avatar.uses_package_inputs();
    RETURN_IF_ERROR(AddTemplates(request, avatar, *generator, pack, report));
  }
  RETURN_IF_ERROR(avatar.WriteTo(pack, origin));
  RETURN_IF_ERROR(pack.Finish());
  std::error_code ignored;
  report.bytes = static_cast<int64_t>(std::filesystem::file_size(request.output, ignored));
  return report;
}

}  // namespace lips
