#include "train/torch/net.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "train/mouth_region.h"
#include "train/upsample.h"

namespace lips {
namespace {

template <typename Number, typename Stored>
void DoubleAll(const UpsampleAxis& rows, const UpsampleAxis& columns, const at::Tensor& in, at::Tensor& out) {
  const int64_t c = in.size(1);
  const auto* from = reinterpret_cast<const Number*>(in.data_ptr<Stored>());
  auto* to = reinterpret_cast<Number*>(out.data_ptr<Stored>());
  const int64_t each = in.size(2) * in.size(3) * c;
  for (int64_t n = 0; n < in.size(0); ++n) {
    Upsample(rows, columns, static_cast<int>(c), from + n * each, to + n * 4 * each);
  }
}

template <typename Number, typename Stored>
void GatherAll(const UpsampleAxis& rows, const UpsampleAxis& columns, const at::Tensor& out_gradient,
               at::Tensor& in_gradient) {
  const int64_t c = in_gradient.size(1);
  const auto* from = reinterpret_cast<const Number*>(out_gradient.data_ptr<Stored>());
  auto* to = reinterpret_cast<Number*>(in_gradient.data_ptr<Stored>());
  const int64_t each = in_gradient.size(2) * in_gradient.size(3) * c;
  for (int64_t n = 0; n < in_gradient.size(0); ++n) {
    UpsampleGradient(rows, columns, static_cast<int>(c), from + n * 4 * each, to + n * each);
  }
}

struct Axes {
  UpsampleAxis rows;
  UpsampleAxis columns;
};

Axes AxesOf(int64_t height, int64_t width, int64_t first_row, int64_t first_column, int64_t whole) {
  return {UpsampleAxis(static_cast<int>(height), static_cast<int>(first_row), static_cast<int>(whole)),
          UpsampleAxis(static_cast<int>(width), static_cast<int>(first_column), static_cast<int>(whole))};
}

class DoubleFunction : public torch::autograd::Function<DoubleFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input, int64_t first_row,
                            int64_t first_column, int64_t whole) {
    const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    context->saved_data["part"] = std::vector<int64_t>{x.size(2), x.size(3), first_row, first_column, whole};
    const Axes axes = AxesOf(x.size(2), x.size(3), first_row, first_column, whole);
    at::Tensor out = at::empty({x.size(0), x.size(1), 2 * x.size(2), 2 * x.size(3)},
                               x.options().memory_format(at::MemoryFormat::ChannelsLast));
    if (x.scalar_type() == at::kBFloat16) {
      DoubleAll<uint16_t, at::BFloat16>(axes.rows, axes.columns, x, out);
    } else {
      DoubleAll<float, float>(axes.rows, axes.columns, x, out);
    }
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const std::vector<int64_t> part = context->saved_data["part"].toIntVector();
    const Axes axes = AxesOf(part[0], part[1], part[2], part[3], part[4]);
    const at::Tensor from = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    at::Tensor to = at::empty({from.size(0), from.size(1), part[0], part[1]},
                              from.options().memory_format(at::MemoryFormat::ChannelsLast));
    if (from.scalar_type() == at::kBFloat16) {
      GatherAll<uint16_t, at::BFloat16>(axes.rows, axes.columns, from, to);
    } else {
      GatherAll<float, float>(axes.rows, axes.columns, from, to);
    }
    return {to, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// [outputs, inputs] of an axis, made once.
at::Tensor MatrixOf(int64_t size, int64_t offset, int64_t whole, const at::TensorOptions& options) {
  using Key = std::tuple<int64_t, int64_t, int64_t, at::ScalarType, std::string>;
  static std::mutex mutex;
  static std::map<Key, at::Tensor> made;
  const std::lock_guard lock(mutex);
  at::Tensor& known = made[{size, offset, whole, options.dtype().toScalarType(), options.device().str()}];
  if (known.defined()) return known;
  const UpsampleAxis axis(static_cast<int>(size), static_cast<int>(offset), static_cast<int>(whole));
  at::Tensor matrix = at::zeros({2 * size, size});
  for (size_t j = 0; j < axis.from.size(); ++j) {
    float* row = matrix.data_ptr<float>() + static_cast<int64_t>(j) * size;
    row[axis.from[j]] += 1 - axis.share[j];
    if (size > 1) row[axis.from[j] + 1] += axis.share[j];
  }
  return known = matrix.to(options);
}

// The same by products with each axis's weights, for devices our loops do not run on: along rows [N H, W, C], then
// along columns [N, H, 2W C].
at::Tensor DoubleByProducts(const at::Tensor& input, int64_t first_row, int64_t first_column, int64_t whole) {
  const at::Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
  const auto options = at::TensorOptions().dtype(x.scalar_type()).device(x.device());
  const at::Tensor across = MatrixOf(w, first_column, whole, options).unsqueeze(0).expand({n * h, 2 * w, w});
  const at::Tensor down = MatrixOf(h, first_row, whole, options).unsqueeze(0).expand({n, 2 * h, h});
  const at::Tensor wide = at::bmm(across, x.permute({0, 2, 3, 1}).reshape({n * h, w, c}));
  const at::Tensor both = at::bmm(down, wide.reshape({n, h, 2 * w * c}));
  return both.reshape({n, 2 * h, 2 * w, c}).permute({0, 3, 1, 2});
}

// A convolution by one pixel, as one product of matrices: nothing has to be chosen for its shape first.
at::Tensor Product(const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& x) {
  const at::Tensor pixels = x.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});
  return at::linear(pixels, weight.flatten(1), bias).permute({0, 3, 1, 2});
}

}  // namespace

at::Tensor TorchNet::Enter(const at::Tensor& x) const {
  return x.to(options_.number).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor TorchNet::Conv(const FamilyConv& conv, const Value& x) {
  const Replica::Filter& filter = weights_.filter(conv.conv);
  const at::Tensor y = [&] {
    const at::IntArrayRef kernel = filter.weight.sizes().slice(2);
    const bool one = kernel[0] == 1 && kernel[1] == 1 && conv.stride_y == 1 && conv.stride_x == 1 && conv.pad == 0 &&
                     conv.groups == 1;
    if (one && (options_.by_products || !x.is_cpu())) return Product(filter.weight, filter.bias, x);
    const bool planes = options_.depthwise_planes && conv.groups > 1;
    const at::Tensor in = x.contiguous(planes ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast);
    return at::conv2d(in, filter.weight, filter.bias, {conv.stride_y, conv.stride_x}, {conv.pad, conv.pad}, {1, 1},
                      conv.groups);
  }();
  if (!filter.gain.defined()) return y;
  return at::batch_norm(y, filter.gain, filter.shift, weights_.Statistic(conv.norm + ".running_mean"),
                        weights_.Statistic(conv.norm + ".running_var"), true, options_.momentum, kNormEpsilon, false);
}

// In place: what makes x (a convolution, a normalisation, a sum) does not need it for its gradient.
at::Tensor TorchNet::Relu(const Value& x) {
  at::Tensor y = x;
  return at::relu_(y);
}
at::Tensor TorchNet::Sigmoid(const Value& x) { return at::sigmoid(x); }
at::Tensor TorchNet::Add(const Value& a, const Value& b) { return a + b; }
at::Tensor TorchNet::Concat(const Value& a, const Value& b) { return at::cat({a, b}, 1); }

at::Tensor TorchNet::UpsampleTwice(const Value& x) {
  const int64_t scale = x.size(2) / part_rows_;  // of this map to the deepest one
  const int64_t first_row = options_.first_row * scale;
  const int64_t first_column = options_.first_column * scale;
  const int64_t whole = kCells * scale;
  if (x.is_cpu() && !options_.by_products) return DoubleFunction::apply(x, first_row, first_column, whole);
  return DoubleByProducts(x, first_row, first_column, whole);
}

}  // namespace lips
