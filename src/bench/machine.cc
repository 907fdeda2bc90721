#include "bench/machine.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>

#include "base/cpu.h"
#include "base/thread_pool.h"
#include "base/version.h"
#include "bench/commit.h"

namespace lips {
namespace {

std::string CpuName() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    constexpr std::string_view kKey = "model name";
    const size_t begin = line.find_first_not_of(" \t:", kKey.size());
    if (line.starts_with(kKey) && begin != std::string::npos) return line.substr(begin);
  }
  return "unknown";
}

Json IsaFlags() {
  Json::Array flags;
  const auto add = [&flags](const char* name, bool has) {
    if (has) flags.emplace_back(name);
  };
  add("sse4.2", __builtin_cpu_supports("sse4.2"));
  add("avx", __builtin_cpu_supports("avx"));
  add("avx2", __builtin_cpu_supports("avx2"));
  add("fma", __builtin_cpu_supports("fma"));
  add("avx512f", __builtin_cpu_supports("avx512f"));
  add("avx512bw", __builtin_cpu_supports("avx512bw"));
  add("avx512vl", __builtin_cpu_supports("avx512vl"));
  add("avx512vnni", __builtin_cpu_supports("avx512vnni"));
  add("avx512bf16", __builtin_cpu_supports("avx512bf16"));
  return flags;
}

int64_t MemoryBytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0 ? int64_t{pages} * page_bytes : 0;
}

std::string Today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc = {};
  std::array<char, 32> text = {};
  if (::gmtime_r(&now, &utc) == nullptr) return {};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc)};
}

constexpr const char* kCompiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "g++ " __VERSION__;
#endif

}  // namespace

Json MachineFacts(int threads) {
  const int cores = ThreadsOrCores(0);
  return Json::Object({{"cpu", CpuName()},
                       {"isa", IsaFlags()},
                       {"isa_used", Name(ActiveIsa())},
                       {"cores", cores},
                       {"threads", threads},
                       {"memory_bytes", MemoryBytes()},
                       {"compiler", kCompiler},
                       {"flags", LIPSTREAM_FLAGS},
                       {"version", Version()},
                       {"commit", BuiltCommit()},
                       {"date", Today()}});
}

std::string MachineLine(const Json& facts) {
  const auto text = [&facts](std::string_view key) {
    const Json* value = facts.Find(key);
    if (value == nullptr) return std::string();
    return value->is_string() ? value->as_string() : value->Dump(true);
  };
  const Json* memory = facts.Find("memory_bytes");
  const int64_t gib = memory == nullptr ? 0 : (memory->as_int() + (int64_t{1} << 29)) >> 30;
  return text("cpu") + " (" + text("isa_used") + "), " + text("cores") + " cores, " + std::to_string(gib) + " GiB; " +
         text("compiler") + ", " + text("flags") + "; lipstream " + text("version") + " " + text("commit") + "; " +
         text("date");
}

}  // namespace lips
