#include <algorithm>
#include <cstring>

#include "engine/cpu/residual.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

constexpr int kStripPixels = 80;          // of output; a ring of four rows of 82 pixels and 128 channels takes 168 KB
constexpr int kPanel = 64;                // channels done at a time
constexpr size_t kRingBytes = 400 << 10;  // less than half a second-level cache

// A column of the picture, done from top to bottom.
struct Strip {
  int first = 0, last = 0;             // output columns
  int top = 0, bottom = 0;             // output rows
  int in_first = 0, in_count = 0;      // expanded columns, those outside the map included
  int clip_first = 0, clip_count = 0;  // of them: those inside
  int low_first = 0, low_count = 0;
  std::vector<int32_t> at;  // per column inside: where its left neighbour is in a row of the low map's strip
  std::vector<float> fraction;
};

// Memory of one worker.
struct Bands {
  float* ring;      // [panels][4][in_count][panel's channels]
  float* low_rows;  // [2][low_count][hidden]
  float* line;      // [low_count][kPanel]
  float* slope;
  uint8_t* depth;      // [strip][hidden] numbers
  float* projected;    // [strip][columns], before a head
  float* logits;       // [strip][16]
  uint8_t* converted;  // [in_count][channels] numbers
};

class RingResidual : public ResidualStep {
 public:
  RingResidual(ResidualSpec spec, std::span<const Map> maps) : ResidualStep(std::move(spec), maps) { MakeStrips({}); }

  const char* kind() const override { return "residual, by rows"; }
  std::vector<MapId> writes() const override { return {spec_.out}; }
  size_t scratch_bytes() const override {
    Bands bands{};
    return Divide(nullptr, bands);
  }

  void Restrict(std::vector<Region>& needed, std::span<const Map> /*maps*/) override {
    MakeStrips(needed[static_cast<size_t>(spec_.out)]);
    for (const Strip& strip : strips_) AddNeeds(strip, needed);
  }

  void Run(const RunContext& context) const override {
    Bands bands{};
    Divide(context.workspace.Scratch(context.worker), bands);
    int total = 0;
    for (const Strip& strip : strips_) total += strip.bottom - strip.top;
    const auto [first, last] = context.worker.Share(total * out_.images);
    int at = 0;
    for (int image = 0; image < out_.images; ++image) {
      for (const Strip& strip : strips_) {
        const int rows = strip.bottom - strip.top;
        const int begin = std::max(first - at, 0);
        const int end = std::min(last - at, rows);
        if (begin < end) RunStrip(context, bands, image, strip, strip.top + begin, strip.top + end);
        at += rows;
      }
    }
  }

 private:
  void MakeStrips(const Region& region) {
    strips_.clear();
    int left = 0;
    int right = out_.width;
    if (!region.all()) {
      left = out_.width;
      right = 0;
      for (const auto& [first, last] : region.rows) {
        if (first >= last) continue;
        left = std::min(left, first);
        right = std::max(right, last);
      }
    }
    if (left >= right) return;
    const int span = right - left;
    // Never wider than the first time, for the whole map: the workers' scratch is made for that.
    int widest = strip_pixels_ > 0 ? strip_pixels_ : kStripPixels;
    while (widest > 8 && size(widest * spec_.stride + 2) * 4 * size(spec_.hidden) * sizeof(float) > kRingBytes)
      widest /= 2;
    const int count = (span + widest - 1) / widest;
    const int width = (span + count - 1) / count;
    for (int first = left; first < right; first += width)
      strips_.push_back(MakeStrip(first, std::min(first + width, right), region));
    if (strip_pixels_ == 0) strip_pixels_ = width;
  }

  Strip MakeStrip(int first, int last, const Region& region) const {
    Strip strip;
    strip.first = first;
    strip.last = last;
    strip.bottom = out_.height;
    if (!region.all()) {
      strip.top = out_.height;
      strip.bottom = 0;
      for (int row = 0; row < out_.height; ++row) {
        const auto& [begin, end] = region.rows[size(row)];
        if (std::max(begin, first) >= std::min(end, last)) continue;
        strip.top = std::min(strip.top, row);
        strip.bottom = row + 1;
      }
      strip.bottom = std::max(strip.bottom, strip.top);
    }
    strip.in_first = first * spec_.stride - 1;
    strip.in_count = (last - first - 1) * spec_.stride + 3;
    strip.clip_first = std::max(strip.in_first, 0);
    strip.clip_count = std::min(strip.in_first + strip.in_count, in_width_) - strip.clip_first;
    if (spec_.low != kNoMap) {
      const UpsampleAxis& axis = spec_.up_columns;
      strip.low_first = axis.low[size(strip.clip_first)];
      strip.low_count = axis.high[size(strip.clip_first + strip.clip_count - 1)] + 1 - strip.low_first;
      for (int column = strip.clip_first; column < strip.clip_first + strip.clip_count; ++column) {
        strip.at.push_back((axis.low[size(column)] - strip.low_first) * kPanel);
        strip.fraction.push_back(axis.fraction[size(column)]);
      }
    }
    return strip;
  }

  void AddNeeds(const Strip& strip, std::vector<Region>& needed) const {
    const auto region = [&](MapId map) -> Region& { return needed[size(map)]; };
    for (int row = strip.top; row < strip.bottom; ++row) {
      if (spec_.residual != kNoMap) region(spec_.residual).Add(row, strip.first, strip.last);
    }
    if (strip.top >= strip.bottom) return;
    const int top = std::max(strip.top * spec_.stride - 1, 0);
    const int bottom = std::min((strip.bottom - 1) * spec_.stride + 2, in_height_);
    for (int row = top; row < bottom; ++row) {
      const int last = strip.clip_first + strip.clip_count;
      if (spec_.x != kNoMap) region(spec_.x).Add(row, strip.clip_first, last);
      if (spec_.addend != kNoMap) region(spec_.addend).Add(row, strip.clip_first, last);
      if (spec_.low == kNoMap) continue;
      for (const int low : {spec_.up_rows.low[size(row)], spec_.up_rows.high[size(row)]}) {
        region(spec_.low).Add(low, strip.low_first, strip.low_first + strip.low_count);
      }
    }
  }

  // Cuts a worker's scratch into bands; returns how much that takes.
  size_t Divide(uint8_t* scratch, Bands& bands) const {
    size_t at = 0;
    const auto take = [&](auto*& pointer, size_t bytes) {
      if (scratch != nullptr) pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(scratch + at);
      at += AlignUp(bytes);
    };
    const size_t hidden_bytes = size(spec_.hidden) * sizeof(float);
    take(bands.ring, 4 * size(panel_count()) * ring_row_floats() * sizeof(float));
    if (spec_.low != kNoMap) {
      take(bands.low_rows, 2 * low_pixels() * hidden_bytes);
      take(bands.line, low_pixels() * kPanel * sizeof(float));
      take(bands.slope, low_pixels() * kPanel * sizeof(float));
    }
    take(bands.depth, size(strip_pixels_) * size(spec_.hidden) * kernels::SizeOf(type_));
    if (spec_.head != nullptr) {
      take(bands.projected, size(strip_pixels_) * size(spec_.project.columns()) * sizeof(float));
      take(bands.logits, size(strip_pixels_) * kernels::kChannelBlock * sizeof(float));
    }
    const int channels = std::max(spec_.x != kNoMap ? x_.padded() : 0, spec_.low != kNoMap ? low_.padded() : 0);
    take(bands.converted, in_pixels() * size(channels) * kernels::SizeOf(type_));
    return at;
  }

  // The most a strip needs of the expanded row and of the low map's.
  size_t in_pixels() const { return size(strip_pixels_ * spec_.stride + 2); }
  size_t low_pixels() const { return in_pixels() / 2 + 4; }
  int panel_count() const { return (spec_.hidden + kPanel - 1) / kPanel; }
  size_t panel_channels() const { return size(std::min(spec_.hidden, kPanel)); }
  size_t ring_row_floats() const { return in_pixels() * panel_channels(); }
  float* RingRow(const Bands& bands, int panel, int row) const {
    return bands.ring + size(panel * 4 + ((row + 4) & 3)) * ring_row_floats();
  }

  // Row `low_row` of the low map, expanded, for this strip; kept while a neighbouring row may ask again.
  const float* LowRow(const RunContext& context, const Bands& bands, int image, const Strip& strip, int low_row,
                      int (&have)[2]) const {
    float* row = bands.low_rows + size(low_row & 1) * low_pixels() * size(spec_.hidden);
    if (have[low_row & 1] == low_row) return row;
    have[low_row & 1] = low_row;
    kernels::MatrixArgs args;
    spec_.expand_low.Set(args);
    const size_t pixel = (size(image) * size(low_.height) + size(low_row)) * size(low_.width) + size(strip.low_first);
    args.x = Pixels(context, spec_.low, low_, pixel, strip.low_count, bands.converted);
    args.x_stride_bytes = size(low_.padded()) * kernels::SizeOf(type_);
    args.rows = strip.low_count;
    args.y = row;
    args.y_stride = size(spec_.hidden);
    MatrixKernel(spec_.mode)(args);
    return row;
  }

  // What a row's expansion reads, for all panels.
  struct Row {
    int row = 0;
    bool inside = false;  // of the map; else it is zeros
    size_t pixel = 0;     // the first one inside
    const void* x = nullptr;
    const float* upper = nullptr;
    const float* lower = nullptr;
  };
  Row PrepareRow(const RunContext& context, const Bands& bands, int image, const Strip& strip, int row,
                 int (&have)[2]) const {
    Row r;
    r.row = row;
    r.inside = row >= 0 && row < in_height_;
    if (!r.inside) return r;
    r.pixel = (size(image) * size(in_height_) + size(row)) * size(in_width_) + size(strip.clip_first);
    if (spec_.low != kNoMap) {
      r.upper = LowRow(context, bands, image, strip, spec_.up_rows.low[size(row)], have);
      r.lower = LowRow(context, bands, image, strip, spec_.up_rows.high[size(row)], have);
    }
    if (spec_.x != kNoMap) r.x = Pixels(context, spec_.x, x_, r.pixel, strip.clip_count, bands.converted);
    return r;
  }

  void ExpandRow(const RunContext& context, const Bands& bands, const Strip& strip, const Row& r, int panel) const {
    float* to = RingRow(bands, panel, r.row);
    const size_t stride = panel_channels();
    if (!r.inside) {
      std::memset(to, 0, size(strip.in_count) * stride * sizeof(float));
      return;
    }
    const size_t left = size(strip.clip_first - strip.in_first);
    const size_t right = size(strip.in_count) - left - size(strip.clip_count);
    if (left > 0) std::memset(to, 0, left * stride * sizeof(float));
    if (right > 0) std::memset(to + (left + size(strip.clip_count)) * stride, 0, right * stride * sizeof(float));
    const int first = panel * kPanel;
    const int last = std::min(first + kPanel, spec_.hidden);
    const size_t hidden = size(spec_.hidden);
    kernels::MatrixArgs args = ExpandArgs(first, last);
    args.x = r.x;
    args.rows = strip.clip_count;
    args.y = to + left * stride;
    args.y_stride = stride;
    if (spec_.low != kNoMap) {
      kernels::Active().blend_rows({.a = r.upper + first,
                                    .b = r.lower + first,
                                    .in_stride = hidden,
                                    .f = spec_.up_rows.fraction[size(r.row)],
                                    .v = bands.line,
                                    .dv = bands.slope,
                                    .out_stride = kPanel,
                                    .pixels = strip.low_count,
                                    .channels = last - first});
      args.line = bands.line;
      args.slope = bands.slope;
      args.at = strip.at.data();
      args.fraction = strip.fraction.data();
    }
    SetAddend(context, r.pixel, first, args);
    Expand(args);
  }

  void Depthwise(const Bands& bands, const Strip& strip, int row, int panel) const {
    const int first = panel * kPanel;
    kernels::DepthwiseRowArgs args{};
    for (int tap = 0; tap < 3; ++tap) args.rows[tap] = RingRow(bands, panel, row * spec_.stride - 1 + tap);
    args.pixel_stride = panel_channels();
    SetDepthWeights(first, args);
    args.width = strip.last - strip.first;
    args.stride = spec_.stride;
    args.channels = std::min(kPanel, spec_.hidden - first);
    args.out = bands.depth + size(first) * kernels::SizeOf(type_);
    args.out_stride = size(spec_.hidden);
    args.out_type = type_;
    args.quantisation = spec_.depth_quantisation.view(first);
    kernels::Active().depthwise_row(args);
  }

  void Project(const RunContext& context, const Bands& bands, int image, const Strip& strip, int row) const {
    const int count = strip.last - strip.first;
    const size_t pixel = (size(image) * size(out_.height) + size(row)) * size(out_.width) + size(strip.first);
    kernels::MatrixArgs args = ProjectArgs(context, bands.depth, count, pixel, 0, spec_.project.columns());
    if (spec_.head == nullptr) {
      MatrixKernel(spec_.mode)(args);
      return;
    }
    const Mode mode = spec_.head->matrix().mode();  // f32 or bf16
    args.y_stride = size(spec_.project.columns());
    args.y = bands.projected;
    args.y_type = InputType(mode);
    MatrixKernel(spec_.mode)(args);
    uint8_t* bgr = context.workspace.Data<uint8_t>(spec_.out) + pixel * 3;
    if (!spec_.head->Run(bands.projected, args.y_stride * kernels::SizeOf(args.y_type), count, bands.logits, bgr)) {
      context.workspace.finite.store(false, std::memory_order_relaxed);
    }
  }

  void RunStrip(const RunContext& context, const Bands& bands, int image, const Strip& strip, int top,
                int bottom) const {
    int have[2] = {-1, -1};
    int expanded = top * spec_.stride - 2;  // the last row in the ring
    for (int row = top; row < bottom; ++row) {
      const int newest = row * spec_.stride + 1;
      while (expanded < newest) {
        const Row r = PrepareRow(context, bands, image, strip, ++expanded, have);
        // A panel is convolved while its newest row is still in the first-level cache.
        for (int panel = 0; panel < panel_count(); ++panel) {
          ExpandRow(context, bands, strip, r, panel);
          if (expanded == newest) Depthwise(bands, strip, row, panel);
        }
      }
      if (context.observer != nullptr) {
        context.observer->SeeDepth(spec_.key, reinterpret_cast<const float*>(bands.depth), strip.last - strip.first,
                                   spec_.hidden);
      }
      Project(context, bands, image, strip, row);
    }
  }

  std::vector<Strip> strips_;
  int strip_pixels_ = 0;
};

}  // namespace

std::unique_ptr<Step> MakeRingResidual(ResidualSpec spec, std::span<const Map> maps) {
  return std::make_unique<RingResidual>(std::move(spec), maps);
}

}  // namespace lips::cpu
