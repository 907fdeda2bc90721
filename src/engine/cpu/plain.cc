#include "engine/cpu/plain.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "engine/cpu/arrange.h"
#include "engine/cpu/elementwise.h"
#include "engine/cpu/neighbours.h"
#include "model/operands.h"
#include "model/resample.h"
#include "model/window.h"

namespace lips::cpu {
namespace {

constexpr std::array kPlain = {"Add",  "Sub",     "Mul", "Max",    "Min",     "PRelu",       "Relu",  "LeakyRelu",
                               "Clip", "Sigmoid", "Pad", "Concat", "MaxPool", "AveragePool", "Resize"};

Error Unsupported(std::string why) { return Error(ErrorCode::kUnsupported, std::move(why)); }

const Dims& DimsOf(const Graph& graph, ValueId value) { return graph.values[static_cast<size_t>(value)].dims; }

// What is known of a node's operands before it runs.
struct Known {
  explicit Known(const PlainNode& plain) : node(plain.node), opset(plain.graph.opset) {
    for (const ValueId id : plain.node.inputs) {
      dims.push_back(id == kNoValue ? Dims() : DimsOf(plain.graph, id));
      tensors.push_back(id == kNoValue ? nullptr : plain.graph.Constant(id));
    }
  }
  Operands view() const { return {node, opset, dims, tensors}; }

  const Node& node;
  int opset;
  std::vector<Dims> dims;
  std::vector<const Tensor*> tensors;
};

bool Given(const PlainNode& plain, size_t k) {
  return k < plain.node.inputs.size() && plain.node.inputs[k] != kNoValue;
}

const Tensor* ConstantAt(const PlainNode& plain, size_t k) {
  return Given(plain, k) ? plain.graph.Constant(plain.node.inputs[k]) : nullptr;
}

// Constant `k` as a number for every channel of `map`: one for all or one per channel of a picture, or, of a flat map,
// whatever broadcasts to its tensor.
Result<std::vector<float>> PerChannel(const PlainNode& plain, size_t k, const Map& map) {
  const Tensor* tensor = ConstantAt(plain, k);
  if (tensor == nullptr) return Unsupported("reads what engine cpu does not make");
  const Tensor floats = ToF32(*tensor);
  const auto values = floats.As<float>();
  Dims to = DimsOf(plain.graph, plain.node.outputs[0]);
  const Dims& from = tensor->dims();
  const bool flat = map.pixels() == 1;
  if (!flat) to = {1, map.channels, 1, 1};
  const auto broadcast = BroadcastDims(from, to);
  if (from.size() > to.size() || !broadcast.ok() || broadcast.value() != to) {
    return Unsupported("has a constant of shape " + ToString(from) + " that is not one number per channel");
  }
  std::vector<float> numbers(static_cast<size_t>(map.padded()));
  for (int64_t c = 0; c < map.channels; ++c) {
    int64_t at = 0, rest = c, stride = 1;
    for (size_t i = to.size(), j = from.size(); j > 0;) {
      const int64_t place = rest % to[--i];
      rest /= to[i];
      if (from[--j] != 1) at += place * stride;
      stride *= from[j];
    }
    numbers[static_cast<size_t>(c)] = values[static_cast<size_t>(at)];
  }
  return numbers;
}

Result<std::unique_ptr<Step>> Binary(const PlainNode& plain, Function function, std::span<const Map> maps) {
  if (plain.node.inputs.size() != 2)
    return Unsupported("has " + std::to_string(plain.node.inputs.size()) + " operands");
  ElementwiseSpec spec = {.function = function, .a = plain.inputs[0], .b = plain.inputs[1], .out = plain.out};
  if (spec.a == kNoMap && function != Function::kPrelu) {
    std::swap(spec.a, spec.b);
    spec.swapped = true;
  }
  if (spec.a == kNoMap) return Unsupported("reads what engine cpu does not make");
  if (spec.b == kNoMap) {
    ASSIGN_OR_RETURN(spec.per_channel, PerChannel(plain, spec.swapped ? 0 : 1, maps[static_cast<size_t>(spec.a)]));
  } else if (DimsOf(plain.graph, plain.node.inputs[0]) != DimsOf(plain.graph, plain.node.inputs[1])) {
    return Unsupported("has operands of different shapes");
  }
  if (DimsOf(plain.graph, plain.node.outputs[0]) != DimsOf(plain.graph, plain.node.inputs[spec.swapped ? 1 : 0]))
    return Unsupported("broadcasts its first operand");
  return MakeElementwise(std::move(spec), maps);
}

// function(x, number) for every element.
std::unique_ptr<Step> WithNumber(const PlainNode& plain, Function function, float number, std::span<const Map> maps) {
  const Map& x = maps[static_cast<size_t>(plain.inputs[0])];
  ElementwiseSpec spec = {.function = function, .a = plain.inputs[0], .out = plain.out};
  spec.per_channel.assign(static_cast<size_t>(x.padded()), 0.0f);
  std::fill_n(spec.per_channel.begin(), x.channels, number);
  return MakeElementwise(std::move(spec), maps);
}

Result<std::unique_ptr<Step>> Clip(const PlainNode& plain, std::span<const Map> maps) {
  std::array<float, 2> bounds = {-HUGE_VALF, HUGE_VALF};
  for (const size_t k : {size_t{1}, size_t{2}}) {
    if (!Given(plain, k)) continue;
    const Tensor* bound = ConstantAt(plain, k);
    if (bound == nullptr || bound->size() != 1) return Unsupported("has a bound that only the run would tell");
    bounds[k - 1] = ToF32(*bound).As<float>()[0];
  }
  const Map& x = maps[static_cast<size_t>(plain.inputs[0])];
  ElementwiseSpec spec = {.function = Function::kClip, .a = plain.inputs[0], .out = plain.out};
  spec.low = bounds[0];
  spec.high = bounds[1];
  spec.per_channel.assign(static_cast<size_t>(x.padded()), 0.0f);
  return MakeElementwise(std::move(spec), maps);
}

Result<std::unique_ptr<Step>> PadStep(const PlainNode& plain, std::span<const Map> maps) {
  const Known known(plain);
  ASSIGN_OR_RETURN(const auto axes, ResolvePad(known.view()));
  if (plain.node.String("mode", "constant") != "constant") return Unsupported("pads otherwise than with a number");
  PadSpec spec = {.x = plain.inputs[0], .out = plain.out};
  if (Given(plain, 2)) {
    const Tensor* value = ConstantAt(plain, 2);
    if (value == nullptr || value->size() != 1) return Unsupported("pads with what only the run would tell");
    spec.value = ToF32(*value).As<float>()[0];
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const bool whole = axes[i].begin == 0 && axes[i].end == 0;
    if (axes[i].begin < 0 || axes[i].end < 0 || (i == 0 && !whole)) return Unsupported("pads images, or takes away");
    if (i > 0) spec.before[i - 1] = static_cast<int>(axes[i].begin);
  }
  return MakePad(spec, maps);
}

Result<std::unique_ptr<Step>> ConcatStep(const PlainNode& plain, std::span<const Map> maps) {
  if (ResolveAxis(plain.node.Int("axis", 1), 4).value() != 1) return Unsupported("joins otherwise than by channels");
  if (std::ranges::count(plain.inputs, kNoMap) > 0) return Unsupported("joins a constant");
  return MakeConcat(plain.inputs, plain.out, maps);
}

Result<std::unique_ptr<Step>> PoolStep(const PlainNode& plain, bool maximum, std::span<const Map> maps) {
  if (plain.node.outputs.size() > 1) return Unsupported("gives indices, too");
  ASSIGN_OR_RETURN(const auto axes, ResolveWindow(plain.node, DimsOf(plain.graph, plain.node.inputs[0]),
                                                  plain.node.Ints("kernel_shape")));
  if (axes.size() != 2) return Unsupported("is not two-dimensional");
  PoolSpec spec = {.x = plain.inputs[0], .out = plain.out, .maximum = maximum};
  spec.count_pads = plain.node.Int("count_include_pad", 0) != 0;
  spec.axes = {axes[0], axes[1]};
  return MakePool(std::move(spec), maps);
}

// Where position i of an axis that is `scale` times as long lies on it.
Result<double> Source(std::string_view mode, const ResizeAxis& axis, double scale, int64_t i) {
  const auto x = static_cast<double>(i);
  if (mode == "half_pixel" || (mode == "pytorch_half_pixel" && axis.out > 1)) return (x + 0.5) / scale - 0.5;
  if (mode == "pytorch_half_pixel") return 0.0;
  if (mode == "asymmetric") return x / scale;
  if (mode == "align_corners") {
    return axis.out > 1 ? x * static_cast<double>(axis.in - 1) / static_cast<double>(axis.out - 1) : 0.0;
  }
  return Unsupported("has the coordinates '" + std::string(mode) + "'");
}

Result<BlendAxis> Blend(std::string_view mode, const ResizeAxis& axis, bool sizes) {
  const double scale = sizes ? static_cast<double>(axis.out) / static_cast<double>(axis.in) : double{axis.scale};
  BlendAxis blend;
  for (int64_t i = 0; i < axis.out; ++i) {
    ASSIGN_OR_RETURN(const double x, Source(mode, axis, scale, i));
    const double floor = std::floor(x);
    const auto last = static_cast<double>(axis.in - 1);
    blend.low.push_back(static_cast<int>(std::clamp(floor, 0.0, last)));
    blend.high.push_back(static_cast<int>(std::clamp(floor + 1, 0.0, last)));
    blend.fraction.push_back(static_cast<float>(x - floor));
  }
  return blend;
}

Result<std::unique_ptr<Step>> ResizeStep(const PlainNode& plain, std::span<const Map> maps) {
  if (plain.node.String("mode", "nearest") != "linear") return Unsupported("is not bilinear");
  if (plain.node.Int("antialias", 0) != 0) return Unsupported("is antialiased");
  const Known known(plain);
  ASSIGN_OR_RETURN(const auto axes, ResolveResize(known.view()));
  for (size_t i = 0; i < 2; ++i) {
    if (axes[i].in != axes[i].out || axes[i].scale != 1) return Unsupported("resizes images or channels");
  }
  const std::string_view mode = plain.node.String("coordinate_transformation_mode", "half_pixel");
  const bool sizes = Given(plain, 3);
  ResizeSpec spec = {.x = plain.inputs[0], .out = plain.out};
  ASSIGN_OR_RETURN(spec.rows, Blend(mode, axes[2], sizes));
  ASSIGN_OR_RETURN(spec.columns, Blend(mode, axes[3], sizes));
  return MakeResize(std::move(spec), maps);
}

}  // namespace

bool IsElementwise(std::string_view op) {
  constexpr std::array kShaped = {"Pad", "Concat", "MaxPool", "AveragePool", "Resize"};
  return IsPlain(op) && std::ranges::find(kShaped, op) == kShaped.end();
}

bool IsPlain(std::string_view op) { return std::ranges::find(kPlain, op) != kPlain.end(); }

Result<std::unique_ptr<Step>> MakePlain(const PlainNode& plain, std::span<const Map> maps) {
  const std::string& op = plain.node.op;
  if (op == "Add") return Binary(plain, Function::kAdd, maps);
  if (op == "Sub") return Binary(plain, Function::kSub, maps);
  if (op == "Mul") return Binary(plain, Function::kMul, maps);
  if (op == "Max") return Binary(plain, Function::kMax, maps);
  if (op == "Min") return Binary(plain, Function::kMin, maps);
  if (op == "PRelu") return Binary(plain, Function::kPrelu, maps);
  if (op == "Concat") return ConcatStep(plain, maps);
  if (plain.inputs.empty() || plain.inputs[0] == kNoMap) return Unsupported("reads what engine cpu does not make");
  if (op == "Relu") return WithNumber(plain, Function::kMax, 0, maps);
  if (op == "LeakyRelu") return WithNumber(plain, Function::kPrelu, plain.node.Float("alpha", 0.01f), maps);
  if (op == "Sigmoid") return WithNumber(plain, Function::kSigmoid, 0, maps);
  if (op == "Clip") return Clip(plain, maps);
  if (op == "Pad") return PadStep(plain, maps);
  if (op == "Resize") return ResizeStep(plain, maps);
  return PoolStep(plain, op == "MaxPool", maps);
}

Result<std::unique_ptr<Step>> MakePlainFlatConcat(const PlainNode& plain, std::span<const Map> maps) {
  if (std::ranges::count(plain.inputs, kNoMap) > 0) return Unsupported("joins what engine cpu does not make");
  const Dims& out = DimsOf(plain.graph, plain.node.outputs[0]);
  ASSIGN_OR_RETURN(const size_t axis, ResolveAxis(plain.node.Int("axis", 1), out.size()));
  const auto product = [](const Dims& dims, size_t begin, size_t end) {
    int64_t count = 1;
    for (size_t i = begin; i < end; ++i) count *= dims[i];
    return count;
  };
  std::vector<int64_t> chunks;
  for (const ValueId input : plain.node.inputs) {
    const Dims& dims = DimsOf(plain.graph, input);
    chunks.push_back(product(dims, axis, dims.size()));
  }
  return MakeFlatConcat(plain.inputs, plain.out, product(out, 0, axis), std::move(chunks), maps);
}

}  // namespace lips::cpu
