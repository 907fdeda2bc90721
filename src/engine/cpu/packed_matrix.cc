#include "engine/cpu/packed_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/number_scalar.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

constexpr int kWeightLevels = 127;  // -127..127: symmetric

int PanelWidth(int columns_left) { return columns_left >= 64 ? 64 : columns_left >= 32 ? 32 : 16; }

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

PackedMatrix::PackedMatrix(Mode mode, std::span<const float> weights, std::span<const float> bias, int outputs,
                           int inputs, const QuantisationTable& input)
    : mode_(mode),
      inputs_(inputs),
      columns_(kernels::PaddedChannels(outputs)),
      steps_((inputs + NumbersPerGroup(mode) - 1) / NumbersPerGroup(mode)),
      panels_(static_cast<size_t>(steps_) * static_cast<size_t>(columns_) * 4),
      bias_(static_cast<size_t>(columns_)) {
  std::ranges::copy(bias, bias_.begin());
  if (mode == Mode::kInt8) scale_.assign(static_cast<size_t>(columns_), 0.0f);
  const int group = NumbersPerGroup(mode);
  uint8_t* panel = panels_.data();
  for (int first = 0; first < columns_;) {
    const int width = PanelWidth(columns_ - first);
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

void PackedMatrix::Set(kernels::MatrixArgs& args, int first, int last) const {
  const auto skip = static_cast<size_t>(first);
  args.weights = panels_.data() + skip * static_cast<size_t>(steps_) * 4;
  args.steps = steps_;
  args.columns = last - first;
  args.scale = scale_.empty() ? nullptr : scale_.data() + skip;
  args.bias = bias_.data() + skip;
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
