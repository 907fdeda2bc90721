#include "train/torch/copy_start.h"

#include <torch/types.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace lips {
namespace {

constexpr int kColours = 3;
// The logit as straight pieces: L(x) = kStart + sum of kSlopes[k] * relu(x - kKnots[k]).
constexpr std::array<float, 3> kKnots = {0.0f, 0.13f, 0.87f};
constexpr std::array<float, 3> kSlopes = {15.4f, -10.26f, 10.26f};
constexpr float kStart = -3.9f;

class Wiring {
 public:
  Wiring(const Model& model, WeightValues& values) : model_(model), values_(values) {}

  // Channel `out` of a convolution reads nothing but what Tap says next.
  void Clear(const std::string& conv, int out) {
    const auto [weight, dims] = Weight(conv);
    const int64_t each = dims[1] * dims[2] * dims[3];
    std::fill_n(weight + out * each, each, 0.0f);
  }
  void Tap(const std::string& conv, int out, int in, float value) {
    const auto [weight, dims] = Weight(conv);
    const int64_t area = dims[2] * dims[3];
    weight[(out * dims[1] + in) * area + area / 2] = value;
  }
  // Makes the normalisation of a channel add `shift` and nothing else, whatever its statistics are.
  void Pass(const std::string& norm, int channel, float shift) { passes_.push_back({norm, channel, shift}); }
  void Gain(const std::string& norm, int channel, float gain) { *Parameter(norm + ".weight", channel) = gain; }
  float* Parameter(const std::string& name, int index) {
    return values_.parameters.data_ptr<float>() + model_.layout.parameters.find(name)->second.offset + index;
  }

  void ApplyPasses() {
    for (const auto& [norm, channel, shift] : passes_) {
      const float mean = *Statistic(norm + ".running_mean", channel);
      const float variance = *Statistic(norm + ".running_var", channel);
      *Parameter(norm + ".weight", channel) = static_cast<float>(std::sqrt(variance + kNormEpsilon));
      *Parameter(norm + ".bias", channel) = mean + shift;
    }
  }

 private:
  struct Passing {
    std::string norm;
    int channel;
    float shift;
  };

  std::pair<float*, Dims> Weight(const std::string& conv) {
    const Slot& slot = model_.layout.parameters.find(conv + ".weight")->second;
    return {values_.parameters.data_ptr<float>() + slot.offset, slot.dims};
  }
  float* Statistic(const std::string& name, int index) {
    return values_.statistics.data_ptr<float>() + model_.layout.statistics.find(name)->second.offset + index;
  }

  const Model& model_;
  WeightValues& values_;
  std::vector<Passing> passes_;
};

}  // namespace

Status StartAsCopy(const Model& model, const MeasureStatistics& measure, WeightValues& values) {
  Wiring wiring(model, values);
  const GeneratorShape& shape = model.shape.generator;
  const std::string last = "up" + std::to_string(shape.levels()) + ".conv.double_conv.";
  // The last block reads [upsampled map, largest skip]; the skip begins after the map's channels.
  const int below = shape.levels() == 5 ? shape.channels[0] : shape.channels[1] / 2;

  const std::string first = "inc.inconv.0.conv.";
  for (int c = 0; c < kColours; ++c) {
    for (const char* part : {"0", "3", "6"}) wiring.Clear(first + part, c);
    wiring.Tap(first + "0", c, c, 1);
    wiring.Tap(first + "3", c, 0, 1);
    wiring.Tap(first + "6", c, c, 1);
    for (const char* part : {"1", "4", "7"}) wiring.Pass(first + part, c, 0);

    wiring.Clear(last + "0.conv.6", c);
    for (size_t k = 0; k < kKnots.size(); ++k) {
      const int hidden = c * static_cast<int>(kKnots.size()) + static_cast<int>(k);
      wiring.Clear(last + "0.conv.0", hidden);
      wiring.Tap(last + "0.conv.0", hidden, below + c, 1);
      wiring.Pass(last + "0.conv.1", hidden, -kKnots[k]);
      wiring.Clear(last + "0.conv.3", hidden);
      wiring.Tap(last + "0.conv.3", hidden, 0, 1);
      wiring.Pass(last + "0.conv.4", hidden, 0);
      wiring.Tap(last + "0.conv.6", c, hidden, kSlopes[k]);
    }
    wiring.Pass(last + "0.conv.7", c, kStart);
    constexpr float kAddsLittle = 0.02f;
    wiring.Gain(last + "1.conv.7", c, kAddsLittle);
    wiring.Clear("outc.conv", c);
    wiring.Tap("outc.conv", c, c, 1);
    *wiring.Parameter("outc.conv.bias", c) = 0;
  }
  // A channel's statistics are final once those of all channels it hangs on are: one round for each layer of the way.
  constexpr int kLayers = 7;
  for (int round = 0; round < kLayers; ++round) {
    RETURN_IF_ERROR(measure(values));
    wiring.ApplyPasses();
  }
  return {};
}

}  // namespace lips
