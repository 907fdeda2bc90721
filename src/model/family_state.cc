#include "model/family_state.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/name.h"

namespace lips {
namespace {

constexpr std::string_view kEncoderPrefix = "audio_encoder.";
constexpr std::string_view kEncoderFirst = "0.conv_block.0.weight";
constexpr std::string_view kGeneratorFirst = "inc.inconv.0.conv.6.weight";

// "'a', 'b', 'c' and 5 more"
std::string SomeOf(const std::vector<std::string>& names) {
  constexpr size_t kShown = 3;
  std::string text;
  for (size_t k = 0; k < std::min(kShown, names.size()); ++k) text += (k == 0 ? "" : ", ") + QuoteName(names[k]);
  if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

// Length of axis `axis` of a four-dimensional weight: a number of channels. 1 when there is no such weight, which
// CheckFits reports.
int Channels(const StateDict& state, const std::string& name, size_t axis) {
  constexpr int64_t kMostChannels = 1 << 14;
  const auto found = state.find(name);
  if (found == state.end() || found->second.dims().size() != 4) return 1;
  const int64_t channels = found->second.dims()[axis];
  return channels > 0 && channels <= kMostChannels ? static_cast<int>(channels) : 1;
}

GeneratorShape ShapeOfGenerator(const StateDict& state, bool hubert) {
  const auto down = [](int level) {
    return "down" + std::to_string(level) + ".maxpool_conv.0.double_conv.0.conv.6.weight";
  };
  GeneratorShape shape;
  shape.size_px = state.find(down(5)) == state.end() ? 160 : 320;
  if (shape.levels() == 4) shape.channels[0] = Channels(state, std::string(kGeneratorFirst), 0);
  for (int level = 1; level <= shape.levels(); ++level) {
    shape.channels[static_cast<size_t>(shape.levels() == 5 ? level - 1 : level)] = Channels(state, down(level), 0);
  }
  if (Channels(state, "audio_model.conv1.conv.0.weight", 1) == 256) {
    shape.audio_dims = {256, 16, 32};
  } else if (hubert) {
    shape.audio_dims = {32, 32, 32};
  }
  return shape;
}

EncoderShape ShapeOfEncoder(const StateDict& state) {
  constexpr std::array<int, 5> kWidening = {0, 3, 6, 9, 11};  // the layers that change the number of channels
  EncoderShape shape;
  for (size_t k = 0; k < kWidening.size(); ++k) {
    shape.channels[k] =
        Channels(state, std::string(kEncoderPrefix) + std::to_string(kWidening[k]) + ".conv_block.0.weight", 0);
  }
  return shape;
}

// Every tensor of `convs`, in its shape, and nothing else.
Status CheckFits(const StateDict& state, const std::vector<FamilyConv>& convs, const std::string& network) {
  std::set<std::string, std::less<>> known;
  std::vector<std::string> missing;
  const auto expect = [&](std::string name, const Dims& dims) -> Status {
    const auto found = state.find(name);
    if (found == state.end()) {
      missing.push_back(name);
    } else if (found->second.dims() != dims) {
      return Error(ErrorCode::kInvalidInput, QuoteName(name) + " is " + ToString(found->second.dims()) + "; " +
                                                 network + " with the other weights' channels has " + ToString(dims) +
                                                 " there");
    }
    known.insert(std::move(name));
    return {};
  };
  for (const FamilyConv& conv : convs) {
    RETURN_IF_ERROR(expect(conv.conv + ".weight", conv.weight_dims()));
    if (conv.bias) RETURN_IF_ERROR(expect(conv.conv + ".bias", {conv.out}));
    if (conv.norm.empty()) continue;
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      RETURN_IF_ERROR(expect(conv.norm + part, {conv.out}));
    }
    known.insert(conv.norm + ".num_batches_tracked");
  }
  if (!missing.empty()) return Error(ErrorCode::kInvalidInput, network + " lacks " + SomeOf(missing));
  std::vector<std::string> left_over;
  for (const auto& [name, tensor] : state) {
    if (known.find(name) == known.end()) left_over.push_back(name);
  }
  if (left_over.empty()) return {};
  return Error(ErrorCode::kInvalidInput, network + " has no place for " + SomeOf(left_over));
}

bool IsFloatingPoint(DType dtype) { return dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBf16; }

}  // namespace

Result<Graph> FamilyGraph(StateDict state, bool hubert) {
  for (auto& [name, tensor] : state) {
    if (IsFloatingPoint(tensor.dtype())) tensor = ToF32(tensor);
  }
  if (state.find(kGeneratorFirst) != state.end()) {
    const GeneratorShape shape = ShapeOfGenerator(state, hubert);
    const std::string network = "a generator of " + std::to_string(shape.size_px) + " px";
    RETURN_IF_ERROR(CheckFits(state, GeneratorConvs(shape), network));
    return GeneratorGraph(state, shape);
  }
  if (state.find(kEncoderFirst) != state.end()) {
    StateDict prefixed;
    for (auto& [name, tensor] : state) prefixed.emplace(std::string(kEncoderPrefix) + name, std::move(tensor));
    state = std::move(prefixed);
  }
  if (state.find(std::string(kEncoderPrefix) + std::string(kEncoderFirst)) != state.end()) {
    const EncoderShape shape = ShapeOfEncoder(state);
    RETURN_IF_ERROR(CheckFits(state, EncoderConvs(shape), "an audio encoder"));
    return EncoderGraph(state, shape);
  }
  std::vector<std::string> names;
  for (const auto& [name, tensor] : state) names.push_back(name);
  return Error(ErrorCode::kInvalidInput, "neither a generator ('" + std::string(kGeneratorFirst) +
                                             "') nor an audio encoder ('" + std::string(kEncoderPrefix) +
                                             std::string(kEncoderFirst) + "') of the family; it has " +
                                             (names.empty() ? "no tensors" : SomeOf(names)));
}

}  // namespace lips
