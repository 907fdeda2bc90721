// Coarticulation: every phone pulls the mouth towards its target, near in time more than far (dominance functions after
// Cohen and Massaro 1993), and what must be reached exactly is put on top.
#include <algorithm>
#include <cmath>
#include <span>

#include "demo/number.h"
#include "demo/phones.h"
#include "demo/viseme.h"

namespace lips::demo {
namespace {

constexpr double kFps = 25;
constexpr double kStepSeconds = 0.005;     // the curve is made of steps this long
constexpr double kSpreadSeconds = 0.042;   // how far a phone's pull reaches
constexpr double kContactSeconds = 0.018;  // lips meet and part this fast

constexpr int kTuck = 4;
constexpr int kPress = 5;

// Weights of a Gaussian of standard deviation `sigma_s`, normalised, 2 * radius + 1 of them.
std::vector<float> Gaussian(double sigma_s) {
  const int radius = static_cast<int>(3 * sigma_s / kStepSeconds + 1);
  std::vector<float> weights;
  float sum = 0;
  for (int i = -radius; i <= radius; ++i) {
    weights.push_back(
        ExpNegative(static_cast<float>(-0.5 * (i * kStepSeconds / sigma_s) * (i * kStepSeconds / sigma_s))));
    sum += weights.back();
  }
  for (float& weight : weights) weight /= sum;
  return weights;
}

// sum over j of weights[j] * values[i + j - radius]; edges repeat.
float Weigh(std::span<const float> weights, std::span<const float> values, int64_t i) {
  const auto radius = static_cast<int64_t>(weights.size() / 2);
  const auto last = static_cast<int64_t>(values.size()) - 1;
  float sum = 0;
  for (int64_t j = -radius; j <= radius; ++j) {
    sum += weights[static_cast<size_t>(j + radius)] * values[static_cast<size_t>(std::clamp<int64_t>(i + j, 0, last))];
  }
  return sum;
}

// The phones' targets step by step, and how strongly they pull.
struct Targets {
  std::array<std::vector<float>, kMouthParameters> pull;  // target * dominance
  std::vector<float> dominance;
  std::vector<float> press, tuck;  // plain targets
};

Targets SampleTargets(const std::vector<Phone>& phones, size_t steps) {
  static constexpr Viseme kSilence = {"pau", {}, 1};
  Targets targets;
  size_t k = 0;
  for (size_t i = 0; i < steps; ++i) {
    const double time = static_cast<double>(i) * kStepSeconds;
    while (k < phones.size() && phones[k].end_s <= time) ++k;
    const Viseme* viseme = k < phones.size() ? FindViseme(phones[k].name) : &kSilence;
    if (viseme == nullptr) viseme = &kSilence;
    for (size_t p = 0; p < kMouthParameters; ++p) targets.pull[p].push_back(viseme->target[p] * viseme->dominance);
    targets.dominance.push_back(viseme->dominance);
    targets.press.push_back(viseme->target[kPress]);
    targets.tuck.push_back(viseme->target[kTuck]);
  }
  return targets;
}

// Contact for at least two frames around its middle: a mouth that is filmed 25 times a second must be seen to close.
void WidenContacts(const std::vector<Phone>& phones, int parameter, std::vector<float>& values) {
  constexpr double kHalfSeconds = 0.042;
  double begin = 0;
  for (const Phone& phone : phones) {
    const Viseme* viseme = FindViseme(phone.name);
    if (viseme != nullptr && viseme->target[static_cast<size_t>(parameter)] > 0.5F) {
      const double middle = 0.5 * (begin + phone.end_s);
      const double half = std::max(kHalfSeconds, 0.5 * (phone.end_s - begin));
      const auto first = static_cast<int64_t>(std::max(0.0, (middle - half) / kStepSeconds));
      const auto last = std::min<int64_t>(static_cast<int64_t>((middle + half) / kStepSeconds), std::ssize(values) - 1);
      for (int64_t i = first; i <= last; ++i) {
        float& value = values[static_cast<size_t>(i)];
        value = std::max(value, viseme->target[static_cast<size_t>(parameter)]);
      }
    }
    begin = phone.end_s;
  }
}

}  // namespace

bool IsKnownPhone(std::string_view name) { return FindViseme(name) != nullptr; }

std::vector<Mouth> MouthCurve(const std::vector<Phone>& phones, int64_t frames) {
  if (frames <= 0) return {};
  const auto per_frame = static_cast<int64_t>(std::lround(1 / kFps / kStepSeconds));
  Targets targets = SampleTargets(phones, static_cast<size_t>(frames * per_frame));
  WidenContacts(phones, kPress, targets.press);
  WidenContacts(phones, kTuck, targets.tuck);
  const std::vector<float> spread = Gaussian(kSpreadSeconds);
  const std::vector<float> contact = Gaussian(kContactSeconds);
  std::vector<Mouth> curve;
  curve.reserve(static_cast<size_t>(frames));
  for (int64_t frame = 0; frame < frames; ++frame) {
    const int64_t i = frame * per_frame + per_frame / 2;
    const float weight = std::max(Weigh(spread, targets.dominance, i), 1e-6F);
    MouthArray value{};
    for (size_t p = 0; p < kMouthParameters; ++p) value[p] = Clamp01(Weigh(spread, targets.pull[p], i) / weight);
    value[kPress] = Smooth(0.15F, 0.75F, Weigh(contact, targets.press, i));
    value[kTuck] = Smooth(0.10F, 0.80F, Weigh(contact, targets.tuck, i)) * (1 - value[kPress]);
    value[0] *= 1 - 0.75F * value[kPress];
    value[3] *= 1 - value[kPress];
    curve.push_back({value[0], value[1], value[2], value[3], value[kTuck], value[kPress]});
  }
  return curve;
}

}  // namespace lips::demo
