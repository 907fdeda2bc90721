#include "base/cpu.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/log.h"

namespace lips {
namespace {

Isa Detect() {
  Isa best = Isa::kScalar;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) best = Isa::kAvx2;
  if (best == Isa::kAvx2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16")) {
    best = Isa::kAvx512;
  }
  const char* wish = std::getenv("LIPSTREAM_ISA");
  if (wish == nullptr) return best;
  const std::string_view name(wish);
  if (name == "scalar") return Isa::kScalar;
  if (name == "avx2" && best >= Isa::kAvx2) return Isa::kAvx2;
  if (name == "avx512" && best >= Isa::kAvx512) return Isa::kAvx512;
  const bool known = name == "avx2" || name == "avx512";
  Log(LogLevel::kWarning, "LIPSTREAM_ISA is not followed",
      {{"found", wish},
       {"why", known ? "this CPU lacks it" : "expected scalar, avx2 or avx512"},
       {"used", Name(best)}});
  return best;
}

}  // namespace

std::string_view Name(Isa isa) {
  switch (isa) {
    case Isa::kScalar: return "scalar";
    case Isa::kAvx2: return "avx2";
    case Isa::kAvx512: return "avx512";
  }
  return "?";
}

Isa ActiveIsa() {
  static const Isa isa = Detect();
  return isa;
}

}  // namespace lips
