#include "engine/cpu/residual.h"

#include <algorithm>

namespace lips::cpu {
namespace {

constexpr int kTinyPixels = 400;
constexpr int kSmallPixels = 1024;
constexpr int kManyChannels = 256;

}  // namespace

ResidualStep::ResidualStep(ResidualSpec spec, std::span<const Map> maps)
    : spec_(std::move(spec)), out_(maps[size(spec_.out)]), type_(InputType(spec_.mode)) {
  const auto take = [&](MapId id, Map& map) {
    if (id != kNoMap) map = maps[size(id)];
  };
  take(spec_.x, x_);
  take(spec_.low, low_);
  take(spec_.addend, addend_);
  take(spec_.residual, residual_);
  const Map& in = spec_.x != kNoMap ? x_ : addend_;
  const bool only_low = spec_.x == kNoMap && spec_.addend == kNoMap;
  in_height_ = only_low ? 2 * low_.height : in.height;
  in_width_ = only_low ? 2 * low_.width : in.width;
}

std::vector<MapId> ResidualStep::reads() const {
  std::vector<MapId> maps;
  for (const MapId map : {spec_.x, spec_.low, spec_.addend, spec_.residual}) {
    if (map != kNoMap) maps.push_back(map);
  }
  return maps;
}

const void* ResidualStep::Pixels(const RunContext& context, MapId id, const Map& map, size_t pixel, int count,
                                 uint8_t* converted) const {
  const uint8_t* from = context.workspace.Data<uint8_t>(id) + pixel * size(map.padded()) * kernels::SizeOf(map.type);
  if (map.type == type_) return from;
  ConvertPixels(from, map, count, type_, converted);
  return converted;
}

kernels::MatrixArgs ResidualStep::ExpandArgs(int first, int last) const {
  kernels::MatrixArgs args;
  args.columns = last - first;
  args.relu = true;
  if (spec_.x != kNoMap) {
    spec_.expand.Set(args, first, last);
    args.x_stride_bytes = size(x_.padded()) * kernels::SizeOf(type_);
  } else if (!spec_.bias.empty()) {
    args.bias = spec_.bias.data() + first;
  }
  return args;
}

void ResidualStep::SetDepthWeights(int first, kernels::DepthwiseRowArgs& args) const {
  args.weight_stride = size(spec_.hidden);
  if (spec_.wide_depth_weights.empty()) {
    args.weights = spec_.depth_weights.data() + first;
    args.bias = spec_.depth_bias.data() + first;
  } else {
    args.wide_weights = spec_.wide_depth_weights.data() + first;
    args.wide_bias = spec_.wide_depth_bias.data() + first;
  }
}

void ResidualStep::SetAddend(const RunContext& context, size_t pixel, int first, kernels::MatrixArgs& args) const {
  if (spec_.addend == kNoMap) return;
  args.addend_stride = size(addend_.padded());
  args.addend = context.workspace.Data<uint8_t>(spec_.addend) +
                (pixel * args.addend_stride + size(first)) * kernels::SizeOf(addend_.type);
  args.addend_type = addend_.type;
  args.addend_quantisation = addend_.quantisation.view(first);
}

// Without x there is nothing to multiply, and what is added is f32.
void ResidualStep::Expand(const kernels::MatrixArgs& args) const {
  MatrixKernel(spec_.x != kNoMap ? spec_.mode : Mode::kF32)(args);
}

kernels::MatrixArgs ResidualStep::ProjectArgs(const RunContext& context, const void* depth, int rows, size_t pixel,
                                              int first, int last) const {
  kernels::MatrixArgs args;
  spec_.project.Set(args, first, last);
  args.x = depth;
  args.x_stride_bytes = size(spec_.hidden) * kernels::SizeOf(type_);
  args.rows = rows;
  if (spec_.residual != kNoMap) {
    args.addend_stride = size(residual_.padded());
    args.addend = context.workspace.Data<uint8_t>(spec_.residual) +
                  (pixel * args.addend_stride + size(first)) * kernels::SizeOf(residual_.type);
    args.addend_type = residual_.type;
    args.addend_quantisation = residual_.quantisation.view(first);
  }
  if (spec_.head != nullptr) return args;  // the output is the head's
  args.y_stride = size(out_.padded());
  args.y =
      context.workspace.Data<uint8_t>(spec_.out) + (pixel * args.y_stride + size(first)) * kernels::SizeOf(out_.type);
  args.y_type = out_.type;
  args.y_quantisation = out_.quantisation.view(first);
  return args;
}

bool IsSmall(int out_height, int out_width, int hidden) {
  const int pixels = out_height * out_width;
  return pixels <= kTinyPixels || (pixels <= kSmallPixels && hidden >= kManyChannels);
}

UpsampleAxis UpsampleAxis::Make(int in, int out, bool align_corners) {
  UpsampleAxis axis;
  for (int i = 0; i < out; ++i) {
    const double scale =
        align_corners ? (out > 1 ? static_cast<double>(in - 1) / (out - 1) : 0) : static_cast<double>(in) / out;
    const double source = align_corners ? i * scale : std::max(0.0, (i + 0.5) * scale - 0.5);
    const int low = std::min(static_cast<int>(source), in - 1);
    axis.low.push_back(low);
    axis.high.push_back(std::min(low + 1, in - 1));
    axis.fraction.push_back(static_cast<float>(source - low));
  }
  return axis;
}

}  // namespace lips::cpu
