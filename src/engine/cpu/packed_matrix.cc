#include "engine/cpu/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/number_scalar.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

constexpr int kWeightLevels = 127;  // -127..127: symmetric

size_t GroupBytes(bool wide) { return wide ? sizeof(double) : 4; }

}  // namespace

kernels::NumberType InputType(Mode mode) {
  switch (mode) {
    case Mode::kF32: return kernels::NumberType::kF32;
    case Mode::kBf16: return kernels::NumberType::kBf16;
    case Mode::kInt8: return kernels::NumberType::kU8;
  }
  return kernels::NumberType::kF32;
}

int NumbersPerGroup(Mode mode) { return mode == Mode::kF32 ? 1 : mode == Mode::kBf16 ? 2 : 4; }

PackedMatrix::PackedMatrix(Mode mode, int outputs, int inputs, bool wide)
    : mode_(mode),
      wide_(wide),
      inputs_(inputs),
      columns_(kernels::PaddedChannels(outputs)),
      steps_((inputs + NumbersPerGroup(mode) - 1) / NumbersPerGroup(mode)) {
  if (wide) {
    wide_bias_.assign(size(columns_), 0.0);
  } else {
    bias_.assign(size(columns_), 0.0f);
  }
  if (mode == Mode::kInt8) scale_.assign(size(columns_), 0.0f);
}

size_t PackedMatrix::bytes() const { return size(steps_) * size(columns_) * GroupBytes(wide_); }

size_t PackedMatrix::StoredBytes(Mode mode, int outputs, int inputs, bool wide) {
  const auto steps = size((inputs + NumbersPerGroup(mode) - 1) / NumbersPerGroup(mode));
  return size(kernels::PaddedChannels(outputs)) * GroupBytes(wide) * (steps + (mode == Mode::kInt8 ? 2 : 1));
}

PackedMatrix PackedMatrix::Over(Mode mode, int outputs, int inputs, const OwnedBytes& stored, bool wide) {
  PackedMatrix matrix(mode, outputs, inputs, wide);
  matrix.panels_ = {stored.bytes.first(matrix.bytes()), stored.owner};
  const uint8_t* from = stored.bytes.data() + matrix.bytes();
  const auto take = [&from](auto& numbers) {
    if (numbers.empty()) return;
    const size_t bytes = numbers.size() * sizeof(numbers[0]);
    std::memcpy(numbers.data(), from, bytes);
    from += bytes;
  };
  take(matrix.bias_);
  take(matrix.wide_bias_);
  take(matrix.scale_);
  return matrix;
}

void PackedMatrix::AppendTo(std::vector<uint8_t>& bytes) const {
  const auto append = [&](const void* data, size_t size) {
    const auto* from = static_cast<const uint8_t*>(data);
    bytes.insert(bytes.end(), from, from + size);
  };
  append(panels_.bytes.data(), panels_.bytes.size());
  append(bias_.data(), bias_.size() * sizeof(float));
  append(wide_bias_.data(), wide_bias_.size() * sizeof(double));
  append(scale_.data(), scale_.size() * sizeof(float));
}

Result<PackedMatrix> PackedWeights::Take(Mode mode, int64_t outputs, int64_t inputs, bool wide) {
  constexpr int64_t kMost = int64_t{1} << 24;  // of either: far beyond any network, and nothing overflows
  const bool sensible = outputs > 0 && inputs > 0 && outputs <= kMost && inputs <= kMost;
  const size_t bytes = sensible
                           ? PackedMatrix::StoredBytes(mode, static_cast<int>(outputs), static_cast<int>(inputs), wide)
                           : left() + 1;
  if (bytes > left()) {
    return Error(ErrorCode::kCorrupted, "packed weights have " + std::to_string(left()) +
                                            " bytes left for a matrix of " + std::to_string(outputs) + "x" +
                                            std::to_string(inputs));
  }
  const OwnedBytes part = {bytes_.bytes.subspan(taken_, bytes), bytes_.owner};
  taken_ += bytes;
  return PackedMatrix::Over(mode, static_cast<int>(outputs), static_cast<int>(inputs), part, wide);
}

PackedMatrix::PackedMatrix(Mode mode, std::span<const float> weights, std::span<const float> bias, int outputs,
                           int inputs, const QuantisationTable& input)
    : PackedMatrix(mode, outputs, inputs, false) {
  std::ranges::copy(bias, bias_.begin());
  const int group = NumbersPerGroup(mode);
  const auto block = std::make_shared<const AlignedBytes>(bytes());
  panels_ = {{block->data(), block->bytes()}, block};
  uint8_t* panel = block->data();
  for (int first = 0; first < columns_;) {
    const int width = kernels::PanelWidth(columns_ - first);
    for (int o = first; o < std::min(first + width, outputs); ++o) {
      const float* row = weights.data() + static_cast<size_t>(o) * static_cast<size_t>(inputs);
      const auto value = [&](int k) {
        return mode == Mode::kInt8 ? row[k] * input.scale[static_cast<size_t>(k)] : row[k];
      };
      float levels = 1;  // weight levels per unit
      if (mode == Mode::kInt8) {
        float largest = 0;
        for (int k = 0; k < inputs; ++k) largest = std::max(largest, std::abs(value(k)));
        if (largest > 0) levels = kWeightLevels / largest;
        scale_[static_cast<size_t>(o)] = 1 / levels;
      }
      double zero = 0;
      for (int k = 0; k < inputs; ++k) {
        uint8_t* at =
            panel + (static_cast<size_t>(k / group) * static_cast<size_t>(width) + static_cast<size_t>(o - first)) * 4;
        const auto place = static_cast<size_t>(k % group);
        if (mode == Mode::kF32) {
          std::memcpy(at, &row[k], 4);
        } else if (mode == Mode::kBf16) {
          const uint16_t number = kernels::Bf16FromFloat(row[k]);
          std::memcpy(at + place * 2, &number, 2);
        } else {
          const auto number = static_cast<int8_t>(std::lrint(value(k) * levels));
          std::memcpy(at + place, &number, 1);
          zero += double{input.zero[static_cast<size_t>(k)]} * number;
        }
      }
      if (mode == Mode::kInt8) bias_[static_cast<size_t>(o)] -= static_cast<float>(zero / levels);
    }
    panel += static_cast<size_t>(steps_) * static_cast<size_t>(width) * 4;
    first += width;
  }
}

PackedMatrix PackedMatrix::Wide(std::span<const double> weights, std::span<const double> bias, int outputs,
                                int inputs) {
  PackedMatrix matrix(Mode::kF32, outputs, inputs, true);
  std::ranges::copy(bias, matrix.wide_bias_.begin());
  const auto block = std::make_shared<const AlignedBytes>(matrix.bytes());
  matrix.panels_ = {{block->data(), block->bytes()}, block};
  auto* panel = reinterpret_cast<double*>(block->data());
  for (int first = 0; first < matrix.columns_;) {
    const int width = kernels::PanelWidth(matrix.columns_ - first);
    for (int o = first; o < std::min(first + width, outputs); ++o) {
      const auto row = weights.subspan(size(o) * size(inputs), size(inputs));
      for (int k = 0; k < inputs; ++k) panel[k * width + o - first] = row[size(k)];
    }
    panel += inputs * width;
    first += width;
  }
  return matrix;
}

void PackedMatrix::Set(kernels::MatrixArgs& args, int first, int last) const {
  const auto skip = size(first);
  args.weights = panels_.bytes.data() + skip * size(steps_) * GroupBytes(wide_);
  args.wide = wide_;
  args.steps = steps_;
  args.columns = last - first;
  args.scale = scale_.empty() ? nullptr : scale_.data() + skip;
  args.bias = wide_ ? nullptr : bias_.data() + skip;
  args.wide_bias = wide_ ? wide_bias_.data() + skip : nullptr;
}

kernels::MatrixFn* MatrixKernel(Mode mode) {
  const kernels::Table& table = kernels::Active();
  switch (mode) {
    case Mode::kF32: return table.matrix_f32;
    case Mode::kBf16: return table.matrix_bf16;
    case Mode::kInt8: return table.matrix_u8;
  }
  return table.matrix_f32;
}

}  // namespace lips::cpu
