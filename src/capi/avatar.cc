#include "capi/avatar.h"

#include <algorithm>
#include <vector>

#include "capi/sized_struct.h"
#include "engine/remote/connection.h"
#include "engine/session.h"

namespace lips::capi {
namespace {

constexpr std::string_view kRemotePrefix = "remote=";

lips_avatar_options DefaultOptions() {
  lips_avatar_options options = {};
  options.struct_size = sizeof(options);
  return options;
}

std::optional<Path> OptionalPath(const char* text) {
  return text != nullptr && *text != '\0' ? std::optional<Path>(text) : std::nullopt;
}

Result<JobRequest> ToJob(const char* path, const lips_avatar_options& options) {
  JobRequest job;
  job.avatar = path;
  job.avatar_options.model = OptionalPath(options.model);
  job.avatar_options.audio_encoder = OptionalPath(options.audio_encoder);
  if (options.threads < 0 || options.threads > 1024) {
    return Error(ErrorCode::kInvalidInput, "threads is " + std::to_string(options.threads) + "; expected 0..1024");
  }
  job.engine.session.threads = options.threads;
  ASSIGN_OR_RETURN(job.engine.session.precision, ParsePrecision(TextOr(options.precision, "auto")));
  ASSIGN_OR_RETURN(job.composite, ParseCompositeMode(TextOr(options.composite, "natural")));
  const std::string engine = TextOr(options.engine, "auto");
  if (engine.starts_with(kRemotePrefix)) {
    job.engine.remote = engine.substr(kRemotePrefix.size());
    RETURN_IF_ERROR(remote::ParseAddress(job.engine.remote));
    return job;
  }
  RETURN_IF_ERROR(ChooseBackend(engine, job.engine.session));
  return job;
}

Status Open(const char* path, const lips_avatar_options* given, lips_avatar** out) {
  RETURN_IF_ERROR(NotNull(out, "avatar"));
  *out = nullptr;
  RETURN_IF_ERROR(NotNull(path, "path"));
  ASSIGN_OR_RETURN(const lips_avatar_options options, ReadStruct(given, DefaultOptions(), "options"));
  ASSIGN_OR_RETURN(JobRequest job, ToJob(path, options));
  if (options.template_bytes < 0) {
    return Error(ErrorCode::kInvalidInput,
                 "template_bytes is " + std::to_string(options.template_bytes) + "; expected >= 0");
  }
  ASSIGN_OR_RETURN(Avatar opened, Avatar::Open(path, job.avatar_options));
  auto handle = std::make_unique<lips_avatar>(std::move(opened));
  handle->path = path;
  handle->layout = Name(handle->avatar.layout());
  handle->job = std::move(job);
  if (options.template_bytes > 0) handle->template_bytes = options.template_bytes;
  *out = handle.release();
  return {};
}

lips_avatar_facts FactsOf(const Avatar& avatar, const char* path, const char* layout) {
  lips_avatar_facts facts = {};
  facts.struct_size = sizeof(facts);
  facts.path = path;
  facts.name = avatar.name().c_str();
  facts.width = avatar.video().width;
  facts.height = avatar.video().height;
  facts.fps_num = avatar.video().fps.num;
  facts.fps_den = avatar.video().fps.den;
  facts.frames = avatar.video().frames;
  facts.layout = layout;
  facts.is_pack = avatar.pack() != nullptr ? 1 : 0;
  return facts;
}

// Folders and packs in `folder`, by name.
Result<std::vector<Path>> Candidates(const Path& folder) {
  std::error_code failure;
  std::filesystem::directory_iterator entries(folder, failure);
  std::vector<Path> found;
  while (!failure && entries != std::filesystem::directory_iterator()) {
    std::error_code ignored;
    const Path& path = entries->path();
    const bool hidden = path.filename().string().starts_with('.');
    const bool pack = path.extension() == ".lips" && entries->is_regular_file(ignored);
    if (!hidden && (pack || entries->is_directory(ignored))) found.push_back(path);
    entries.increment(failure);
  }
  if (failure) return Error(ErrorCode::kIo, "cannot list '" + folder.string() + "': " + failure.message());
  std::sort(found.begin(), found.end());
  return found;
}

Status List(const char* folder, lips_avatar_visitor visitor, void* user) {
  RETURN_IF_ERROR(NotNull(folder, "folder"));
  RETURN_IF_ERROR(NotNull(reinterpret_cast<const void*>(visitor), "visitor"));
  ASSIGN_OR_RETURN(const std::vector<Path> candidates, Candidates(folder));
  for (const Path& path : candidates) {
    const std::string text = path.string();
    auto avatar = Avatar::Open(path, {});
    lips_avatar_facts facts = {};
    facts.struct_size = sizeof(facts);
    facts.path = text.c_str();
    if (!avatar.ok()) {
      if (visitor(&facts, avatar.error().message().c_str(), user) != 0) return {};
      continue;
    }
    const std::string layout(Name(avatar.value().layout()));
    facts = FactsOf(avatar.value(), text.c_str(), layout.c_str());
    if (visitor(&facts, nullptr, user) != 0) return {};
  }
  return {};
}

}  // namespace
}  // namespace lips::capi

using lips::capi::Guard;

void lips_avatar_options_init(lips_avatar_options* options, size_t struct_size) {
  lips::capi::InitStruct(lips::capi::DefaultOptions(), options, struct_size);
}

void lips_avatar_facts_init(lips_avatar_facts* facts, size_t struct_size) {
  lips::capi::InitStruct({}, facts, struct_size);
}

int lips_avatar_open(const char* path, const lips_avatar_options* options, lips_avatar** avatar) {
  return Guard(nullptr, [&] { return lips::capi::Open(path, options, avatar); });
}

void lips_avatar_close(lips_avatar* avatar) { delete avatar; }

int lips_avatar_get_facts(const lips_avatar* avatar, lips_avatar_facts* facts) {
  return Guard(avatar != nullptr ? &avatar->error : nullptr, [&]() -> lips::Status {
    RETURN_IF_ERROR(lips::capi::NotNull(avatar, "avatar"));
    RETURN_IF_ERROR(lips::capi::NotNull(facts, "facts"));
    return lips::capi::WriteStruct(lips::capi::FactsOf(avatar->avatar, avatar->path.c_str(), avatar->layout.c_str()),
                                   facts, "facts");
  });
}

size_t lips_avatar_error(const lips_avatar* avatar, char* text, size_t size) {
  if (avatar != nullptr) return avatar->error.CopyTo(text, size);
  if (text != nullptr && size > 0) *text = '\0';
  return 0;
}

int lips_list_avatars(const char* folder, lips_avatar_visitor visitor, void* user) {
  return Guard(nullptr, [&] { return lips::capi::List(folder, visitor, user); });
}
