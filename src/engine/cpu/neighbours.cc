#include "engine/cpu/neighbours.h"

#include <algorithm>
#include <limits>

#include "engine/cpu/float_row.h"

namespace lips::cpu {
namespace {

// The positions of an axis that a window covers: first, first + step, ... before last.
struct Covered {
  int first = 0, last = 0, step = 1;
};

Covered Inside(const WindowAxis& axis, int o) {
  const int64_t begin = o * axis.stride - axis.pad_begin;
  Covered covered = {.step = static_cast<int>(axis.dilation)};
  int64_t k = 0;
  while (k < axis.kernel && begin + k * axis.dilation < 0) ++k;
  covered.first = static_cast<int>(begin + k * axis.dilation);
  while (k < axis.kernel && begin + k * axis.dilation < axis.in) ++k;
  covered.last = static_cast<int>(begin + (k - 1) * axis.dilation + 1);
  return covered;
}

// How many positions of window `o` count: those inside, and with `pads` those in the padding, but none beyond it.
int64_t Counted(const WindowAxis& axis, int o, bool pads) {
  const int64_t begin = o * axis.stride - axis.pad_begin;
  int64_t count = 0;
  for (int64_t k = 0; k < axis.kernel; ++k) {
    const int64_t at = begin + k * axis.dilation;
    if (pads ? at < axis.in + axis.pad_end : at >= 0 && at < axis.in) ++count;
  }
  return count;
}

class Pool : public FloatRowStep {
 public:
  Pool(PoolSpec spec, std::span<const Map> maps) : FloatRowStep({spec.x}, spec.out, maps), spec_(std::move(spec)) {}

  const char* kind() const override { return "pool"; }

 protected:
  int most_rows() const override { return static_cast<int>(std::min(spec_.axes[0].kernel, spec_.axes[0].in)); }

  void MakeRow(Rows& rows, int image, int row, float* to, float* /*extra*/) const override {
    const size_t channels = size(out().padded());
    std::fill_n(to, out_row_floats(), spec_.maximum ? -std::numeric_limits<float>::infinity() : 0.0f);
    const Covered down = Inside(spec_.axes[0], row);
    for (int y = down.first; y < down.last; y += down.step) {
      const float* from = rows.Of(0, image, y);
      float* pixel = to;
      for (int column = 0; column < out().width; ++column, pixel += channels) {
        const Covered across = Inside(spec_.axes[1], column);
        for (int x = across.first; x < across.last; x += across.step) {
          const float* other = from + size(x) * channels;
          if (spec_.maximum) {
            for (size_t c = 0; c < channels; ++c) pixel[c] = other[c] > pixel[c] ? other[c] : pixel[c];
          } else {
            for (size_t c = 0; c < channels; ++c) pixel[c] += other[c];
          }
        }
      }
    }
    if (spec_.maximum) return;
    const int64_t high = Counted(spec_.axes[0], row, spec_.count_pads);
    for (int column = 0; column < out().width; ++column, to += channels) {
      const int64_t count = high * Counted(spec_.axes[1], column, spec_.count_pads);
      if (count == 0) continue;
      for (size_t c = 0; c < channels; ++c) to[c] /= static_cast<float>(count);
    }
  }

 private:
  PoolSpec spec_;
};

class Resize : public FloatRowStep {
 public:
  Resize(ResizeSpec spec, std::span<const Map> maps) : FloatRowStep({spec.x}, spec.out, maps), spec_(std::move(spec)) {}

  const char* kind() const override { return "resize"; }

 protected:
  int most_rows() const override { return 2; }

  void MakeRow(Rows& rows, int image, int row, float* to, float* /*extra*/) const override {
    const size_t channels = size(out().padded());
    const float* upper = rows.Of(0, image, spec_.rows.low[size(row)]);
    const float* lower = rows.Of(0, image, spec_.rows.high[size(row)]);
    const float down = spec_.rows.fraction[size(row)];
    for (size_t column = 0; column < size(out().width); ++column, to += channels) {
      const size_t left = size(spec_.columns.low[column]) * channels;
      const size_t right = size(spec_.columns.high[column]) * channels;
      const float across = spec_.columns.fraction[column];
      for (size_t c = 0; c < channels; ++c) {
        const float top = upper[left + c] + across * (upper[right + c] - upper[left + c]);
        const float bottom = lower[left + c] + across * (lower[right + c] - lower[left + c]);
        to[c] = top + down * (bottom - top);
      }
    }
  }

 private:
  ResizeSpec spec_;
};

}  // namespace

std::unique_ptr<Step> MakePool(PoolSpec spec, std::span<const Map> maps) {
  return std::make_unique<Pool>(std::move(spec), maps);
}

std::unique_ptr<Step> MakeResize(ResizeSpec spec, std::span<const Map> maps) {
  return std::make_unique<Resize>(std::move(spec), maps);
}

}  // namespace lips::cpu
