#include <algorithm>
#include <cstring>

#include "engine/cpu/residual.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

constexpr int kSmallPixels = 1024;
constexpr int kPanel = 64;     // expanded channels done at a time: all of a panel's map stays in the second-level cache
constexpr int kRowBlock = 48;  // pixels of a projection done at a time

struct Panels {
  float* expanded;  // [height + 2][width + 2][kPanel], with a border of zeros
  float* low;       // [low pixels][kPanel]
  float* line;      // [low width][kPanel]
  float* slope;
  uint8_t* converted;
};

class PanelResidual : public Step {
 public:
  PanelResidual(ResidualSpec spec, std::span<const Map> maps)
      : spec_(std::move(spec)),
        out_(maps[static_cast<size_t>(spec_.out)]),
        depth_(maps[static_cast<size_t>(spec_.depth)]),
        type_(InputType(spec_.mode)) {
    if (spec_.x != kNoMap) x_ = maps[static_cast<size_t>(spec_.x)];
    if (spec_.low != kNoMap) low_ = maps[static_cast<size_t>(spec_.low)];
    if (spec_.addend != kNoMap) addend_ = maps[static_cast<size_t>(spec_.addend)];
    if (spec_.residual != kNoMap) residual_ = maps[static_cast<size_t>(spec_.residual)];
    const Map& in = spec_.x != kNoMap ? x_ : addend_;
    const bool only_low = spec_.x == kNoMap && spec_.addend == kNoMap;
    height_ = only_low ? 2 * low_.height : in.height;
    width_ = only_low ? 2 * low_.width : in.width;
    if (spec_.low == kNoMap) return;
    for (int column = 0; column < width_; ++column) {
      at_.push_back(spec_.up_columns.low[size(column)] * kPanel);
      fraction_.push_back(spec_.up_columns.fraction[size(column)]);
    }
  }

  const char* kind() const override { return "residual, by channels"; }
  int key() const override { return spec_.key; }
  double macs() const override { return spec_.macs; }
  std::vector<MapId> reads() const override {
    std::vector<MapId> maps;
    for (const MapId map : {spec_.x, spec_.low, spec_.addend, spec_.residual}) {
      if (map != kNoMap) maps.push_back(map);
    }
    return maps;
  }
  std::vector<MapId> writes() const override { return {spec_.out, spec_.depth}; }
  size_t scratch_bytes() const override {
    Panels panels{};
    return Divide(nullptr, panels);
  }

  void Run(const RunContext& context) const override {
    Panels panels{};
    Divide(context.workspace.Scratch(context.worker), panels);
    const int panel_count = (spec_.hidden + kPanel - 1) / kPanel;
    const auto [first, last] = context.worker.Share(panel_count * out_.images);
    for (int task = first; task < last; ++task) ExpandPanel(context, panels, task / panel_count, task % panel_count);
    context.worker.Meet();
    Project(context, panels);
  }

 private:
  static size_t size(int n) { return static_cast<size_t>(n); }

  size_t Divide(uint8_t* scratch, Panels& panels) const {
    size_t at = 0;
    const auto take = [&](auto*& pointer, size_t bytes) {
      if (scratch != nullptr) pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(scratch + at);
      at += AlignUp(bytes);
    };
    take(panels.expanded, size(height_ + 2) * size(width_ + 2) * kPanel * sizeof(float));
    if (spec_.low != kNoMap) {
      take(panels.low, size(low_.height * low_.width) * kPanel * sizeof(float));
      take(panels.line, size(low_.width) * kPanel * sizeof(float));
      take(panels.slope, size(low_.width) * kPanel * sizeof(float));
    }
    const int x_channels = spec_.x != kNoMap ? x_.padded() * height_ * width_ : 0;
    const int low_channels = spec_.low != kNoMap ? low_.padded() * low_.height * low_.width : 0;
    take(panels.converted, size(std::max(x_channels, low_channels)) * kernels::SizeOf(type_));
    return at;
  }

  const void* Pixels(const RunContext& context, MapId id, const Map& map, int pixel, int count,
                     uint8_t* converted) const {
    const uint8_t* from =
        context.workspace.Data<uint8_t>(id) + size(pixel) * size(map.padded()) * kernels::SizeOf(map.type);
    if (map.type == type_) return from;
    ConvertPixels(from, map, count, type_, converted);
    return converted;
  }

  void ExpandPanel(const RunContext& context, const Panels& panels, int image, int panel) const {
    const int first = panel * kPanel;
    const int last = std::min(first + kPanel, spec_.hidden);
    const int pixels = height_ * width_;
    const size_t row_floats = size(width_ + 2) * kPanel;
    if (spec_.low != kNoMap) {
      kernels::MatrixArgs args;
      spec_.expand_low.Set(args, first, last);
      const int low_pixels = low_.height * low_.width;
      args.x = Pixels(context, spec_.low, low_, image * low_pixels, low_pixels, panels.converted);
      args.x_stride_bytes = size(low_.padded()) * kernels::SizeOf(type_);
      args.rows = low_pixels;
      args.y = panels.low;
      args.y_stride = kPanel;
      MatrixKernel(spec_.mode)(args);
    }
    kernels::MatrixArgs args;
    args.columns = last - first;
    args.rows = width_;
    args.relu = true;
    args.y_stride = kPanel;
    const uint8_t* x = nullptr;
    if (spec_.x != kNoMap) {
      spec_.expand.Set(args, first, last);
      x = static_cast<const uint8_t*>(Pixels(context, spec_.x, x_, image * pixels, pixels, panels.converted));
      args.x_stride_bytes = size(x_.padded()) * kernels::SizeOf(type_);
    } else if (!spec_.bias.empty()) {
      args.bias = spec_.bias.data() + first;
    }
    if (spec_.addend != kNoMap) {
      args.addend_stride = size(addend_.padded());
      args.addend_type = addend_.type;
      args.addend_quantisation = addend_.quantisation.view();
      if (addend_.type == kernels::NumberType::kU8) {
        args.addend_quantisation.scale += first;
        args.addend_quantisation.zero += first;
      }
    }
    std::memset(panels.expanded, 0, row_floats * sizeof(float));
    std::memset(panels.expanded + size(height_ + 1) * row_floats, 0, row_floats * sizeof(float));
    for (int row = 0; row < height_; ++row) {
      float* to = panels.expanded + size(row + 1) * row_floats;
      std::memset(to, 0, kPanel * sizeof(float));
      std::memset(to + size(width_ + 1) * kPanel, 0, kPanel * sizeof(float));
      if (x != nullptr) args.x = x + size(row * width_) * args.x_stride_bytes;
      if (spec_.addend != kNoMap) {
        const size_t at = size(image * pixels + row * width_) * args.addend_stride + size(first);
        args.addend = context.workspace.Data<uint8_t>(spec_.addend) + at * kernels::SizeOf(addend_.type);
      }
      if (spec_.low != kNoMap) {
        const size_t low_floats = size(low_.width) * kPanel;
        kernels::Active().blend_rows({.a = panels.low + size(spec_.up_rows.low[size(row)]) * low_floats,
                                      .b = panels.low + size(spec_.up_rows.high[size(row)]) * low_floats,
                                      .in_stride = kPanel,
                                      .f = spec_.up_rows.fraction[size(row)],
                                      .v = panels.line,
                                      .dv = panels.slope,
                                      .out_stride = kPanel,
                                      .pixels = low_.width,
                                      .channels = last - first});
        args.line = panels.line;
        args.slope = panels.slope;
        args.at = at_.data();
        args.fraction = fraction_.data();
      }
      args.y = to + kPanel;
      MatrixKernel(spec_.x != kNoMap ? spec_.mode : Mode::kF32)(args);  // without x there is nothing to multiply
    }
    Depthwise(context, panels, image, first, last);
  }

  void Depthwise(const RunContext& context, const Panels& panels, int image, int first, int last) const {
    kernels::DepthwiseRowArgs args{};
    args.pixel_stride = kPanel;
    args.weights = spec_.depth_weights.data() + first;
    args.weight_stride = size(spec_.hidden);
    args.bias = spec_.depth_bias.data() + first;
    args.width = out_.width;
    args.stride = spec_.stride;
    args.channels = last - first;
    args.out_stride = size(spec_.hidden);
    args.out_type = type_;
    args.quantisation = spec_.depth_quantisation.view();
    if (!spec_.depth_quantisation.empty()) {
      args.quantisation.scale += first;
      args.quantisation.inverse += first;
      args.quantisation.zero += first;
    }
    for (int row = 0; row < out_.height; ++row) {
      for (int tap = 0; tap < 3; ++tap) {
        args.rows[tap] = panels.expanded + size(row * spec_.stride + tap) * size(width_ + 2) * kPanel;
      }
      const size_t pixel = size(image * out_.height + row) * size(out_.width);
      args.out = context.workspace.Data<uint8_t>(spec_.depth) +
                 (pixel * size(spec_.hidden) + size(first)) * kernels::SizeOf(type_);
      kernels::Active().depthwise_row(args);
    }
  }

  // Tasks are blocks of pixels by panels of outputs, panel after panel: a worker reads as few weights as possible.
  void Project(const RunContext& context, const Panels& /*panels*/) const {
    const int pixels = out_.pixels();
    if (context.observer != nullptr && context.worker.index() == 0) {
      context.observer->SeeDepth(spec_.key, context.workspace.Data<float>(spec_.depth), pixels, spec_.hidden);
    }
    const int blocks = (pixels + kRowBlock - 1) / kRowBlock;
    const int columns = spec_.project.columns();
    const int column_panels = (columns + kPanel - 1) / kPanel;
    const auto [first, last] = context.worker.Share(blocks * column_panels);
    for (int task = first; task < last; ++task) {
      const int column = task / blocks * kPanel;
      const int pixel = task % blocks * kRowBlock;
      kernels::MatrixArgs args;
      spec_.project.Set(args, column, std::min(column + kPanel, columns));
      args.x_stride_bytes = size(spec_.hidden) * kernels::SizeOf(type_);
      args.x = context.workspace.Data<uint8_t>(spec_.depth) + size(pixel) * args.x_stride_bytes;
      args.rows = std::min(kRowBlock, pixels - pixel);
      if (spec_.residual != kNoMap) {
        args.addend_stride = size(residual_.padded());
        args.addend = context.workspace.Data<uint8_t>(spec_.residual) +
                      (size(pixel) * args.addend_stride + size(column)) * kernels::SizeOf(residual_.type);
        args.addend_type = residual_.type;
        args.addend_quantisation = residual_.quantisation.view();
        if (!residual_.quantisation.empty()) {
          args.addend_quantisation.scale += column;
          args.addend_quantisation.zero += column;
        }
      }
      args.y_stride = size(out_.padded());
      args.y = context.workspace.Data<uint8_t>(spec_.out) +
               (size(pixel) * args.y_stride + size(column)) * kernels::SizeOf(out_.type);
      args.y_type = out_.type;
      args.y_quantisation = out_.quantisation.view();
      if (!out_.quantisation.empty()) {
        args.y_quantisation.inverse += column;
        args.y_quantisation.zero += column;
      }
      MatrixKernel(spec_.mode)(args);
    }
  }

  ResidualSpec spec_;
  Map x_, low_, addend_, residual_, out_, depth_;
  kernels::NumberType type_;
  int height_ = 0;  // of the expanded map
  int width_ = 0;
  std::vector<int32_t> at_;
  std::vector<float> fraction_;
};

}  // namespace

bool IsSmall(int out_height, int out_width) { return out_height * out_width <= kSmallPixels; }

std::unique_ptr<Step> MakePanelResidual(ResidualSpec spec, std::span<const Map> maps) {
  return std::make_unique<PanelResidual>(std::move(spec), maps);
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
