#include "engine/template_level.h"

#include <algorithm>

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

double BytesPerValue(Precision precision) {
  switch (precision) {
    case Precision::kAuto:  // f32 or bf16; the larger is the safe guess
    case Precision::kF32: return 4;
    case Precision::kBf16:
    case Precision::kF16: return 2;
    case Precision::kInt8: return 1;
  }
  return 4;
}

}  // namespace

TemplateLevel ChooseTemplateLevel(int face_px, Precision precision, int64_t templates, size_t budget_bytes) {
  const double scale = BytesPerValue(precision) / 4 * (face_px / kFacePx) * (face_px / kFacePx);
  const auto saving = [&](const LevelFacts& facts) {
    const double fitting = static_cast<double>(budget_bytes) / (facts.bytes * scale);
    return facts.saved * std::min(1.0, fitting / static_cast<double>(std::max<int64_t>(1, templates)));
  };
  return std::ranges::max_element(kLevels, {}, saving)->level;
}

}  // namespace lips
