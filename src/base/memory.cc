#include "base/memory.h"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "base/file.h"

namespace lips {
namespace {

constexpr size_t kMaxProcBytes = size_t{64} << 10;

// The number after `label` in a text of the kernel's.
std::optional<int64_t> NumberAfter(std::string_view text, std::string_view label) {
  const size_t at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + label.size());
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc() ? std::optional(value) : std::nullopt;
}

// Files of the kernel say that they are empty, so they are read as text of unknown length.
std::string ReadKernelFile(const char* path) {
  std::string text;
  FILE* file = std::fopen(path, "re");
  if (file == nullptr) return text;
  text.resize(kMaxProcBytes);
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// What is left of the limit of the control group this process runs in (version 2, as containers mount it).
std::optional<int64_t> LeftOfControlGroup() {
  const auto limit = NumberAfter(ReadKernelFile("/sys/fs/cgroup/memory.max"), "");
  const auto used = NumberAfter(ReadKernelFile("/sys/fs/cgroup/memory.current"), "");
  if (!limit || !used) return std::nullopt;
  // Pages of files count as used, but go when memory is wanted.
  const auto files = NumberAfter(ReadKernelFile("/sys/fs/cgroup/memory.stat"), "inactive_file ");
  return std::max<int64_t>(0, *limit - *used + files.value_or(0));
}

}  // namespace

int64_t AvailableMemoryBytes() {
  const int64_t available = NumberAfter(ReadKernelFile("/proc/meminfo"), "MemAvailable:").value_or(0) * 1024;
  const auto left = LeftOfControlGroup();
  return left ? std::min(available, *left) : available;
}

void ReturnFreeMemory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

Result<int64_t> ParseByteSize(std::string_view text) {
  const Error refused(ErrorCode::kInvalidInput,
                      "'" + std::string(text) + "' is no size in bytes; expected one like 0, 500M or 2G");
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || !std::isfinite(value) || value < 0) return refused;
  std::string unit(end, text.data() + text.size());
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  constexpr std::string_view kUnits = "BKMGT";
  int power = 0;
  if (!unit.empty()) {
    const size_t at = kUnits.find(unit[0]);
    const std::string_view rest = std::string_view(unit).substr(1);
    if (at == std::string_view::npos || !(rest.empty() || (at > 0 && (rest == "B" || rest == "IB")))) return refused;
    power = static_cast<int>(at);
  }
  const double bytes = std::ldexp(value, 10 * power);
  if (bytes > std::ldexp(1.0, 62)) return refused;
  return static_cast<int64_t>(bytes);
}

}  // namespace lips
