#include <algorithm>
#include <cstring>

#include "engine/cpu/residual.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

constexpr int kPanel = 64;     // expanded channels done at a time: what a panel works on stays in the nearest caches
constexpr int kRowBlock = 48;  // pixels of a projection done at a time

struct Panels {
  float* ring;  // [4][width + 2][kPanel]: the last expanded rows, with a border of zeros
  float* low;   // [low pixels][kPanel]
  float* line;  // [low width][kPanel]
  float* slope;
  uint8_t* converted;
};

class PanelResidual : public ResidualStep {
 public:
  PanelResidual(ResidualSpec spec, std::span<const Map> maps) : ResidualStep(std::move(spec), maps) {
    if (spec_.low == kNoMap) return;
    for (int column = 0; column < in_width_; ++column) {
      at_.push_back(spec_.up_columns.low[size(column)] * kPanel);
      fraction_.push_back(spec_.up_columns.fraction[size(column)]);
    }
  }

  const char* kind() const override { return "residual, by channels"; }
  std::vector<MapId> writes() const override { return {spec_.out, spec_.depth}; }
  size_t scratch_bytes() const override {
    Panels panels{};
    return Divide(nullptr, panels);
  }

  void Run(const RunContext& context) const override {
    Panels panels{};
    Divide(context.workspace.Scratch(context.worker), panels);
    // A task is a panel of one image; where panels cannot be shared out evenly, a band of rows of a panel. Bands cost a
    // row or two that both neighbours expand.
    const int panel_count = (spec_.hidden + kPanel - 1) / kPanel * out_.images;
    const int workers = context.worker.count();
    const int bands = panel_count % workers == 0 ? 1 : std::min(workers, out_.height);
    const auto [first, last] = context.worker.Share(panel_count * bands);
    for (int task = first; task < last; ++task) {
      const Worker band(task % bands, bands, nullptr);
      const auto [top, bottom] = band.Share(out_.height);
      ExpandPanel(context, panels, task / bands, top, bottom);
    }
    context.worker.Meet();
    Project(context);
  }

 private:
  size_t Divide(uint8_t* scratch, Panels& panels) const {
    size_t at = 0;
    const auto take = [&](auto*& pointer, size_t bytes) {
      if (scratch != nullptr) pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(scratch + at);
      at += AlignUp(bytes);
    };
    take(panels.ring, 4 * row_floats() * sizeof(float));
    if (spec_.low != kNoMap) {
      take(panels.low, size(low_.height * low_.width) * kPanel * sizeof(float));
      take(panels.line, size(low_.width) * kPanel * sizeof(float));
      take(panels.slope, size(low_.width) * kPanel * sizeof(float));
    }
    const int x_channels = spec_.x != kNoMap ? x_.padded() * in_height_ * in_width_ : 0;
    const int low_channels = spec_.low != kNoMap ? low_.padded() * low_.height * low_.width : 0;
    take(panels.converted, size(std::max(x_channels, low_channels)) * kernels::SizeOf(type_));
    return at;
  }

  size_t row_floats() const { return size(in_width_ + 2) * kPanel; }
  float* RingRow(const Panels& panels, int row) const { return panels.ring + size((row + 4) & 3) * row_floats(); }

  // What the rows of one panel's expansion have in common; Expand fills in the rest.
  struct Expansion {
    int image = 0, first = 0, last = 0;  // columns
    const uint8_t* x = nullptr;
    kernels::MatrixArgs args;
  };

  // Rows [top, bottom) of the depthwise convolution of panel `task` (image after image).
  void ExpandPanel(const RunContext& context, const Panels& panels, int task, int top, int bottom) const {
    const int panel_count = (spec_.hidden + kPanel - 1) / kPanel;
    Expansion e;
    e.image = task / panel_count;
    e.first = task % panel_count * kPanel;
    e.last = std::min(e.first + kPanel, spec_.hidden);
    if (spec_.low != kNoMap) ExpandLow(context, panels, e);
    e.args = ExpandArgs(e.first, e.last);
    kernels::MatrixArgs& args = e.args;
    args.rows = in_width_;
    args.y_stride = kPanel;
    if (spec_.x != kNoMap) {
      const int pixels = in_height_ * in_width_;
      e.x = static_cast<const uint8_t*>(Pixels(context, spec_.x, x_, size(e.image * pixels), pixels, panels.converted));
    }
    if (spec_.low != kNoMap) {
      args.line = panels.line;
      args.slope = panels.slope;
      args.at = at_.data();
      args.fraction = fraction_.data();
    }
    int expanded = top * spec_.stride - 2;  // the last row in the ring
    for (int row = top; row < bottom; ++row) {
      while (expanded < row * spec_.stride + 1) ExpandRow(context, panels, e, ++expanded);
      Depthwise(context, panels, e, row);
    }
  }

  // The panel's columns of the whole low map.
  void ExpandLow(const RunContext& context, const Panels& panels, const Expansion& e) const {
    kernels::MatrixArgs args;
    spec_.expand_low.Set(args, e.first, e.last);
    const int pixels = low_.height * low_.width;
    args.x = Pixels(context, spec_.low, low_, size(e.image * pixels), pixels, panels.converted);
    args.x_stride_bytes = size(low_.padded()) * kernels::SizeOf(type_);
    args.rows = pixels;
    args.y = panels.low;
    args.y_stride = kPanel;
    MatrixKernel(spec_.mode)(args);
  }

  // One row into the ring, with a pixel of zeros on either side.
  void ExpandRow(const RunContext& context, const Panels& panels, Expansion& e, int row) const {
    float* to = RingRow(panels, row);
    if (row < 0 || row >= in_height_) {
      std::memset(to, 0, row_floats() * sizeof(float));
      return;
    }
    std::memset(to, 0, kPanel * sizeof(float));
    std::memset(to + row_floats() - kPanel, 0, kPanel * sizeof(float));
    kernels::MatrixArgs& args = e.args;
    if (e.x != nullptr) args.x = e.x + size(row * in_width_) * args.x_stride_bytes;
    SetAddend(context, (size(e.image) * size(in_height_) + size(row)) * size(in_width_), e.first, args);
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
                                    .channels = e.last - e.first});
    }
    args.y = to + kPanel;
    Expand(args);
  }

  void Depthwise(const RunContext& context, const Panels& panels, const Expansion& e, int row) const {
    kernels::DepthwiseRowArgs args{};
    for (int tap = 0; tap < 3; ++tap) args.rows[tap] = RingRow(panels, row * spec_.stride - 1 + tap);
    args.pixel_stride = kPanel;
    SetDepthWeights(e.first, args);
    args.width = out_.width;
    args.stride = spec_.stride;
    args.channels = e.last - e.first;
    args.out_stride = size(spec_.hidden);
    args.out_type = type_;
    args.quantisation = spec_.depth_quantisation.view(e.first);
    const size_t pixel = (size(e.image) * size(out_.height) + size(row)) * size(out_.width);
    args.out = context.workspace.Data<uint8_t>(spec_.depth) +
               (pixel * size(spec_.hidden) + size(e.first)) * kernels::SizeOf(type_);
    kernels::Active().depthwise_row(args);
  }

  // Tasks are blocks of pixels by panels of outputs, panel after panel: a worker reads as few weights as possible.
  void Project(const RunContext& context) const {
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
      const uint8_t* depth =
          context.workspace.Data<uint8_t>(spec_.depth) + size(pixel) * size(spec_.hidden) * kernels::SizeOf(type_);
      MatrixKernel(spec_.mode)(ProjectArgs(context, depth, std::min(kRowBlock, pixels - pixel), size(pixel), column,
                                           std::min(column + kPanel, columns)));
    }
  }

  std::vector<int32_t> at_;
  std::vector<float> fraction_;
};

}  // namespace

std::unique_ptr<Step> MakePanelResidual(ResidualSpec spec, std::span<const Map> maps) {
  return std::make_unique<PanelResidual>(std::move(spec), maps);
}

}  // namespace lips::cpu
