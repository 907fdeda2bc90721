#include "server/page_files.h"

#include <array>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/sha256.h"
#include "server/answer.h"

namespace lips {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFile = 32 << 20;

// Nothing hidden, nothing that leads out; the address was split and decoded before.
bool IsPlainName(std::string_view name) {
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = name.substr(at, end - at);
    if (part.empty() || part.front() == '.' || part.find('\\') != std::string_view::npos) return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

Result<PageFiles> PageFiles::Open(const std::optional<Path>& folder) {
  PageFiles files;
  files.folder_ = folder;
  std::error_code ignored;
  if (folder && !fs::is_directory(*folder, ignored)) {
    return Error(ErrorCode::kIo, "'" + folder->string() + "' is no folder to serve the page from");
  }
  for (const EmbeddedFile& file : EmbeddedPage()) {
    files.built_.emplace(file.name, Built{file.bytes, ShortEtag(Sha256Hex(file.bytes))});
  }
  return files;
}

std::optional<PageFile> PageFiles::Find(std::string_view name) const {
  if (name.empty()) name = "index.html";
  if (!IsPlainName(name)) return std::nullopt;
  if (!folder_) {
    const auto found = built_.find(name);
    if (found == built_.end()) return std::nullopt;
    return PageFile{{found->second.bytes, nullptr}, found->second.etag, ContentTypeOf(name)};
  }
  auto read = ReadFile(*folder_ / name, kMaxFile);
  if (!read.ok()) return std::nullopt;
  const auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(read).value());
  return PageFile{{*owner, owner}, ShortEtag(Sha256Hex(*owner)), ContentTypeOf(name)};
}

std::string_view ContentTypeOf(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".ico", "image/x-icon"},
      {".wav", "audio/wav"},
      {".mp3", "audio/mpeg"},
      {".mp4", "video/mp4"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [end, type] : kTypes) {
    if (name.ends_with(end)) return type;
  }
  return "application/octet-stream";
}

}  // namespace lips
