// MaxPool, AveragePool and their global forms.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "engine/reference/operator.h"
#include "engine/reference/parallel.h"
#include "engine/reference/window.h"

namespace lips {
namespace {

double MaxOf(const Window& window, const double* plane, int64_t oy, int64_t ox) {
  double best = -std::numeric_limits<double>::infinity();
  for (int64_t ky = 0; ky < window[0].kernel; ++ky) {
    const int64_t y = At(window[0], oy, ky);
    if (y < 0 || y >= window[0].in) continue;
    for (int64_t kx = 0; kx < window[1].kernel; ++kx) {
      const int64_t x = At(window[1], ox, kx);
      if (x >= 0 && x < window[1].in) best = std::max(best, plane[y * window[1].in + x]);
    }
  }
  return best;
}

// With `count_pads`, positions in the padding count as zeros; those beyond it (ceil_mode) never count.
double MeanOf(const Window& window, const double* plane, int64_t oy, int64_t ox, bool count_pads) {
  double sum = 0;
  int64_t count = 0;
  const auto in_pads = [](const WindowAxis& axis, int64_t at) {
    return at >= -axis.pad_begin && at < axis.in + axis.pad_end;
  };
  for (int64_t ky = 0; ky < window[0].kernel; ++ky) {
    for (int64_t kx = 0; kx < window[1].kernel; ++kx) {
      const int64_t y = At(window[0], oy, ky);
      const int64_t x = At(window[1], ox, kx);
      if (y >= 0 && y < window[0].in && x >= 0 && x < window[1].in) {
        sum += plane[y * window[1].in + x];
        ++count;
      } else if (count_pads && in_pads(window[0], y) && in_pads(window[1], x)) {
        ++count;
      }
    }
  }
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

Status Pool(OperatorCall& call, bool maximum) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Floats(0));
  const Dims& dims = in->dims();
  if (dims.size() < 3) return Error(ErrorCode::kCorrupted, "image " + ToString(dims));
  if (call.output_count() > 1) return Error(ErrorCode::kUnsupported, "the second output (indices)");
  const std::vector<int64_t> kernel = call.node().Ints("kernel_shape");
  ASSIGN_OR_RETURN(const Window window, RowsAndColumns(ResolveWindow(call.node(), dims, kernel)));
  Dims out_dims = {dims[0], dims[1], window[1].out};
  if (dims.size() == 4) out_dims.insert(out_dims.begin() + 2, window[0].out);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, out_dims));
  if (window[0].kernel > (int64_t{1} << 20) || window[1].kernel > (int64_t{1} << 20)) {
    return Error(ErrorCode::kResourceLimit, "kernel " + ToString(kernel));
  }
  const int64_t kernel_size = window[0].kernel * window[1].kernel;
  if (out->size() > std::numeric_limits<int64_t>::max() / kernel_size) {
    return Error(ErrorCode::kResourceLimit, "kernel " + ToString(kernel));
  }
  RETURN_IF_ERROR(call.Spend(out->size() * kernel_size));
  const bool count_pads = call.node().Int("count_include_pad", 0) != 0;
  const double* from = in->As<double>().data();
  double* to = out->As<double>().data();
  ParallelFor(call.threads(), dims[0] * dims[1] * window[0].out, [&](int64_t row, int64_t end) {
    for (; row < end; ++row) {
      const double* plane = from + row / window[0].out * window[0].in * window[1].in;
      const int64_t oy = row % window[0].out;
      for (int64_t ox = 0; ox < window[1].out; ++ox) {
        to[row * window[1].out + ox] =
            maximum ? MaxOf(window, plane, oy, ox) : MeanOf(window, plane, oy, ox, count_pads);
      }
    }
  });
  return {};
}

Status GlobalPool(OperatorCall& call, bool maximum) {
  ASSIGN_OR_RETURN(const Tensor* in, call.Floats(0));
  Dims dims = in->dims();
  if (dims.size() < 3) return Error(ErrorCode::kCorrupted, "image " + ToString(dims));
  const auto plane = static_cast<size_t>(Product(dims, 2, dims.size()));
  if (plane == 0) return Error(ErrorCode::kCorrupted, "image " + ToString(dims) + " has no pixels");
  std::fill(dims.begin() + 2, dims.end(), 1);
  ASSIGN_OR_RETURN(Tensor * out, call.Make(0, DType::kF64, dims));
  auto values = in->As<double>();
  for (double& result : out->As<double>()) {
    const auto pixels = values.first(plane);
    double sum = 0;
    for (const double pixel : pixels) sum += pixel;
    result = maximum ? *std::ranges::max_element(pixels) : sum / static_cast<double>(plane);
    values = values.subspan(plane);
  }
  return {};
}

constexpr std::array kOperators = {
    OperatorEntry{"MaxPool", [](OperatorCall& call) { return Pool(call, true); }},
    OperatorEntry{"AveragePool", [](OperatorCall& call) { return Pool(call, false); }},
    OperatorEntry{"GlobalMaxPool", [](OperatorCall& call) { return GlobalPool(call, true); }},
    OperatorEntry{"GlobalAveragePool", [](OperatorCall& call) { return GlobalPool(call, false); }},
};

}  // namespace

std::span<const OperatorEntry> PoolOperators() { return kOperators; }

}  // namespace lips
