#include "tests/testdata/talking_mouth.h"

#include <array>
#include <cmath>

namespace lips::testdata {
namespace {

constexpr int kLoudFeatures = 256;
constexpr float kLoudFeatureGain = 4;

// Channels of x1 (after inc).
constexpr int kPicture = 0;  // B, G, R
constexpr int kLipCue = 3;
// Channels of up2 and up3.
constexpr int kOpening = 0;
constexpr int kHill = 1;       // over the mouth, 1 at its top
constexpr int kLowerHill = 2;  // the same, lower
// Channels of up4.
constexpr int kInside = 0;
constexpr int kOutline = 1;
constexpr int kUpperHalf = 2;

float Logit(float v) { return std::log(v / (1 - v)); }

using Bgr = std::array<float, 3>;
constexpr Bgr kLipColour = {0.30F, 0.31F, 0.66F};
constexpr Bgr kInsideColour = {0.07F, 0.06F, 0.22F};
constexpr Bgr kTeethColour = {0.80F, 0.84F, 0.87F};

// z(v) = base + sum of slope[k] * relu(v - knot[k]), so that 255 * sigmoid(z), truncated, is about 255 * v.
struct InverseSigmoid {
  static constexpr int kHinges = 7;
  static constexpr float kDarkest = 0.012F;
  static constexpr float kBrightest = 0.985F;
  float base = 0;
  std::array<float, kHinges> knot{};
  std::array<float, kHinges> slope{};

  InverseSigmoid() {
    // A chord over width h is off by h^2 |2v - 1| / (8 v (1 - v)) in the value that comes back; equal errors need knots
    // at equal steps of the integral of the root of that.
    constexpr int kSteps = 4000;
    constexpr float kStep = (kBrightest - kDarkest) / kSteps;
    std::array<float, kSteps + 1> integral{};
    for (int k = 0; k < kSteps; ++k) {
      const float v = kDarkest + (static_cast<float>(k) + 0.5F) * kStep;
      integral[static_cast<size_t>(k) + 1] =
          integral[static_cast<size_t>(k)] + std::sqrt(std::fabs(2 * v - 1) / (v * (1 - v)));
    }
    std::array<float, kHinges + 1> at{};
    size_t step = 0;
    for (size_t j = 0; j <= kHinges; ++j) {
      while (step < kSteps && integral[step] < integral.back() * static_cast<float>(j) / kHinges) ++step;
      at[j] = kDarkest + static_cast<float>(step) * kStep;
    }
    // Half a level more, since pixels are truncated; and the chords' errors split evenly to both sides.
    const auto exact = [](float v) { return Logit(v + 0.5F / 255); };
    std::array<float, kHinges + 1> z{};
    std::array<float, kHinges> bulge{};
    for (size_t j = 0; j <= kHinges; ++j) z[j] = exact(at[j]);
    for (size_t j = 0; j < kHinges; ++j) bulge[j] = exact((at[j] + at[j + 1]) / 2) - (z[j] + z[j + 1]) / 2;
    for (size_t j = 0; j <= kHinges; ++j) {
      z[j] += ((j > 0 ? bulge[j - 1] : 0) + (j < kHinges ? bulge[j] : 0)) / 4;
    }
    base = z[0];
    float before = 0;
    for (size_t j = 0; j < kHinges; ++j) {
      const float now = (z[j + 1] - z[j]) / (at[j + 1] - at[j]);
      knot[j] = at[j];
      slope[j] = now - before;
      before = now;
    }
  }
};

// Wires channels of a block one after the other.
class Wiring {
 public:
  explicit Wiring(InvertedResidual& block) : block_(block) {}
  int Unit(const Taps& from, float bias = 0, const Kernel3& kernel = kPoint) {
    block_.Wire(used_, from, bias, kernel);
    return used_++;
  }
  // clamp(from + bias, 0, 1), as two units to be added.
  Taps Clamped(const Taps& from, float bias) {
    const int low = Unit(from, bias);
    const int high = Unit(from, bias - 1);
    return {{low, 1}, {high, -1}};
  }
  int used() const { return used_; }

 private:
  InvertedResidual& block_;
  int used_ = 0;
};

void Append(Taps& to, const Taps& more, float factor = 1) {
  for (const Tap& tap : more) to.push_back({tap.channel, factor * tap.weight});
}

// output channel `to` = kernel over input channel `from` (>= 0).
void Carry(InvertedResidual& block, Wiring& wiring, int from, int to, const Kernel3& kernel = kPoint) {
  block.WireOutput(to, {{wiring.Unit({{from}}, 0, kernel), 1}});
}

// Residual: channel = kernel over itself.
void Blur(InvertedResidual& block, Wiring& wiring, int channel, const Kernel3& kernel) {
  const int blurred = wiring.Unit({{channel}}, 0, kernel);
  const int itself = wiring.Unit({{channel}});
  block.WireOutput(channel, {{blurred, 1}, {itself, -1}});
}

// Residual: channel stays.
void Keep(InvertedResidual& block, int channel) { block.WireOutput(channel, {}); }

void WireLipCue(GeneratorWeights& w) {
  Wiring inc(w.inc);
  for (int c = 0; c < 3; ++c) Carry(w.inc, inc, c, kPicture + c);
  // Red above 1.5 green: lips 0.14..0.2, the reddest skin below 0.
  constexpr float kGain = 25;
  w.inc.WireOutput(kLipCue, inc.Clamped({{2, kGain}, {1, -1.5F * kGain}}, -0.08F * kGain));
  for (size_t level = 0; level < 3; ++level) {
    DoubleBlock& down = w.down[level];
    Wiring first(down.first);
    Carry(down.first, first, level == 0 ? kLipCue : 0, 0, kBox);
    Wiring second(down.second);
    Blur(down.second, second, 0, kBox);
  }
}

void WireOpening(GeneratorWeights& w) {
  // Channels 2 r and 2 r + 1 of the audio input are feature row r; row 8 belongs to the frame.
  Wiring audio1(w.audio1);
  w.audio1.WireOutput(0, {{audio1.Unit({{14, 0.25F}, {16, 0.5F}, {18, 0.25F}}), 1 / kLoudFeatureGain}});
  Wiring audio2(w.audio2);
  Carry(w.audio2, audio2, 0, 0);
  // Vowels come with a loudness of 0.3 to 0.9 (loud synthetic ones) or 0.1 to 0.5 (an ordinary recording).
  constexpr float kGain = 1.5F;
  constexpr float kQuiet = 0.08F;
  w.audio3.Reset(0, -kGain * kQuiet);
  w.audio3.Weight(0, 0, 1, 1) = kGain;
  Wiring audio4(w.audio4);
  w.audio4.WireOutput(0, {{audio4.Unit({{0}}, -1), -1}});  // at most 1
  w.audio5.Reset(0);
  w.audio5.Weight(0, 0, 1, 1) = 1;
  Keep(w.audio6, 0);
  Keep(w.audio7, 0);
  Wiring fuse1(w.fuse1.first);
  Carry(w.fuse1.first, fuse1, w.audio5.out, 0);  // behind the picture's channels
  Keep(w.fuse1.second, 0);
  Wiring fuse2(w.fuse2.first);
  Carry(w.fuse2.first, fuse2, 0, 0);
  Keep(w.fuse2.second, 0);
  Wiring up1(w.up[0].first);
  Carry(w.up[0].first, up1, 0, kOpening);
  Keep(w.up[0].second, kOpening);
}

void WireHills(GeneratorWeights& w) {
  // A stride of 2 keeps pixel 2 y at y, aligned corners bring it back to 2 y (n - 1/2) / (n - 1): at the mouth that is
  // four pixels too far right and down. Half a pixel back at 40x40 undoes it.
  DoubleBlock& up2 = w.up[1];
  const int skip = w.up[0].first.project.out;
  Wiring first(up2.first);
  Carry(up2.first, first, 0, kOpening);
  Carry(up2.first, first, skip, kHill, kBoxUpLeft);
  Carry(up2.first, first, skip, kLowerHill, kDownLeft);
  Keep(up2.second, kOpening);
  Wiring second(up2.second);
  Blur(up2.second, second, kHill, kBox);
  Blur(up2.second, second, kLowerHill, kBox);
  DoubleBlock& up3 = w.up[2];
  Wiring up3_first(up3.first);
  for (const int channel : {kOpening, kHill, kLowerHill}) Carry(up3.first, up3_first, channel, channel, kBox);
  for (const int channel : {kOpening, kHill, kLowerHill}) Keep(up3.second, channel);
}

void WireCuts(GeneratorWeights& w) {
  constexpr float kSteepness = 10;
  // Where the cuts begin: above the hills, so that silence cuts nothing; the lower one later, so that a small opening
  // begins at the seam.
  constexpr float kTop = 0.8F;
  constexpr float kLowerTop = 0.9F;
  InvertedResidual& cut = w.up[3].first;
  Wiring wiring(cut);
  const auto level = [&](int hill, float top, float sink) {
    return wiring.Clamped({{hill, kSteepness}, {kOpening, sink * kSteepness}}, -top * kSteepness);
  };
  Taps inside = level(kHill, kTop, 0.40F);
  Append(inside, level(kLowerHill, kLowerTop, 0.65F));
  Taps outline = level(kHill, kTop, 0.54F);
  Append(outline, level(kLowerHill, kLowerTop, 0.82F));
  cut.WireOutput(kInside, inside);
  cut.WireOutput(kOutline, outline);
  cut.WireOutput(kUpperHalf, wiring.Clamped({{kHill, kSteepness}, {kLowerHill, -kSteepness}}, -0.1F * kSteepness));
  InvertedResidual& limit = w.up[3].second;  // the two hills' cuts overlap: at most 1
  Wiring limits(limit);
  limit.WireOutput(kInside, {{limits.Unit({{kInside}}, -1), -1}});
  limit.WireOutput(kOutline, {{limits.Unit({{kOutline}}, -1), -1}});
  Keep(limit, kUpperHalf);
}

void WirePicture(GeneratorWeights& w) {
  const InverseSigmoid inverse;
  constexpr float kSwitchOff = 1.5F;  // of the picture inside the outline
  constexpr float kEarly = 1.2F;      // the lip colour is full before the outline is, or the edge would look dark
  constexpr float kSeededPart = 0.01F;
  InvertedResidual& paint = w.up[4].first;
  const int skip = w.up[3].second.project.out;
  Wiring wiring(paint);
  const int outline = wiring.Unit({{kOutline}});
  const int full_outline = wiring.Unit({{kOutline}}, -1 / kEarly);
  const int inside = wiring.Unit({{kInside}});
  const int teeth = wiring.Unit({{kInside}, {kUpperHalf}}, -1);
  std::array<Taps, 3> sums;
  for (int c = 0; c < 3; ++c) {
    const auto at = static_cast<size_t>(c);
    sums[at] = {{outline, kEarly * (Logit(kLipColour[at]) - inverse.base)},
                {full_outline, -kEarly * (Logit(kLipColour[at]) - inverse.base)},
                {inside, Logit(kInsideColour[at]) - Logit(kLipColour[at])},
                {teeth, Logit(kTeethColour[at]) - Logit(kInsideColour[at])}};
    for (size_t k = 0; k < InverseSigmoid::kHinges; ++k) {
      const int hinge = wiring.Unit({{skip + kPicture + c}, {kOutline, -kSwitchOff}}, -inverse.knot[k]);
      sums[at].push_back({hinge, inverse.slope[k]});
    }
  }
  for (int c = 0; c < 3; ++c) {
    for (int seeded = wiring.used(); seeded < paint.expand.out; ++seeded) {
      sums[static_cast<size_t>(c)].push_back({seeded, kSeededPart * paint.project.Weight(c, seeded)});
    }
    paint.WireOutput(c, sums[static_cast<size_t>(c)], inverse.base);
  }
  ConvLayer& last = w.up[4].second.project;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < last.in; ++i) last.Weight(c, i) *= kSeededPart;
    last.bias[static_cast<size_t>(c)] = 0;
    for (int i = 0; i < w.outc.in; ++i) w.outc.Weight(c, i) = i == c ? 1 : kSeededPart * w.outc.Weight(c, i);
    w.outc.bias[static_cast<size_t>(c)] = 0;
  }
}

}  // namespace

void WireTalkingMouth(GeneratorWeights& w) {
  WireLipCue(w);
  WireOpening(w);
  WireHills(w);
  WireCuts(w);
  WirePicture(w);
}

void WireLoudness(std::span<ConvLayer> layers, const std::vector<bool>& residual) {
  for (size_t k = 0; k < layers.size(); ++k) {
    ConvLayer& layer = layers[k];
    if (k + 1 == layers.size()) {
      for (int feature = 0; feature < kLoudFeatures; ++feature) {
        layer.Reset(feature);
        layer.Weight(feature, 0) = kLoudFeatureGain;
      }
      continue;
    }
    layer.Reset(0);
    if (residual[k]) continue;  // the layer's input stays
    if (k == 0) {
      layer.Reset(0, 0.375F);  // relu((mel + 1.5) / 4): what is below -69 dB is silence
      layer.Weight(0, 0, 1, 1) = 0.25F;
    } else if (layer.pad == 0) {  // 3x3 that is left: low, middle, high by early, middle, late
      layer.Weight(0, 0, 0, 0) = 1.2F;
      layer.Weight(0, 0, 0, 1) = 1.2F;
      layer.Weight(0, 0, 1, 0) = 0.8F;
      layer.Weight(0, 0, 1, 1) = 0.8F;
    } else {
      for (int i = 0; i < 9; ++i) layer.Weight(0, 0, i / 3, i % 3) = 1.0F / 9;
    }
  }
}

}  // namespace lips::testdata
