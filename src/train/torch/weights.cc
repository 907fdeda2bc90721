#include "train/torch/weights.h"

#include <torch/types.h>

#include <cmath>
#include <cstring>

#include "train/random.h"

namespace lips {
namespace {

int64_t Count(const Dims& dims) { return ElementCount(dims).value(); }

void Add(const std::string& name, Dims dims, std::map<std::string, Slot, std::less<>>& slots, int64_t& floats) {
  const int64_t count = Count(dims);
  slots.emplace(name, Slot{floats, std::move(dims)});
  floats += count;
}

// The projection of a residual block: double_conv.1 of every pair, and the audio branch's conv4, conv6, conv7.
bool EndsResidual(const FamilyConv& conv) {
  const std::string& name = conv.conv;
  if (!name.ends_with("conv.6")) return false;
  for (const char* block : {"double_conv.1.", "audio_model.conv4.", "audio_model.conv6.", "audio_model.conv7."}) {
    if (name.find(block) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

void WeightLayout::AddParameter(const std::string& name, Dims dims) {
  lips::Add(name, std::move(dims), parameters, parameter_floats);
}

void WeightLayout::Add(const std::vector<FamilyConv>& convs) {
  for (const FamilyConv& conv : convs) {
    AddParameter(conv.conv + ".weight", conv.weight_dims());
    if (conv.bias) AddParameter(conv.conv + ".bias", {conv.out});
    if (conv.norm.empty()) continue;
    AddParameter(conv.norm + ".weight", {conv.out});
    AddParameter(conv.norm + ".bias", {conv.out});
    lips::Add(conv.norm + ".running_mean", {conv.out}, statistics, statistic_floats);
    lips::Add(conv.norm + ".running_var", {conv.out}, statistics, statistic_floats);
  }
}

WeightValues InitialWeights(const WeightLayout& layout, const std::vector<FamilyConv>& convs, uint64_t seed) {
  WeightValues values = {at::zeros({layout.parameter_floats}), at::zeros({layout.statistic_floats})};
  Random random(seed, 0x1417);
  const auto at_parameter = [&](const std::string& name) {
    return values.parameters.data_ptr<float>() + layout.parameters.find(name)->second.offset;
  };
  for (const FamilyConv& conv : convs) {
    const Dims dims = conv.weight_dims();
    const auto fan_in = static_cast<float>(dims[1] * dims[2] * dims[3]);
    const float deviation = std::sqrt((conv.norm.empty() ? 1.0f : 2.0f) / fan_in);
    float* weight = at_parameter(conv.conv + ".weight");
    for (int64_t k = 0; k < Count(dims); ++k) weight[k] = deviation * random.Normal();
    if (conv.norm.empty()) continue;
    float* gain = at_parameter(conv.norm + ".weight");
    float* variance =
        values.statistics.data_ptr<float>() + layout.statistics.find(conv.norm + ".running_var")->second.offset;
    for (int k = 0; k < conv.out; ++k) {
      gain[k] = EndsResidual(conv) ? 0.2f : 1.0f;
      variance[k] = 1;
    }
  }
  return values;
}

StateDict StateOf(const WeightLayout& layout, const WeightValues& values, const std::vector<FamilyConv>& convs) {
  StateDict state;
  const at::Tensor parameters = values.parameters.cpu().contiguous();
  const at::Tensor statistics = values.statistics.cpu().contiguous();
  const auto copy = [&state](const std::string& name, const auto& slots, const at::Tensor& from) {
    const auto slot = slots.find(name);
    if (slot == slots.end()) return;
    Tensor tensor(DType::kF32, slot->second.dims);
    std::memcpy(tensor.data(), from.data_ptr<float>() + slot->second.offset, tensor.bytes());
    state.insert_or_assign(name, std::move(tensor));
  };
  for (const FamilyConv& conv : convs) {
    copy(conv.conv + ".weight", layout.parameters, parameters);
    copy(conv.conv + ".bias", layout.parameters, parameters);
    if (conv.norm.empty()) continue;
    copy(conv.norm + ".weight", layout.parameters, parameters);
    copy(conv.norm + ".bias", layout.parameters, parameters);
    copy(conv.norm + ".running_mean", layout.statistics, statistics);
    copy(conv.norm + ".running_var", layout.statistics, statistics);
    state.insert_or_assign(conv.norm + ".num_batches_tracked", Tensor::Of<int64_t>({}, std::vector<int64_t>{1}));
  }
  return state;
}

Replica::Replica(const WeightLayout& layout, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  values_ = {at::zeros({layout.parameter_floats}, options), at::zeros({layout.statistic_floats}, options)};
  gradient_ = at::zeros({layout.parameter_floats}, options);
  for (const auto& [name, slot] : layout.parameters) {
    const auto view = [&slot = slot](const at::Tensor& from) {
      return from.narrow(0, slot.offset, Count(slot.dims)).view(slot.dims);
    };
    at::Tensor leaf = view(values_.parameters).detach();
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = view(gradient_);
    parameters_.emplace(name, leaf);
  }
  for (const auto& [name, slot] : layout.statistics) {
    statistics_.emplace(name, values_.statistics.narrow(0, slot.offset, Count(slot.dims)).view(slot.dims));
  }
}

void Replica::Load(const WeightValues& values) {
  at::NoGradGuard no_grad;
  values_.parameters.copy_(values.parameters);
  values_.statistics.copy_(values.statistics);
  gradient_.zero_();
}

}  // namespace lips
