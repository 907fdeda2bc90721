// Normalisations over a channel, a plane or an axis.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "engine/reference/operator.h"

namespace lips {
namespace {

// One number per channel. Errors: kCorrupted.
Result<std::span<const double>> PerChannel(const OperatorCall& call, size_t index, int64_t channels) {
  ASSIGN_OR_RETURN(const Tensor* tensor, call.Floats(index));
  if (tensor->size() == channels) return tensor->As<double>();
  return Error(ErrorCode::kCorrupted, "input " + std::to_string(index) + " " + ToString(tensor->dims()) + " for " +
                                          std::to_string(channels) + " channels");
}

struct Moments {
  double mean = 0;
  double variance = 0;  // of the population
};

Moments MomentsOf(std::span<const double> values) {
  Moments moments;
  const auto count = static_cast<double>(values.size());
  for (const double v : values) moments.mean += v / count;
  for (const double v : values) moments.variance += (v - moments.mean) * (v - moments.mean) / count;
  return moments;
}

Status BatchNormalization(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* x, call.Floats(0));
  const Dims& dims = x->dims();
  if (dims.size() < 2) return Error(ErrorCode::kCorrupted, "image " + ToString(dims));
  if (call.node().Int("training_mode", 0) != 0) return Error(ErrorCode::kUnsupported, "training_mode");
  ASSIGN_OR_RETURN(const auto scale, PerChannel(call, 1, dims[1]));
  ASSIGN_OR_RETURN(const auto bias, PerChannel(call, 2, dims[1]));
  ASSIGN_OR_RETURN(const auto mean, PerChannel(call, 3, dims[1]));
  ASSIGN_OR_RETURN(const auto variance, PerChannel(call, 4, dims[1]));
  const double epsilon = call.node().Float("epsilon", 1e-5f);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  const auto plane = static_cast<size_t>(Product(dims, 2, dims.size()));
  const auto from = x->As<double>();
  const auto to = out->As<double>();
  for (size_t i = 0; i < from.size(); ++i) {
    const size_t channel = i / plane % static_cast<size_t>(dims[1]);
    to[i] = (from[i] - mean[channel]) / std::sqrt(variance[channel] + epsilon) * scale[channel] + bias[channel];
  }
  return {};
}

Status InstanceNormalization(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* x, call.Floats(0));
  const Dims& dims = x->dims();
  if (dims.size() < 3) return Error(ErrorCode::kCorrupted, "image " + ToString(dims));
  ASSIGN_OR_RETURN(const auto scale, PerChannel(call, 1, dims[1]));
  ASSIGN_OR_RETURN(const auto bias, PerChannel(call, 2, dims[1]));
  const double epsilon = call.node().Float("epsilon", 1e-5f);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  const auto plane = static_cast<size_t>(Product(dims, 2, dims.size()));
  const auto from = x->As<double>();
  for (size_t begin = 0; begin < from.size(); begin += plane) {
    const size_t channel = begin / plane % static_cast<size_t>(dims[1]);
    const auto values = from.subspan(begin, plane);
    const Moments moments = MomentsOf(values);
    std::ranges::transform(values, out->As<double>().begin() + static_cast<ptrdiff_t>(begin), [&](double v) {
      return (v - moments.mean) / std::sqrt(moments.variance + epsilon) * scale[channel] + bias[channel];
    });
  }
  return {};
}

// Over all axes from `axis` on, each group with the same scale and bias.
Status LayerNormalization(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Tensor* x, call.Floats(0));
  const Dims& dims = x->dims();
  if (call.output_count() > 1) return Error(ErrorCode::kUnsupported, "the outputs Mean and InvStdDev");
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(call.node().Int("axis", -1), dims.size()));
  const int64_t group = Product(dims, axis, dims.size());
  ASSIGN_OR_RETURN(const auto scale, PerChannel(call, 1, group));
  std::span<const double> bias;
  if (call.Optional(2) != nullptr) {
    ASSIGN_OR_RETURN(bias, PerChannel(call, 2, group));
  }
  const double epsilon = call.node().Float("epsilon", 1e-5f);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  const auto size = static_cast<size_t>(group);
  for (size_t begin = 0; begin < x->As<double>().size(); begin += size) {
    const auto values = x->As<double>().subspan(begin, size);
    const Moments moments = MomentsOf(values);
    for (size_t i = 0; i < size; ++i) {
      const double normal = (values[i] - moments.mean) / std::sqrt(moments.variance + epsilon);
      out->As<double>()[begin + i] = normal * scale[i] + (bias.empty() ? 0.0 : bias[i]);
    }
  }
  return {};
}

// Before opset 13 the axes from `axis` on were one; since then `axis` is alone.
Status Softmax(OperatorCall& call, bool logarithm) {
  ASSIGN_OR_RETURN(const Tensor* x, call.Floats(0));
  const Dims& dims = x->dims();
  const bool flatten = call.opset() < 13;
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(call.node().Int("axis", flatten ? 1 : -1), dims.size()));
  const int64_t length = flatten ? Product(dims, axis, dims.size()) : dims[axis];
  const int64_t stride = flatten ? 1 : Product(dims, axis + 1, dims.size());
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  const double* from = x->As<double>().data();
  double* to = out->As<double>().data();
  if (x->size() == 0) return {};
  for (int64_t group = 0; group < x->size() / length; ++group) {
    const int64_t first = group / stride * stride * length + group % stride;
    double highest = from[first];
    for (int64_t i = 1; i < length; ++i) highest = std::max(highest, from[first + i * stride]);
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) sum += std::exp(from[first + i * stride] - highest);
    for (int64_t i = 0; i < length; ++i) {
      const double shifted = from[first + i * stride] - highest;
      to[first + i * stride] = logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
    }
  }
  return {};
}

constexpr std::array kOperators = {
    OperatorEntry{"BatchNormalization", BatchNormalization},
    OperatorEntry{"InstanceNormalization", InstanceNormalization},
    OperatorEntry{"LayerNormalization", LayerNormalization},
    OperatorEntry{"Softmax", [](OperatorCall& call) { return Softmax(call, false); }},
    OperatorEntry{"LogSoftmax", [](OperatorCall& call) { return Softmax(call, true); }},
};

}  // namespace

std::span<const OperatorEntry> NormaliseOperators() { return kOperators; }

}  // namespace lips
