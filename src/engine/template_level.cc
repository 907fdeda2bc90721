#include "engine/template_level.h"

#include <algorithm>

#include "base/memory.h"
#include "engine/cuda/generator.h"

namespace lips {
namespace {

struct LevelFacts {
  TemplateLevel level;
  double bytes;  // of one f32 template of the UNet-328
  double saved;  // share of a frame's whole time in f32 that a kept template saves
};

// Sizes by counting the values that cross the cut; times measured with a prototype of the engine on a Zen 4.
constexpr LevelFacts kLevels[] = {
    {TemplateLevel::kDeep, 6.3e6, 0.22},
    {TemplateLevel::kSkips, 19.5e6, 0.23},
    {TemplateLevel::kExpanded, 28.7e6, 0.33},
};
constexpr double kFacePx = 320;

double BytesPerValue(const SessionOptions& session) {
  if (session.backend == Backend::kCuda) return 2;
  switch (session.precision) {
    case Precision::kAuto:  // f32 or bf16; the larger is the safe guess
    case Precision::kF32: return 4;
    case Precision::kBf16:
    case Precision::kF16: return 2;
    case Precision::kInt8: return 1;
  }
  return 4;
}

}  // namespace

TemplateLevel ChooseTemplateLevel(int face_px, const SessionOptions& session, int64_t templates, size_t budget_bytes) {
  const double scale = BytesPerValue(session) / 4 * (face_px / kFacePx) * (face_px / kFacePx);
  const auto saving = [&](const LevelFacts& facts) {
    const double fitting = static_cast<double>(budget_bytes) / (facts.bytes * scale);
    return facts.saved * std::min(1.0, fitting / static_cast<double>(std::max<int64_t>(1, templates)));
  };
  return std::ranges::max_element(kLevels, {}, saving)->level;
}

int64_t UsualTemplateBytes(const SessionOptions& session) {
  constexpr int64_t kMost = int64_t{4} << 30;
  const int64_t here = AvailableMemoryBytes() / 4;
  if (session.backend != Backend::kCuda) return std::min(here, kMost);
  const auto there = FreeCudaBytes();
  return there.ok() ? std::min(here, there.value() / 4) : std::min(here, kMost);
}

}  // namespace lips
