#include "engine/cpu/compiled_weights.h"

#include <string>
#include <utility>

namespace lips::cpu {
namespace {

size_t size(int64_t n) { return static_cast<size_t>(n); }

// `values` [O,I,kh,kw] of those dims as [O][kh][kw][channels], channels beyond I being zeros.
template <typename T>
std::vector<T> Windows(std::span<const T> values, const Dims& dims, size_t channels) {
  const size_t given = size(dims[1]), taps = size(dims[2] * dims[3]);
  std::vector<T> windows(size(dims[0]) * taps * channels);
  for (size_t o = 0; o < size(dims[0]); ++o) {
    for (size_t c = 0; c < given; ++c) {
      for (size_t tap = 0; tap < taps; ++tap) {
        windows[(o * taps + tap) * channels + c] = values[(o * given + c) * taps + tap];
      }
    }
  }
  return windows;
}

}  // namespace

CompiledWeights::CompiledWeights(const Graph& graph, PackedWeights* stored, std::vector<uint8_t>* store)
    : graph_(graph), stored_(stored), store_(store), computed_(graph.values.size()) {
  for (const ValueId input : graph.inputs) computed_[size(input)] = true;
  for (const Node& node : graph.nodes) {
    for (const ValueId output : node.outputs) {
      if (output != kNoValue) computed_[size(output)] = true;
    }
  }
}

std::span<const float> CompiledWeights::Values(ValueId value) {
  const Tensor* tensor = graph_.Constant(value);
  if (tensor == nullptr) return {};
  if (tensor->dtype() == DType::kF32) return tensor->As<float>();
  converted_.push_back(ToF32(*tensor));
  return std::as_const(converted_.back()).As<float>();
}

Result<std::span<const float>> CompiledWeights::Numbers(ValueId value, size_t count) {
  const auto numbers = Values(value);
  if (numbers.size() == count) return numbers;
  return Error(ErrorCode::kUnsupported, QuoteName(graph_.values[size(value)].name) + " is not a constant of " +
                                            std::to_string(count) + " numbers");
}

Result<std::vector<double>> CompiledWeights::Doubles(ValueId value, size_t count) {
  const Tensor* tensor = graph_.Constant(value);
  if (tensor != nullptr && tensor->dtype() == DType::kF64 && tensor->size() == static_cast<int64_t>(count)) {
    const auto values = tensor->As<double>();
    return std::vector<double>(values.begin(), values.end());
  }
  ASSIGN_OR_RETURN(const auto numbers, Numbers(value, count));
  return std::vector<double>(numbers.begin(), numbers.end());
}

const Dims* CompiledWeights::DimsOf(ValueId value) const {
  const bool known = graph_.Constant(value) != nullptr || (stored_ != nullptr && !computed_[size(value)]);
  const Dims& dims = graph_.values[size(value)].dims;
  return known && dims.size() == 4 ? &dims : nullptr;
}

template <typename Make>
Result<PackedMatrix> CompiledWeights::Obtain(Mode mode, int64_t outputs, int64_t inputs, bool wide, Make make) {
  PackedMatrix matrix;
  if (stored_ != nullptr) {
    ASSIGN_OR_RETURN(matrix, stored_->Take(mode, outputs, inputs, wide));
  } else {
    matrix = make();
  }
  if (store_ != nullptr) matrix.AppendTo(*store_);
  bytes_ += matrix.bytes();
  return matrix;
}

Result<PackedMatrix> CompiledWeights::Pack(Mode mode, ValueId weights, std::span<const float> bias,
                                           const QuantisationTable& levels) {
  const Dims& dims = graph_.values[size(weights)].dims;
  return Obtain(mode, dims[0], dims[1], false, [&] {
    return PackedMatrix(mode, Values(weights), bias, static_cast<int>(dims[0]), static_cast<int>(dims[1]), levels);
  });
}

Result<PackedMatrix> CompiledWeights::PackWindows(Mode mode, ValueId weights, std::span<const float> bias, int channels,
                                                  const QuantisationTable& levels) {
  const Dims& dims = graph_.values[size(weights)].dims;
  const size_t taps = size(dims[2] * dims[3]);
  const size_t padded = size(channels);
  const auto pack = [&] {
    const auto windows = Windows(Values(weights), dims, padded);
    QuantisationTable repeated;
    for (size_t tap = 0; mode == Mode::kInt8 && tap < taps; ++tap) {
      repeated.scale.insert(repeated.scale.end(), levels.scale.begin(), levels.scale.end());
      repeated.zero.insert(repeated.zero.end(), levels.zero.begin(), levels.zero.end());
    }
    return PackedMatrix(mode, windows, bias, static_cast<int>(dims[0]), static_cast<int>(taps * padded), repeated);
  };
  return Obtain(mode, dims[0], static_cast<int64_t>(taps * padded), false, pack);
}

Result<PackedMatrix> CompiledWeights::PackWide(ValueId weights, ValueId bias) {
  const Dims& dims = graph_.values[size(weights)].dims;
  const size_t inputs = size(dims[1] * dims[2] * dims[3]);
  std::vector<double> of_bias, of_weights;
  if (bias != kNoValue) {
    ASSIGN_OR_RETURN(of_bias, Doubles(bias, size(dims[0])));
  }
  if (stored_ == nullptr) {
    ASSIGN_OR_RETURN(of_weights, Doubles(weights, size(dims[0]) * inputs));
  }
  return Obtain(Mode::kF32, dims[0], static_cast<int64_t>(inputs), true, [&] {
    const auto windows = Windows<double>(of_weights, dims, size(dims[1]));
    return PackedMatrix::Wide(windows, of_bias, static_cast<int>(dims[0]), static_cast<int>(inputs));
  });
}

}  // namespace lips::cpu
