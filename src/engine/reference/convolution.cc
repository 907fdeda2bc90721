// Conv and ConvTranspose. Products are summed in the order of the kernel: docs/numerics.md, "Reference engine".
#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "engine/reference/operator.h"
#include "engine/reference/parallel.h"
#include "engine/reference/window.h"

namespace lips {
namespace {

constexpr int64_t kBlock = 32;  // output positions computed together: their patches stay in the L2 cache
constexpr int64_t kLanes = 8;   // of these, as many as have their sums in registers
constexpr int64_t kMaxPatchRows = int64_t{1} << 20;

// What Conv and ConvTranspose check alike. X is [N, C, spatial...], W [first, second, kernel...].
struct Operands {
  const Tensor* x = nullptr;
  const Tensor* w = nullptr;
  std::span<const double> bias;  // empty or one per output channel
  int64_t groups = 1;
};

Result<Operands> ReadOperands(const OperatorCall& call) {
  Operands operands;
  ASSIGN_OR_RETURN(operands.x, call.Floats(0));
  ASSIGN_OR_RETURN(operands.w, call.Floats(1));
  operands.groups = call.node().Int("group", 1);
  const Dims& x = operands.x->dims();
  const Dims& w = operands.w->dims();
  if (x.size() < 3 || w.size() != x.size()) {
    return Error(ErrorCode::kCorrupted, "image " + ToString(x) + " with weights " + ToString(w));
  }
  if (operands.groups < 1 || x[1] < 1 || w[0] < 1 || w[1] < 1 || x[1] % operands.groups != 0 ||
      w[0] % operands.groups != 0) {
    return Error(ErrorCode::kCorrupted, "image " + ToString(x) + " with weights " + ToString(w) + " in " +
                                            std::to_string(operands.groups) + " groups");
  }
  if (call.Optional(2) != nullptr) {
    ASSIGN_OR_RETURN(const Tensor* bias, call.Floats(2));
    operands.bias = bias->As<double>();
  }
  return operands;
}

Status CheckChannels(const Operands& operands, int64_t input_channels, int64_t output_channels) {
  const bool bias_fits = operands.bias.empty() || static_cast<int64_t>(operands.bias.size()) == output_channels;
  if (operands.x->dims()[1] == input_channels && bias_fits) return {};
  return Error(ErrorCode::kCorrupted, "image " + ToString(operands.x->dims()) + " and " +
                                          std::to_string(operands.bias.size()) + " biases with weights " +
                                          ToString(operands.w->dims()) + " in " + std::to_string(operands.groups) +
                                          " groups");
}

Dims KernelOf(const Dims& weights) { return {weights.begin() + 2, weights.end()}; }

// The inputs that kBlock output positions see: [channel, ky, kx][kBlock], zeros outside the image.
class Patches {
 public:
  Patches(const Window& window, int64_t channels) : window_(window), channels_(channels) {
    rows_ = channels * window[0].kernel * window[1].kernel;
    values_.resize(static_cast<size_t>(rows_ * kBlock));
  }

  int64_t rows() const { return rows_; }
  const double* values() const { return values_.data(); }

  // Output positions [begin, begin + count) of `planes`, [channels, in_y, in_x].
  void Gather(const double* planes, int64_t begin, int64_t count) {
    const auto& [y, x] = window_;
    std::array<int64_t, kBlock> out_y;
    std::array<int64_t, kBlock> out_x;
    for (int64_t i = 0; i < count; ++i) {
      out_y[static_cast<size_t>(i)] = (begin + i) / x.out;
      out_x[static_cast<size_t>(i)] = (begin + i) % x.out;
    }
    double* row = values_.data();
    for (int64_t channel = 0; channel < channels_; ++channel) {
      const double* plane = planes + channel * y.in * x.in;
      for (int64_t ky = 0; ky < y.kernel; ++ky) {
        for (int64_t kx = 0; kx < x.kernel; ++kx, row += kBlock) {
          for (int64_t i = 0; i < count; ++i) {
            const int64_t in_y = At(y, out_y[static_cast<size_t>(i)], ky);
            const int64_t in_x = At(x, out_x[static_cast<size_t>(i)], kx);
            const bool inside = in_y >= 0 && in_y < y.in && in_x >= 0 && in_x < x.in;
            row[i] = inside ? plane[in_y * x.in + in_x] : 0.0;
          }
        }
      }
    }
  }

 private:
  const Window& window_;
  int64_t channels_;
  int64_t rows_ = 0;
  std::vector<double> values_;
};

// sums[c][i] = sum over k of weights[c][k] * patches[k][i] for two channels and kLanes positions.
void MultiplyTwo(const double* weights0, const double* weights1, const double* patches, int64_t rows,
                 std::array<double, kLanes>& sums0, std::array<double, kLanes>& sums1) {
  std::array<double, kLanes> a = {};
  std::array<double, kLanes> b = {};
  for (int64_t k = 0; k < rows; ++k, patches += kBlock) {
    const double w0 = weights0[k];
    const double w1 = weights1[k];
    for (size_t i = 0; i < kLanes; ++i) {
      a[i] += w0 * patches[i];
      b[i] += w1 * patches[i];
    }
  }
  sums0 = a;
  sums1 = b;
}

// Output positions [begin, begin + count) of `channels` planes.
void MultiplyBlock(const Patches& patches, const double* weights, const double* bias, int64_t channels, int64_t begin,
                   int64_t count, int64_t plane_size, double* out) {
  for (int64_t channel = 0; channel < channels; channel += 2) {
    const int64_t other = std::min(channel + 1, channels - 1);  // the last odd channel is computed twice
    for (int64_t first = 0; first < count; first += kLanes) {
      std::array<double, kLanes> sums0;
      std::array<double, kLanes> sums1;
      MultiplyTwo(weights + channel * patches.rows(), weights + other * patches.rows(), patches.values() + first,
                  patches.rows(), sums0, sums1);
      const double bias0 = bias != nullptr ? bias[channel] : 0.0;
      const double bias1 = bias != nullptr ? bias[other] : 0.0;
      for (int64_t i = 0; i < std::min(kLanes, count - first); ++i) {
        out[channel * plane_size + begin + first + i] = sums0[static_cast<size_t>(i)] + bias0;
        out[other * plane_size + begin + first + i] = sums1[static_cast<size_t>(i)] + bias1;
      }
    }
  }
}

Status Conv(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Operands operands, ReadOperands(call));
  const Dims& x = operands.x->dims();
  const Dims& w = operands.w->dims();
  const int64_t groups = operands.groups;
  RETURN_IF_ERROR(CheckChannels(operands, w[1] * groups, w[0]));
  ASSIGN_OR_RETURN(const Window window, RowsAndColumns(ResolveWindow(call.node(), x, KernelOf(w))));
  Dims dims = {x[0], w[0], window[1].out};
  if (x.size() == 4) dims.insert(dims.begin() + 2, window[0].out);
  ASSIGN_OR_RETURN(Tensor * y, call.Make(0, DType::kF64, dims));
  const int64_t rows = Product(w, 1, w.size());
  if (rows > kMaxPatchRows) return Error(ErrorCode::kResourceLimit, "weights " + ToString(w));
  RETURN_IF_ERROR(call.Spend(y->size() * rows));

  const int64_t in_plane = window[0].in * window[1].in;
  const int64_t out_plane = window[0].out * window[1].out;
  const int64_t group_inputs = w[1];
  const int64_t group_outputs = w[0] / groups;
  const int64_t blocks = (out_plane + kBlock - 1) / kBlock;
  const double* from = operands.x->As<double>().data();
  const double* weights = operands.w->As<double>().data();
  double* to = y->As<double>().data();
  ParallelFor(call.threads(), x[0] * groups * blocks, [&](int64_t task, int64_t end) {
    Patches patches(window, group_inputs);
    for (; task < end; ++task) {
      const int64_t begin = task % blocks * kBlock;
      const int64_t count = std::min(kBlock, out_plane - begin);
      const int64_t image_and_group = task / blocks;
      const int64_t first_output = image_and_group % groups * group_outputs;
      patches.Gather(from + image_and_group * group_inputs * in_plane, begin, count);
      MultiplyBlock(patches, weights + first_output * rows,
                    operands.bias.empty() ? nullptr : operands.bias.data() + first_output, group_outputs, begin, count,
                    out_plane, to + image_and_group * group_outputs * out_plane);
    }
  });
  return {};
}

// One output plane: every input pixel of the group's channels adds its kernel, scaled, at its place.
void ScatterPlane(const Window& window, const double* planes, int64_t channels, const double* weights,
                  int64_t weight_stride, std::span<double> sums) {
  const auto& [y, x] = window;
  for (int64_t channel = 0; channel < channels; ++channel, planes += y.in * x.in, weights += weight_stride) {
    for (int64_t iy = 0; iy < y.in; ++iy) {
      for (int64_t ix = 0; ix < x.in; ++ix) {
        const double pixel = planes[iy * x.in + ix];
        for (int64_t ky = 0; ky < y.kernel; ++ky) {
          const int64_t oy = At(y, iy, ky);
          if (oy < 0 || oy >= y.out) continue;
          for (int64_t kx = 0; kx < x.kernel; ++kx) {
            const int64_t ox = At(x, ix, kx);
            if (ox >= 0 && ox < x.out)
              sums[static_cast<size_t>(oy * x.out + ox)] += pixel * weights[ky * x.kernel + kx];
          }
        }
      }
    }
  }
}

Status ConvTranspose(OperatorCall& call) {
  ASSIGN_OR_RETURN(const Operands operands, ReadOperands(call));
  const Dims& x = operands.x->dims();
  const Dims& w = operands.w->dims();
  const int64_t groups = operands.groups;
  RETURN_IF_ERROR(CheckChannels(operands, w[0], w[1] * groups));
  ASSIGN_OR_RETURN(const Window window, RowsAndColumns(ResolveTransposedWindow(call.node(), x, KernelOf(w))));
  Dims dims = {x[0], w[1] * groups, window[1].out};
  if (x.size() == 4) dims.insert(dims.begin() + 2, window[0].out);
  ASSIGN_OR_RETURN(Tensor * y, call.Make(0, DType::kF64, dims));
  const int64_t kernel_size = window[0].kernel * window[1].kernel;
  const int64_t in_plane = window[0].in * window[1].in;
  const int64_t out_plane = window[0].out * window[1].out;
  if (operands.x->size() > 0 && operands.w->size() > std::numeric_limits<int64_t>::max() / operands.x->size()) {
    return Error(ErrorCode::kResourceLimit, "weights " + ToString(w));
  }
  RETURN_IF_ERROR(call.Spend(operands.x->size() * w[1] * kernel_size));

  const int64_t group_inputs = w[0] / groups;
  const double* from = operands.x->As<double>().data();
  const double* weights = operands.w->As<double>().data();
  double* to = y->As<double>().data();
  ParallelFor(call.threads(), x[0] * dims[1], [&](int64_t task, int64_t end) {
    std::vector<double> sums(static_cast<size_t>(out_plane));
    for (; task < end; ++task) {
      const int64_t image = task / dims[1];
      const int64_t output = task % dims[1];
      const int64_t first_input = output / w[1] * group_inputs;
      std::ranges::fill(sums, operands.bias.empty() ? 0.0 : operands.bias[static_cast<size_t>(output)]);
      ScatterPlane(window, from + (image * x[1] + first_input) * in_plane, group_inputs,
                   weights + (first_input * w[1] + output % w[1]) * kernel_size, w[1] * kernel_size, sums);
      for (int64_t i = 0; i < out_plane; ++i) to[task * out_plane + i] = sums[static_cast<size_t>(i)];
    }
  });
  return {};
}

constexpr std::array kOperators = {OperatorEntry{"Conv", Conv}, OperatorEntry{"ConvTranspose", ConvTranspose}};

}  // namespace

std::span<const OperatorEntry> ConvolutionOperators() { return kOperators; }

}  // namespace lips
