#include "avatar/numbered_files.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <system_error>
#include <utility>

namespace lips {
namespace {

constexpr size_t kMaxFiles = 1'000'000;
using Numbered = std::pair<int64_t, std::string>;

bool EndsWithIgnoringCase(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         std::ranges::equal(text.substr(text.size() - suffix.size()), suffix,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// The number in NUMBER + suffix, or nothing.
std::optional<int64_t> NumberOf(std::string_view name, std::string_view suffix) {
  if (!EndsWithIgnoringCase(name, suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  int64_t number = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || number < 0) return std::nullopt;
  return number;
}

Result<std::vector<std::string>> FileNames(const Path& folder) {
  std::error_code error;
  std::vector<std::string> names;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
    if (names.size() > kMaxFiles) {
      return Error(ErrorCode::kResourceLimit,
                   "'" + folder.string() + "' has more than " + std::to_string(kMaxFiles) + " entries");
    }
  }
  if (error) return Error(ErrorCode::kIo, "cannot list '" + folder.string() + "': " + error.message());
  return names;
}

Status CheckGapless(const std::vector<Numbered>& files) {
  if (files.front().first > 1) {
    return Error(ErrorCode::kCorrupted,
                 "the first file is '" + files.front().second + "'; frames are numbered from 0 or 1");
  }
  for (size_t i = 1; i < files.size(); ++i) {
    const int64_t step = files[i].first - files[i - 1].first;
    if (step == 0) {
      return Error(ErrorCode::kCorrupted,
                   "'" + files[i - 1].second + "' and '" + files[i].second + "' have the same number");
    }
    if (step > 1) {
      return Error(ErrorCode::kCorrupted, "frame " + std::to_string(files[i - 1].first + 1) + " is missing (after '" +
                                              files[i - 1].second + "' comes '" + files[i].second + "')");
    }
  }
  return {};
}

}  // namespace

Result<std::optional<NumberedFiles>> FindNumberedFiles(const Path& folder, std::span<const std::string_view> suffixes) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return std::optional<NumberedFiles>();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FileNames(folder));
  for (const std::string_view suffix : suffixes) {
    std::vector<Numbered> files;
    for (const std::string& name : names) {
      if (const auto number = NumberOf(name, suffix)) files.emplace_back(*number, name);
    }
    if (files.empty()) continue;
    std::ranges::sort(files);
    if (Status gapless = CheckGapless(files); !gapless.ok()) {
      return std::move(gapless).TakeError().Within("folder '" + folder.filename().string() + "'");
    }
    NumberedFiles found{folder, files.front().first, {}};
    for (Numbered& file : files) found.names.push_back(std::move(file.second));
    return std::optional<NumberedFiles>(std::move(found));
  }
  return std::optional<NumberedFiles>();
}

}  // namespace lips
