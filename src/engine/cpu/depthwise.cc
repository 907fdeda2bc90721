#include "engine/cpu/depthwise.h"

#include <algorithm>
#include <limits>

#include "engine/cpu/float_row.h"
#include "engine/cpu/fused_conv.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

std::vector<MapId> Inputs(const DepthwiseSpec& spec) {
  if (spec.addend == kNoMap) return {spec.x};
  return {spec.x, spec.addend};
}

class Depthwise : public FloatRowStep {
 public:
  Depthwise(DepthwiseSpec spec, std::span<const Map> maps)
      : FloatRowStep(Inputs(spec), spec.out, maps),
        spec_(std::move(spec)),
        columns_((out().width - 1) * spec_.stride[1] + (spec_.kernel[1] - 1) * spec_.dilation[1] + 1) {}

  const char* kind() const override { return "depthwise"; }
  double macs() const override { return spec_.macs; }

 protected:
  int most_rows() const override { return spec_.kernel[0]; }
  size_t extra_floats() const override { return size(spec_.kernel[0]) * bordered_floats(); }

  void MakeRow(Rows& rows, int image, int row, float* to, float* extra) const override {
    std::array<const float*, kernels::kMostWindowRows> windows{};
    for (int i = 0; i < spec_.kernel[0]; ++i) {
      float* bordered = extra + size(i) * bordered_floats();
      windows[size(i)] = bordered;
      const int y = row * spec_.stride[0] - spec_.pad[0] + i * spec_.dilation[0];
      if (y < 0 || y >= in(0).height) {
        std::fill_n(bordered, bordered_floats(), 0.0f);
      } else {
        Border(rows.Of(0, image, y), bordered);
      }
    }
    const size_t channels = size(out().padded());
    const bool relu = spec_.activation == Activation::kRelu;
    // With an addend the activation comes after it.
    const float least = relu && spec_.addend == kNoMap ? 0.0f : -std::numeric_limits<float>::infinity();
    kernels::Active().window_row({.rows = windows.data(),
                                  .taps_down = spec_.kernel[0],
                                  .taps_across = spec_.kernel[1],
                                  .pixel_stride = channels,
                                  .weights = spec_.weights.data(),
                                  .weight_stride = channels,
                                  .bias = spec_.bias.data(),
                                  .width = out().width,
                                  .stride = spec_.stride[1],
                                  .dilation = spec_.dilation[1],
                                  .channels = out().padded(),
                                  .least = least,
                                  .out = to,
                                  .out_stride = channels});
    if (spec_.addend != kNoMap) {
      const float* addend = rows.Of(1, image, row);
      for (size_t i = 0; i < out_row_floats(); ++i) to[i] += addend[i];
      if (relu) {
        for (size_t i = 0; i < out_row_floats(); ++i) to[i] = to[i] < 0.0f ? 0.0f : to[i];
      }
    }
    if (spec_.activation == Activation::kSigmoid && !kernels::Active().sigmoid_row(to, to, out_row_floats())) {
      rows.context().workspace.finite.store(false, std::memory_order_relaxed);
    }
  }

 private:
  size_t bordered_floats() const { return size(columns_) * size(out().padded()); }

  // The columns that windows reach, zeros outside the map, each channel as often as it has outputs.
  void Border(const float* from, float* to) const {
    const size_t in_channels = size(in(0).padded()), channels = size(out().padded());
    const auto multiplier = size(spec_.multiplier);
    for (int column = 0; column < columns_; ++column, to += channels) {
      const int x = column - spec_.pad[1];
      if (x < 0 || x >= in(0).width) {
        std::fill_n(to, channels, 0.0f);
        continue;
      }
      const float* pixel = from + size(x) * in_channels;
      if (multiplier == 1) {
        std::copy_n(pixel, channels, to);
        continue;
      }
      for (size_t c = 0; c < size(out().channels); ++c) to[c] = pixel[c / multiplier];
      std::fill(to + size(out().channels), to + channels, 0.0f);
    }
  }

  DepthwiseSpec spec_;
  int columns_;
};

}  // namespace

Result<DepthwiseSpec> ReadDepthwise(const Node& node, const Dims& dims, int channels, CompiledWeights& weights) {
  const auto unsupported = [](const char* why) { return Error(ErrorCode::kUnsupported, why); };
  DepthwiseSpec spec;
  if (node.Int("group", 1) != channels || dims[1] != 1) return unsupported("is a convolution in groups");
  if (!ReadWindow(node, dims, spec)) return unsupported("is not two-dimensional");
  if (spec.kernel[0] > kernels::kMostWindowRows) return unsupported("has a window of too many rows");
  spec.multiplier = static_cast<int>(dims[0] / channels);
  spec.activation = ReadActivation(node);
  const auto filters = static_cast<size_t>(dims[0]), taps = static_cast<size_t>(dims[2] * dims[3]);
  const auto padded = static_cast<size_t>(kernels::PaddedChannels(static_cast<int>(dims[0])));
  ASSIGN_OR_RETURN(const auto values, weights.Numbers(node.inputs[1], filters * taps));
  spec.weights.assign(taps * padded, 0.0f);
  for (size_t c = 0; c < filters; ++c) {
    for (size_t tap = 0; tap < taps; ++tap) spec.weights[tap * padded + c] = values[c * taps + tap];
  }
  spec.bias.assign(padded, 0.0f);
  if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
    ASSIGN_OR_RETURN(const auto bias, weights.Numbers(node.inputs[2], filters));
    std::ranges::copy(bias, spec.bias.begin());
  }
  return spec;
}

std::unique_ptr<Step> MakeDepthwise(DepthwiseSpec spec, std::span<const Map> maps) {
  return std::make_unique<Depthwise>(std::move(spec), maps);
}

}  // namespace lips::cpu
