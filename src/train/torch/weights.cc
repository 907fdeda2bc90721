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

void WeightLayout::Add(const std::vector<FamilyConv>& added) {
  for (const FamilyConv& conv : added) {
    convs.push_back(conv);
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

void TakeOver(const WeightLayout& other, const WeightValues& from, const WeightLayout& layout, WeightValues& to) {
  const auto copy = [](const auto& slots, const at::Tensor& source, const auto& own, at::Tensor& target) {
    for (const auto& [name, slot] : own) {
      const auto found = slots.find(name);
      if (found == slots.end() || found->second.dims != slot.dims) continue;
      const int64_t count = Count(slot.dims);
      target.narrow(0, slot.offset, count).copy_(source.narrow(0, found->second.offset, count));
    }
  };
  copy(other.parameters, from.parameters, layout.parameters, to.parameters);
  copy(other.statistics, from.statistics, layout.statistics, to.statistics);
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

Status TakeState(const StateDict& state, const std::vector<FamilyConv>& convs, const WeightLayout& layout,
                 WeightValues& to) {
  const auto copy = [&state](const std::string& name, const auto& slots, at::Tensor& target) -> Status {
    const auto slot = slots.find(name);
    if (slot == slots.end()) return {};
    const auto found = state.find(name);
    if (found == state.end()) return Error(ErrorCode::kInvalidInput, "tensor '" + name + "' is missing");
    const Tensor values = ToF32(found->second);
    if (values.dims() != slot->second.dims) {
      return Error(ErrorCode::kInvalidInput, "tensor '" + name + "' is " + ToString(values.dims()) + "; expected " +
                                                 ToString(slot->second.dims) + ": it is of another width");
    }
    std::memcpy(target.data_ptr<float>() + slot->second.offset, values.data(), values.bytes());
    return {};
  };
  for (const FamilyConv& conv : convs) {
    for (const char* part : {".weight", ".bias"}) {
      RETURN_IF_ERROR(copy(conv.conv + part, layout.parameters, to.parameters));
      RETURN_IF_ERROR(copy(conv.norm + part, layout.parameters, to.parameters));
    }
    for (const char* part : {".running_mean", ".running_var"}) {
      RETURN_IF_ERROR(copy(conv.norm + part, layout.statistics, to.statistics));
    }
  }
  return {};
}

Replica::Replica(const WeightLayout& layout, at::Device device) : layout_(layout), tables_(TablesOf(layout, device)) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  values_ = {at::zeros({layout.parameter_floats}, options), at::zeros({layout.statistic_floats}, options)};
  parameters_ = values_.parameters.detach();
  parameters_.set_requires_grad(true);
  parameters_.mutable_grad() = at::zeros({layout.parameter_floats}, options);
  for (const auto& [name, slot] : layout.statistics) {
    statistics_.emplace(name, values_.statistics.narrow(0, slot.offset, Count(slot.dims)).view(slot.dims));
  }
}

Replica::Tables Replica::TablesOf(const WeightLayout& layout, at::Device device) {
  Tables tables;
  std::vector<int64_t> weight_at, channel_of, bias_at, gain_at, shift_at, mean_at, variance_at;
  std::vector<float> has_bias, is_normed;
  const auto offset = [](const auto& slots, const std::string& name) {
    const auto found = slots.find(name);
    return found == slots.end() ? int64_t{0} : found->second.offset;
  };
  int64_t channels = 0;
  for (const FamilyConv& conv : layout.convs) channels += conv.out;
  for (const FamilyConv& conv : layout.convs) {
    const auto first_channel = static_cast<int64_t>(bias_at.size());
    const bool normed = !conv.norm.empty();
    const int64_t count = Count(conv.weight_dims());
    const int64_t at = offset(layout.parameters, conv.conv + ".weight");
    for (int64_t k = 0; k < count; ++k) {
      weight_at.push_back(at + k);
      channel_of.push_back(normed ? first_channel + k / (count / conv.out) : channels);
    }
    for (int64_t k = 0; k < conv.out; ++k) {
      bias_at.push_back(conv.bias ? offset(layout.parameters, conv.conv + ".bias") + k : 0);
      has_bias.push_back(conv.bias ? 1.0f : 0.0f);
      gain_at.push_back(normed ? offset(layout.parameters, conv.norm + ".weight") + k : 0);
      shift_at.push_back(normed ? offset(layout.parameters, conv.norm + ".bias") + k : 0);
      mean_at.push_back(normed ? offset(layout.statistics, conv.norm + ".running_mean") + k : 0);
      variance_at.push_back(normed ? offset(layout.statistics, conv.norm + ".running_var") + k : 0);
      is_normed.push_back(normed ? 1.0f : 0.0f);
    }
    tables.weight_counts.push_back(count);
    tables.channel_counts.push_back(conv.out);
  }
  const auto copy = [device](const auto& from) {
    using Number = typename std::decay_t<decltype(from)>::value_type;
    return at::tensor(at::ArrayRef<Number>(from)).to(device);
  };
  tables.weight_at = copy(weight_at);
  tables.channel_of = copy(channel_of);
  tables.bias_at = copy(bias_at);
  tables.has_bias = copy(has_bias);
  tables.gain_at = copy(gain_at);
  tables.shift_at = copy(shift_at);
  tables.mean_at = copy(mean_at);
  tables.variance_at = copy(variance_at);
  tables.is_normed = copy(is_normed);
  return tables;
}

void Replica::Load(const WeightValues& values) {
  at::NoGradGuard no_grad;
  values_.parameters.copy_(values.parameters);
  values_.statistics.copy_(values.statistics);
  parameters_.mutable_grad().zero_();
  filters_.clear();
}

at::Tensor Replica::Parameter(const std::string& name) const {
  const Slot& slot = layout_.parameters.find(name)->second;
  return parameters_.narrow(0, slot.offset, Count(slot.dims)).view(slot.dims);
}

void Replica::Prepare(NormMode norm, at::ScalarType number) {
  const Tables& t = tables_;
  at::Tensor weights = parameters_.index_select(0, t.weight_at);
  at::Tensor biases = parameters_.index_select(0, t.bias_at) * t.has_bias;
  if (norm == NormMode::kFolded) {
    const at::Tensor gain = parameters_.index_select(0, t.gain_at);
    const at::Tensor shift = parameters_.index_select(0, t.shift_at);
    const at::Tensor mean = values_.statistics.index_select(0, t.mean_at) * t.is_normed;
    const at::Tensor deviation = (values_.statistics.index_select(0, t.variance_at) + kNormEpsilon).rsqrt();
    // 1 where none norms.
    const at::Tensor scale = gain * deviation * t.is_normed + (1 - t.is_normed);
    weights = weights * at::cat({scale, at::ones({1}, scale.options())}).index_select(0, t.channel_of);
    biases = (biases - mean) * scale + shift * t.is_normed;
  }
  const std::vector<at::Tensor> by_weight = weights.to(number).split_with_sizes(t.weight_counts);
  const std::vector<at::Tensor> by_bias = biases.to(number).split_with_sizes(t.channel_counts);
  std::vector<at::Tensor> by_gain, by_shift;
  if (norm == NormMode::kLive) {
    by_gain = parameters_.index_select(0, t.gain_at).split_with_sizes(t.channel_counts);
    by_shift = parameters_.index_select(0, t.shift_at).split_with_sizes(t.channel_counts);
  }
  filters_.clear();
  for (size_t k = 0; k < layout_.convs.size(); ++k) {
    const FamilyConv& conv = layout_.convs[k];
    Filter filter;
    // Copies, since a device's kernels take what begins at a multiple of 16 bytes only.
    const auto aligned = [](const at::Tensor& part) { return part.is_cpu() ? part : part.clone(); };
    filter.weight = aligned(by_weight[k].view(conv.weight_dims()));
    if (conv.bias || (norm == NormMode::kFolded && !conv.norm.empty())) filter.bias = aligned(by_bias[k]);
    if (norm == NormMode::kLive && !conv.norm.empty()) {
      filter.gain = by_gain[k];
      filter.shift = by_shift[k];
    }
    filters_.emplace(conv.conv, std::move(filter));
  }
}

}  // namespace lips
