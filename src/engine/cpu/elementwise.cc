#include "engine/cpu/elementwise.h"

#include "engine/cpu/float_row.h"
#include "kernels/table.h"

namespace lips::cpu {
namespace {

// `b` advances by `b_pixel` from pixel to pixel: 0 for numbers per channel.
struct Operands {
  const float* a;
  const float* b;
  size_t b_pixel;
  size_t pixels;
  size_t channels;
};

template <typename Of>
void ForEach(const Operands& operands, float* to, const Of& of) {
  const float* a = operands.a;
  const float* b = operands.b;
  for (size_t p = 0; p < operands.pixels; ++p, a += operands.channels, b += operands.b_pixel, to += operands.channels) {
    for (size_t c = 0; c < operands.channels; ++c) to[c] = of(a[c], b[c]);
  }
}

class Elementwise : public FloatRowStep {
 public:
  Elementwise(ElementwiseSpec spec, std::span<const Map> maps)
      : FloatRowStep(spec.b == kNoMap ? std::vector{spec.a} : std::vector{spec.a, spec.b}, spec.out, maps),
        spec_(std::move(spec)) {}

  const char* kind() const override { return "elementwise"; }

 protected:
  void MakeRow(Rows& rows, int image, int row, float* to, float* /*extra*/) const override {
    const bool map = spec_.b != kNoMap;
    const size_t channels = size(out().padded());
    const float* a = rows.Of(0, image, row);
    if (spec_.function == Function::kSigmoid) {
      if (!kernels::Active().sigmoid_row(to, a, out_row_floats())) {
        rows.context().workspace.finite.store(false, std::memory_order_relaxed);
      }
      return;
    }
    const Operands operands = {.a = a,
                               .b = map ? rows.Of(1, image, row) : spec_.per_channel.data(),
                               .b_pixel = map ? channels : 0,
                               .pixels = size(out().width),
                               .channels = channels};
    switch (spec_.function) {
      case Function::kAdd: ForEach(operands, to, [](float x, float y) { return x + y; }); return;
      case Function::kSub:
        if (spec_.swapped) {
          ForEach(operands, to, [](float x, float y) { return y - x; });
        } else {
          ForEach(operands, to, [](float x, float y) { return x - y; });
        }
        return;
      case Function::kMul: ForEach(operands, to, [](float x, float y) { return x * y; }); return;
      case Function::kMax: ForEach(operands, to, [](float x, float y) { return y > x || y != y ? y : x; }); return;
      case Function::kMin: ForEach(operands, to, [](float x, float y) { return y < x || y != y ? y : x; }); return;
      case Function::kPrelu: ForEach(operands, to, [](float x, float y) { return x < 0 ? x * y : x; }); return;
      case Function::kClip:
        ForEach(operands, to, [this](float x, float) {
          const float raised = x < spec_.low ? spec_.low : x;
          return raised > spec_.high ? spec_.high : raised;
        });
        return;
      case Function::kSigmoid: return;
    }
  }

 private:
  ElementwiseSpec spec_;
};

}  // namespace

std::unique_ptr<Step> MakeElementwise(ElementwiseSpec spec, std::span<const Map> maps) {
  return std::make_unique<Elementwise>(std::move(spec), maps);
}

}  // namespace lips::cpu
