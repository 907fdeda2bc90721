#include "engine/cpu/convolution.h"

#include <algorithm>
#include <cstring>

#include "kernels/table.h"

namespace lips::cpu {
namespace {

constexpr int kPixelBlock = 48;  // rows of windows done at a time; a multiple of the matrix kernel's tiles
constexpr int kPanel = 64;
constexpr size_t kCachedWeights = 512 << 10;  // more than that is read once for all pixels

class Convolution : public Step {
 public:
  Convolution(ConvolutionSpec spec, std::span<const Map> maps)
      : spec_(std::move(spec)),
        x_(maps[static_cast<size_t>(spec_.x)]),
        out_(maps[static_cast<size_t>(spec_.out)]),
        type_(InputType(spec_.head != nullptr ? spec_.head->matrix().mode() : spec_.mode)),
        direct_(WindowChannels(x_, spec_.mode) == x_.padded() && spec_.kernel == std::array{1, 1} &&
                spec_.stride == std::array{1, 1} && spec_.pad == std::array{0, 0} && x_.height == out_.height &&
                x_.width == out_.width) {
    if (spec_.addend != kNoMap) addend_ = maps[static_cast<size_t>(spec_.addend)];
  }

  const char* kind() const override { return direct_ ? "1x1" : "dense"; }
  int key() const override { return spec_.key; }
  double macs() const override { return spec_.macs; }
  std::vector<MapId> reads() const override {
    std::vector<MapId> maps = {spec_.x};
    if (spec_.addend != kNoMap) maps.push_back(spec_.addend);
    return maps;
  }
  std::vector<MapId> writes() const override {
    std::vector<MapId> maps = {spec_.out};
    if (spec_.windows != kNoMap) maps.push_back(spec_.windows);
    return maps;
  }
  size_t scratch_bytes() const override {
    const size_t windows = AlignUp(size(kPixelBlock) * window_bytes());
    return windows +
           AlignUp(size(kPixelBlock) * size(std::max(out_.padded(), int{kernels::kChannelBlock})) * sizeof(float)) +
           AlignUp(size(x_.padded()) * size(kPixelBlock) * kernels::SizeOf(type_));
  }

  void Run(const RunContext& context) const override {
    if (spec_.windows != kNoMap) {
      RunByPanels(context);
      return;
    }
    uint8_t* scratch = context.workspace.Scratch(context.worker);
    const int blocks = (out_.pixels() + kPixelBlock - 1) / kPixelBlock;
    const auto [first, last] = context.worker.Share(blocks);
    for (int block = first; block < last; ++block) {
      const int pixel = block * kPixelBlock;
      const int count = std::min(kPixelBlock, out_.pixels() - pixel);
      const uint8_t* rows = Rows(context, pixel, count, scratch);
      Multiply(context, rows, pixel, count, 0, columns(), scratch + AlignUp(size(kPixelBlock) * window_bytes()));
    }
  }

 private:
  static size_t size(int n) { return static_cast<size_t>(n); }
  int columns() const { return spec_.head != nullptr ? spec_.head->matrix().columns() : spec_.matrix.columns(); }
  size_t window_bytes() const {
    return size(spec_.kernel[0] * spec_.kernel[1]) * size(WindowChannels(x_, spec_.mode)) * kernels::SizeOf(type_);
  }

  void RunByPanels(const RunContext& context) const {
    auto* windows = context.workspace.Data<uint8_t>(spec_.windows);
    const auto [begin, end] = context.worker.Share(out_.pixels());
    Gather(context, begin, end - begin, windows + size(begin) * window_bytes());
    context.worker.Meet();
    const int blocks = (out_.pixels() + kPixelBlock - 1) / kPixelBlock;
    const int panels = (columns() + kPanel - 1) / kPanel;
    const auto [first, last] = context.worker.Share(blocks * panels);
    for (int task = first; task < last; ++task) {
      const int pixel = task % blocks * kPixelBlock;
      const int column = task / blocks * kPanel;
      Multiply(context, windows + size(pixel) * window_bytes(), pixel, std::min(kPixelBlock, out_.pixels() - pixel),
               column, std::min(column + kPanel, columns()), context.workspace.Scratch(context.worker));
    }
  }

  // The windows of `count` pixels: where they lie, or gathered into `scratch`.
  const uint8_t* Rows(const RunContext& context, int pixel, int count, uint8_t* scratch) const {
    if (direct_ && x_.type == type_) {
      return context.workspace.Data<uint8_t>(spec_.x) + size(pixel) * window_bytes();
    }
    Gather(context, pixel, count, scratch);
    return scratch;
  }

  void Gather(const RunContext& context, int pixel, int count, uint8_t* to) const {
    const size_t number = kernels::SizeOf(x_.type);
    const size_t tap_bytes = size(WindowChannels(x_, spec_.mode)) * kernels::SizeOf(type_);
    const auto* x = context.workspace.Data<uint8_t>(spec_.x);
    for (int p = pixel; p < pixel + count; ++p) {
      const int column = p % out_.width;
      const int row = p / out_.width % out_.height;
      const int image = p / (out_.width * out_.height);
      for (int i = 0; i < spec_.kernel[0]; ++i) {
        const int y = row * spec_.stride[0] - spec_.pad[0] + i * spec_.dilation[0];
        for (int j = 0; j < spec_.kernel[1]; ++j, to += tap_bytes) {
          const int at = column * spec_.stride[1] - spec_.pad[1] + j * spec_.dilation[1];
          if (y < 0 || y >= x_.height || at < 0 || at >= x_.width) {
            Blank(to, tap_bytes);
            continue;
          }
          const size_t from = (size(image * x_.height + y) * size(x_.width) + size(at)) * size(x_.padded()) * number;
          if (x_.type == type_) {
            std::memcpy(to, x + from, tap_bytes);
          } else {
            ConvertPixels(x + from, x_, 1, type_, to);
          }
        }
      }
    }
  }

  // A pixel of zeros: of u8, the level that means zero.
  void Blank(uint8_t* to, size_t bytes) const {
    if (type_ != kernels::NumberType::kU8) {
      std::memset(to, 0, bytes);
      return;
    }
    for (size_t c = 0; c < bytes; ++c) to[c] = static_cast<uint8_t>(x_.quantisation.zero[c]);
  }

  void Multiply(const RunContext& context, const uint8_t* rows, int pixel, int count, int first, int last,
                uint8_t* scratch) const {
    if (spec_.head != nullptr) {
      uint8_t* bgr = context.workspace.Data<uint8_t>(spec_.out) + size(pixel) * 3;
      if (!spec_.head->Run(rows, window_bytes(), count, reinterpret_cast<float*>(scratch), bgr)) {
        context.workspace.finite.store(false, std::memory_order_relaxed);
      }
      return;
    }
    kernels::MatrixArgs args;
    spec_.matrix.Set(args, first, last);
    args.x = rows;
    args.x_stride_bytes = window_bytes();
    args.rows = count;
    args.relu = spec_.activation == Activation::kRelu;
    if (spec_.addend != kNoMap) {
      args.addend_stride = size(addend_.padded());
      args.addend = context.workspace.Data<uint8_t>(spec_.addend) +
                    (size(pixel) * args.addend_stride + size(first)) * kernels::SizeOf(addend_.type);
      args.addend_type = addend_.type;
      args.addend_quantisation = addend_.quantisation.view(first);
    }
    args.y_stride = size(out_.padded());
    args.y = context.workspace.Data<uint8_t>(spec_.out) +
             (size(pixel) * args.y_stride + size(first)) * kernels::SizeOf(out_.type);
    args.y_type = out_.type;
    args.y_quantisation = out_.quantisation.view(first);
    MatrixKernel(spec_.mode)(args);
    if (spec_.activation != Activation::kSigmoid) return;
    // Out is f32: see the compiler.
    for (int p = 0; p < count; ++p) {
      float* to = static_cast<float*>(args.y) + size(p) * args.y_stride;
      if (!kernels::Active().sigmoid_row(to, to, size(last - first))) {
        context.workspace.finite.store(false, std::memory_order_relaxed);
      }
    }
  }

  ConvolutionSpec spec_;
  Map x_, addend_, out_;
  kernels::NumberType type_;
  bool direct_;
};

}  // namespace

int WindowChannels(const Map& x, Mode mode) {
  const bool exact = mode == Mode::kF32 && x.type == kernels::NumberType::kF32;
  return exact && x.channels < kernels::kChannelBlock ? x.channels : x.padded();
}

bool WantsWindowMap(size_t weight_bytes) { return weight_bytes > kCachedWeights; }

std::unique_ptr<Step> MakeConvolution(ConvolutionSpec spec, std::span<const Map> maps) {
  return std::make_unique<Convolution>(std::move(spec), maps);
}

}  // namespace lips::cpu
