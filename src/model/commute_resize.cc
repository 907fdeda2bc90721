// Why a 1x1 convolution and a linear Resize change places: let (Ry)(c, p) = sum_q k(p, q) y(c, q) be the Resize; its
// weights k are the same for every channel c and sum to 1 over q for every pixel p, in every coordinate mode whose
// coordinates are clamped to the picture. Then, for weights W and bias b,
//   (W Ry + b)(o, p) = sum_c W(o, c) sum_q k(p, q) y(c, q) + b(o)
//                    = sum_q k(p, q) (sum_c W(o, c) y(c, q)) + b(o) sum_q k(p, q)
//                    = sum_q k(p, q) (W y + b)(o, q) = (R (W y + b))(o, p).
// The convolution then runs on the small picture.
#include <algorithm>
#include <array>
#include <utility>

#include "model/convolution.h"
#include "model/passes.h"
#include "model/resample.h"
#include "model/upsample.h"

namespace lips {
namespace {

// The modes whose weights sum to 1: all but tf_crop_and_resize, which fills what lies outside.
constexpr std::array<std::string_view, 4> kModes = {"align_corners", "half_pixel", "pytorch_half_pixel", "asymmetric"};

// The Resize moved behind the convolution `conv`, which becomes one of the small picture.
void Commute(GraphEdit& edit, const Convolution& conv, const Upsample& upsample) {
  const auto n = static_cast<size_t>(edit.Maker(conv.output));
  const int64_t filters = conv.filters();
  Dims small = edit.DimsOf(upsample.input);
  small[1] = filters;
  Node product = edit.node(n).Clone();
  product.name += "/before";
  product.inputs[0] = upsample.input;
  Node resize = edit.node(upsample.node).Clone();
  // Sizes tell the channels too.
  if (const Tensor* sizes = resize.inputs.size() > 3 ? edit.Constant(resize.inputs[3]) : nullptr;
      sizes != nullptr && sizes->size() > 0) {
    Tensor of_product(DType::kI64, sizes->dims());
    std::ranges::copy(edit.DimsOf(conv.output), of_product.As<int64_t>().begin());
    resize.inputs[3] = edit.AddConstant(std::move(of_product), conv.output, "sizes");
  }
  resize.inputs[0] = edit.AddNode(std::move(product), std::move(small), conv.output, "small");
  edit.Replace(n, std::move(resize));
}

}  // namespace

std::optional<Upsample> UpsampleOf(const GraphEdit& edit, ValueId id) {
  const int n = edit.Maker(id);
  if (n < 0) return std::nullopt;
  const Node& node = edit.node(static_cast<size_t>(n));
  if ((node.op != "Resize" && node.op != "Upsample") || node.inputs.empty() || node.inputs[0] == kNoValue) {
    return std::nullopt;
  }
  const Value& input = edit.value(node.inputs[0]);
  if (!input.has_shape || input.dims.size() != 4 || input.dtype != DType::kF32) return std::nullopt;
  if (node.String("mode", "nearest") != "linear" || node.Int("exclude_outside", 0) != 0) return std::nullopt;
  Upsample upsample;
  upsample.node = static_cast<size_t>(n);
  upsample.input = node.inputs[0];
  upsample.mode = node.op == "Upsample" ? "asymmetric" : node.String("coordinate_transformation_mode", "half_pixel");
  if (std::ranges::find(kModes, upsample.mode) == kModes.end()) return std::nullopt;
  const KnownOperands operands(edit, node);
  const auto axes = ResolveResize(operands.view());
  if (!axes.ok()) return std::nullopt;
  const auto& axis = axes.value();
  const auto unchanged = [](const ResizeAxis& a) { return a.in == a.out && a.scale == 1.0f; };
  const auto twice = [](const ResizeAxis& a) { return a.out == 2 * a.in && a.scale == 2.0f; };
  if (!unchanged(axis[0]) || !unchanged(axis[1])) return std::nullopt;
  if (axis[2].out < axis[2].in || axis[3].out < axis[3].in) return std::nullopt;
  if (axis[2].out == axis[2].in && axis[3].out == axis[3].in) return std::nullopt;
  upsample.is_twice = twice(axis[2]) && twice(axis[3]);
  return upsample;
}

Graph CommuteConvWithResize(Graph graph) {
  GraphEdit edit(std::move(graph));
  const size_t count = edit.node_count();
  for (size_t n = 0; n < count; ++n) {
    const auto conv = ReadConvolution(edit, static_cast<int>(n));
    if (!conv || !conv->IsPointwise()) continue;
    const auto upsample = UpsampleOf(edit, conv->input);
    if (upsample) Commute(edit, *conv, *upsample);
  }
  return std::move(edit).Finish();
}

}  // namespace lips
