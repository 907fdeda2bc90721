#include "engine/cuda/constants.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "engine/cuda/alignment.h"
#include "engine/cuda/residual_kernel.h"
#include "model/convolution.h"

namespace lips::cuda {
namespace {

constexpr double kHalfLimit = 65520;  // what this and more rounds to is infinity

size_t size(int n) { return static_cast<size_t>(n); }

Result<Half> HalfOf(double value) {
  if (std::abs(value) < kHalfLimit) return ToHalf(static_cast<float>(value));  // NaN is none either
  return Error(ErrorCode::kUnsupported, "has a weight of " + std::to_string(value) + ", beyond the range of f16");
}

}  // namespace

std::vector<float> BiasOf(const Tensor* tensor, int padded) {
  std::vector<float> bias(size(padded));
  if (tensor == nullptr) return bias;
  const std::vector<double> values = DoublesOf(*tensor);
  for (size_t i = 0; i < std::min(values.size(), bias.size()); ++i) bias[i] = static_cast<float>(values[i]);
  return bias;
}

size_t Constants::Append(const void* data, size_t bytes) {
  const size_t at = AlignUp(block_.size());
  block_.resize(at + bytes);
  if (bytes > 0) std::memcpy(block_.data() + at, data, bytes);
  return at;
}

size_t Constants::Floats(std::span<const float> values) { return Append(values.data(), values.size_bytes()); }

Result<size_t> Constants::Halves(std::span<const double> values) {
  std::vector<Half> halves;
  halves.reserve(values.size());
  for (const double value : values) {
    ASSIGN_OR_RETURN(const Half half, HalfOf(value));
    halves.push_back(half);
  }
  return Append(halves.data(), halves.size() * sizeof(Half));
}

Result<size_t> Constants::Chunks(const ResidualArgs& args, const ResidualConstants& of) {
  const int depth = args.x_channels + args.low_channels;
  const int bytes = ChunkBytes(depth, args.out_channels), chunks = args.hidden / kHiddenChunk;
  std::vector<uint8_t> packed(size(bytes) * size(chunks));
  for (int chunk = 0; chunk < chunks; ++chunk) {
    uint8_t* const to = packed.data() + size(chunk) * size(bytes);
    auto* const rows = reinterpret_cast<Half*>(to);
    auto* const bias = reinterpret_cast<float*>(to + ChunkBiasAt(depth));
    auto* const taps = reinterpret_cast<Half*>(to + ChunkTapsAt(depth));
    auto* const columns = reinterpret_cast<Half*>(to + ChunkProjectAt(depth));
    for (int i = 0; i < kHiddenChunk; ++i) {
      const size_t channel = size(chunk * kHiddenChunk + i);
      for (int k = 0; k < depth; ++k) {
        ASSIGN_OR_RETURN(rows[i * Pitch(depth) + k], HalfOf(of.expand[channel * size(depth) + size(k)]));
      }
      bias[i] = of.expand_bias[channel];
      for (int tap = 0; tap < 9; ++tap) {
        const size_t at = 9 * channel + size(tap);
        ASSIGN_OR_RETURN(taps[tap * kHiddenChunk + i], HalfOf(at < of.taps.size() ? of.taps[at] : 0.0));
      }
      ASSIGN_OR_RETURN(taps[9 * kHiddenChunk + i], HalfOf(static_cast<double>(of.depth_bias[channel])));
      for (int out = 0; out < args.out_channels; ++out) {
        ASSIGN_OR_RETURN(columns[out * kChunkPitch + i], HalfOf(of.project[size(out * args.hidden) + channel]));
      }
    }
  }
  return Append(packed.data(), packed.size());
}

}  // namespace lips::cuda
