#include "server/avatar_shelf.h"

#include <algorithm>
#include <filesystem>

#include "avatar/package_files.h"
#include "base/log.h"
#include "live/live_label.h"
#include "server/target.h"
#include "server/template_video.h"

namespace lips {
namespace {

namespace fs = std::filesystem;

std::string IdOf(const Path& path) {
  const Path plain = path.lexically_normal();
  std::string name = (plain.has_filename() ? plain : plain.parent_path()).stem().string();
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (!IsId({&c, 1})) c = '-';
  }
  return name.substr(0, 64);
}

bool IsAvatar(const Path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return path.extension() == ".lips";
  return fs::is_directory(path, ignored) && FindPackageFiles(path).ok();
}

Result<std::vector<Path>> AvatarsAt(const Path& place) {
  std::error_code error;
  if (!fs::exists(place, error))
    return Error(ErrorCode::kIo, "no avatar at '" + place.string() + "': there is no such file");
  if (fs::is_regular_file(place, error) || IsAvatar(place)) return std::vector<Path>{place};
  std::vector<Path> found;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    if (!entry.path().filename().string().starts_with('.') && IsAvatar(entry.path())) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  if (!found.empty()) return found;
  // A single package that is broken deserves to be told what is wrong with it.
  const auto files = FindPackageFiles(place);
  return Error(ErrorCode::kInvalidInput, "'" + place.string() + "' is no avatar and holds none: " +
                                             (files.ok() ? "it is empty" : files.error().message()));
}

}  // namespace

Result<std::vector<std::pair<std::string, Path>>> FindAvatars(const std::vector<std::string>& places) {
  std::vector<std::pair<std::string, Path>> found;
  for (const std::string& place : places) {
    ASSIGN_OR_RETURN(const std::vector<Path> paths, AvatarsAt(place));
    for (const Path& path : paths) {
      const std::string id = IdOf(path);
      const auto same = std::ranges::find(found, id, &std::pair<std::string, Path>::first);
      if (!IsId(id) || same != found.end()) {
        return Error(
            ErrorCode::kInvalidInput,
            "'" + path.string() + "' would be served as '" + id + "'" +
                (same != found.end() ? ", and so would '" + same->second.string() + "'" : ", which is no name"));
      }
      found.emplace_back(id, path);
    }
  }
  return found;
}

AvatarShelf::AvatarShelf(LiveHost& host, LiveAvatarOptions options)
    : host_(host), options_(std::move(options)), loader_([this] { Run(); }) {}

AvatarShelf::~AvatarShelf() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    orders_.clear();
  }
  wake_.notify_all();
  loader_.join();
}

void AvatarShelf::Load(const std::string& id, const Path& path, Loaded done) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back({id, path, std::move(done)});
  }
  wake_.notify_all();
}

void AvatarShelf::Run() {
  for (;;) {
    Order order;
    {
      std::unique_lock lock(mutex_);
      busy_ = false;
      wake_.wait(lock, [this] { return ending_ || !orders_.empty(); });
      if (ending_) return;
      order = std::move(orders_.front());
      orders_.pop_front();
      busy_ = true;
      if (const auto there = entries_.find(order.id); there == entries_.end() || !there->second.ready) {
        entries_[order.id] = {order.path, false, "", {}};
      }
    }
    auto background = LoadNow(order.id, order.path);
    Status status;
    if (background.ok()) {
      const std::lock_guard lock(mutex_);
      entries_[order.id] = {order.path, true, "", std::move(background).value()};
    } else {
      status = std::move(background).TakeError();
      const std::lock_guard lock(mutex_);
      if (Entry& entry = entries_[order.id]; !entry.ready) entry.error = status.error().message();
    }
    if (order.done) order.done(order.id, status);
  }
}

Result<AvatarShelf::Background> AvatarShelf::LoadNow(const std::string& id, const Path& path) {
  RETURN_IF_ERROR(host_.LoadAvatar(id, path, options_));
  const auto finish = [&]() -> Result<Background> {
    const auto avatar = host_.AvatarOf(id);
    const auto facts = host_.FindAvatar(id);
    if (!avatar || !facts) return Error(ErrorCode::kInvalidInput, "avatar '" + id + "' was unloaded meanwhile");
    std::optional<Label> label;
    if (options_.label) {
      ASSIGN_OR_RETURN(label, LabelBesideFaces(*options_.label, *avatar));
    }
    const std::string& version = facts->background_version;
    ASSIGN_OR_RETURN(const Path video, MakeTemplateVideo(*avatar, label ? &*label : nullptr, version));
    ASSIGN_OR_RETURN(const FilePart file, FilePart::Open(video));
    ASSIGN_OR_RETURN(OwnedBytes bytes, file.Map());
    return Background{std::move(bytes), version};
  };
  auto background = finish();
  if (!background.ok()) {
    if (auto status = host_.UnloadAvatar(id); !status.ok()) Log(LogLevel::kDebug, status.error().message());
  }
  return background;
}

Status AvatarShelf::Unload(const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = entries_.find(id);
    if (entry == entries_.end()) return Error(ErrorCode::kInvalidInput, "there is no avatar '" + id + "'");
    const bool ready = entry->second.ready;
    if (!ready && entry->second.error.empty()) {
      return Error(ErrorCode::kInvalidInput, "avatar '" + id + "' is still being loaded");
    }
    entries_.erase(entry);
    if (!ready) return {};
  }
  return host_.UnloadAvatar(id);
}

bool AvatarShelf::loading() const {
  const std::lock_guard lock(mutex_);
  return busy_ || !orders_.empty();
}

bool AvatarShelf::any_ready() const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(entries_, [](const auto& entry) { return entry.second.ready; });
}

Json AvatarShelf::FactsOf(const std::string& id, const Entry& entry) const {
  if (entry.ready) {
    if (const auto facts = host_.FindAvatar(id)) return facts->ToJson();
  }
  Json json = Json::Object({{"id", id}, {"ready", false}});
  if (!entry.error.empty()) json.Set("error", entry.error);
  return json;
}

Json AvatarShelf::ToJson() const {
  std::map<std::string, Entry> entries;
  {
    const std::lock_guard lock(mutex_);
    entries = entries_;
  }
  Json list = Json(Json::Array());
  for (const auto& [id, entry] : entries) list.Append(FactsOf(id, entry));
  return list;
}

std::optional<Json> AvatarShelf::ToJson(const std::string& id) const {
  Entry entry;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return std::nullopt;
    entry = found->second;
  }
  return FactsOf(id, entry);
}

bool AvatarShelf::IsReady(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found != entries_.end() && found->second.ready;
}

std::string AvatarShelf::OnlyOne() const {
  const std::lock_guard lock(mutex_);
  std::string only;
  for (const auto& [id, entry] : entries_) {
    if (!entry.ready) continue;
    if (!only.empty()) return {};
    only = id;
  }
  return only;
}

std::optional<AvatarShelf::Background> AvatarShelf::BackgroundOf(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second.ready) return std::nullopt;
  return found->second.background;
}

}  // namespace lips
