#include "train/torch/net.h"

#include <torch/autograd.h>
#include <torch/types.h>

#include "train/mouth_region.h"
#include "train/upsample.h"

namespace lips {
namespace {

constexpr double kNormEpsilon = 1e-5;

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

// The same by a product with each axis's weights, for devices our loops do not run on.
at::Tensor DoubleByProducts(const at::Tensor& x, const Axes& axes) {
  const auto weights = [&x](const UpsampleAxis& axis) {
    at::Tensor matrix = at::zeros({static_cast<int64_t>(axis.from.size()), axis.size});
    for (size_t j = 0; j < axis.from.size(); ++j) {
      float* row = matrix.data_ptr<float>() + static_cast<int64_t>(j) * axis.size;
      row[axis.from[j]] += 1 - axis.share[j];
      if (axis.size > 1) row[axis.from[j] + 1] += axis.share[j];
    }
    return matrix.to(x.device());
  };
  const at::Tensor y = at::matmul(at::matmul(weights(axes.rows), x.to(at::kFloat)), weights(axes.columns).t());
  return y.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

at::Tensor TorchNet::Enter(const at::Tensor& x) const {
  return x.to(options_.number).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor TorchNet::Conv(const FamilyConv& conv, const Value& x) {
  const at::Tensor& weight = weights_.Parameter(conv.conv + ".weight");
  const at::Tensor bias = conv.bias ? weights_.Parameter(conv.conv + ".bias") : at::Tensor();
  const auto run = [&](const at::Tensor& w, const at::Tensor& b) {
    return at::conv2d(x, w.to(options_.number), b.defined() ? b.to(options_.number) : b, {conv.stride_y, conv.stride_x},
                      {conv.pad, conv.pad}, {1, 1}, conv.groups);
  };
  if (conv.norm.empty()) return run(weight, bias);
  const at::Tensor& gain = weights_.Parameter(conv.norm + ".weight");
  const at::Tensor& shift = weights_.Parameter(conv.norm + ".bias");
  const at::Tensor& mean = weights_.Statistic(conv.norm + ".running_mean");
  const at::Tensor& variance = weights_.Statistic(conv.norm + ".running_var");
  if (options_.norm == NormMode::kLive) {
    return at::batch_norm(run(weight, bias), gain, shift, mean, variance, true, options_.momentum, kNormEpsilon, false);
  }
  const at::Tensor scale = gain * (variance + kNormEpsilon).rsqrt();
  const at::Tensor offset = bias.defined() ? (bias - mean) * scale + shift : shift - mean * scale;
  return run(weight * scale.view({-1, 1, 1, 1}), offset);
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
  if (x.is_cpu()) return DoubleFunction::apply(x, first_row, first_column, whole);
  return DoubleByProducts(x, AxesOf(x.size(2), x.size(3), first_row, first_column, whole));
}

}  // namespace lips
