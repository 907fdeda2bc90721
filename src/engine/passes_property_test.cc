// Passes leave what any graph computes alone, however its operators are put together.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/passes_check.h"
#include "model/passes.h"

namespace lips {
namespace {

// Puts seeded operators of the kinds passes look for after each other, on values of a few sizes.
class AnyNetwork {
 public:
  AnyNetwork() : net_(*rc::gen::element(11, 13, 17)) {
    Input("image", 2, 4);
    Input("sound", 3, 4);
    Input("sound_small", 2, 2);
  }

  Graph Make() {
    const int steps = *rc::gen::inRange(1, 22);
    for (int k = 0; k < steps; ++k) Step();
    const int outputs = *rc::gen::inRange(1, 3);
    net_.Output(values_.back().id);
    for (int k = 1; k < outputs; ++k) {
      const Made& other = Any();
      if (other.id != values_.back().id && other.id > 2) net_.Output(other.id);
    }
    return std::move(net_).Finish();
  }

 private:
  struct Made {
    ValueId id;
    int64_t channels;
    int64_t size;
  };

  void Input(const std::string& name, int64_t channels, int64_t size) {
    values_.push_back({net_.Input(name, {1, channels, size, size}), channels, size});
  }

  const Made& Any() {
    // The latest are the likeliest, so that chains form.
    const size_t back = *rc::gen::element<size_t>(0, 0, 0, 1, 2, 3, 5, 8);
    return values_[values_.size() - 1 - std::min(back, values_.size() - 1)];
  }

  // Some other value that fits, or `like` itself.
  Made Partner(const Made& like, bool same_channels) {
    std::vector<Made> fits = {like};
    for (const Made& made : values_) {
      if (made.size == like.size && (!same_channels || made.channels == like.channels)) fits.push_back(made);
    }
    return fits[*rc::gen::inRange<size_t>(0, fits.size())];
  }

  ValueId Weights(const Dims& dims) { return net_.Constant({}, RandomTensor(dims, ++seed_, -0.5f, 0.5f)); }
  ValueId Op(std::string_view op, std::vector<ValueId> inputs) { return net_.Add(op, std::move(inputs)); }

  ValueId Pointwise(const Made& x, int64_t out) {
    std::vector<ValueId> inputs = {x.id, Weights({out, x.channels, 1, 1})};
    if (*rc::gen::arbitrary<bool>()) inputs.push_back(Weights({out}));
    return Op("Conv", inputs);
  }

  ValueId Depthwise(ValueId x, int64_t channels, int64_t stride) {
    return net_.Add(
        "Conv", {x, Weights({channels, 1, 3, 3}), Weights({channels})},
        {{"group", channels}, {"pads", std::vector<int64_t>(4, 1)}, {"strides", std::vector<int64_t>(2, stride)}});
  }

  void Step() {
    const Made x = Any();
    Made made = x;
    switch (*rc::gen::inRange(0, 12)) {
      case 0:
      case 1:
        made.channels = *rc::gen::inRange<int64_t>(1, 4);
        made.id = Pointwise(x, made.channels);
        break;
      case 2: made.id = Op(*rc::gen::element<std::string>("Relu", "Sigmoid", "Identity", "Dropout"), {x.id}); break;
      case 3:
      case 4: made.id = Op("Add", {x.id, Partner(x, true).id}); break;
      case 5:
      case 6: {
        const Made other = Partner(x, false);
        made.channels = x.channels + other.channels;
        made.id = net_.Add("Concat", {x.id, other.id}, {{"axis", int64_t{1}}});
        break;
      }
      case 7:
        if (x.size > 4) return;
        made.size = 2 * x.size;
        made.id = net_.Add(
            "Resize", {x.id, net_.Floats({}), net_.Floats({1, 1, 2, 2})},
            {{"mode", std::string("linear")},
             {"coordinate_transformation_mode", *rc::gen::element<std::string>("align_corners", "half_pixel")}});
        break;
      case 8: {
        const auto stride = *rc::gen::element<int64_t>(1, 2);
        made.size = (x.size + stride - 1) / stride;
        const ValueId deep = Depthwise(Op("Relu", {x.id}), x.channels, stride);
        made.channels = *rc::gen::inRange<int64_t>(1, 4);
        made.id = Pointwise({Op("Relu", {deep}), x.channels, made.size}, made.channels);
        break;
      }
      case 9:
        made.id = Op(*rc::gen::element<std::string>("Mul", "Add", "Sub"), {x.id, Weights({x.channels, 1, 1})});
        break;
      case 10:
        made.id = Op("BatchNormalization", {x.id, Weights({x.channels}), Weights({x.channels}), Weights({x.channels}),
                                            net_.Constant({}, RandomTensor({x.channels}, ++seed_, 0.5f, 2))});
        break;
      default: {
        const auto pad = *rc::gen::element<int64_t>(0, 1);
        made.size = x.size + 2 * pad;
        made.id = Op("Pad", {x.id, net_.Ints({0, 0, pad, pad, 0, 0, pad, pad})});
      }
    }
    values_.push_back(made);
  }

  GraphBuilder net_;
  std::vector<Made> values_;
  int seed_ = 0;
};

double LargestOf(const std::vector<Tensor>& tensors) {
  double largest = 1;
  for (const Tensor& tensor : tensors) {
    for (const float v : tensor.As<float>()) largest = std::max(largest, std::abs(double{v}));
  }
  return largest;
}

RC_GTEST_PROP(Passes, LeaveAnyNetworkAlone, ()) {
  const Graph graph = Shaped(AnyNetwork().Make());
  const auto fused = Optimise(graph);
  RC_ASSERT(fused.ok());
  RC_CLASSIFY(CensusOf(fused.value())[std::string(kInvertedResidual)] > 0);
  RC_ASSERT(Change(graph, fused.value()) <= 1e-5 * LargestOf(Outputs(graph)));
}

RC_GTEST_PROP(Passes, PartsOfAnyNetworkMakeTheWhole, ()) {
  const Graph graph = Shaped(AnyNetwork().Make());
  const auto image = static_cast<int>(*rc::gen::inRange<size_t>(0, graph.inputs.size()));
  const auto level = *rc::gen::element(TemplateCut::kDeep, TemplateCut::kSkips, TemplateCut::kExpanded);
  const auto split = OptimiseSplit(graph, image, level);
  if (!split.ok()) RC_FAIL(split.error().message());
  const SessionOptions options = {.backend = Backend::kReference, .threads = 1};
  std::vector<Tensor> head_inputs;
  head_inputs.push_back(std::move(InputsOf(graph)[static_cast<size_t>(image)]));
  auto passed = RunGraph(split.value().head, head_inputs, options);
  RC_ASSERT(passed.ok());
  std::vector<Tensor> tail_inputs = std::move(passed).value();
  if (split.value().tail_takes_input) tail_inputs.push_back(head_inputs[0].Clone());
  std::vector<Tensor> inputs = InputsOf(graph);
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (k != static_cast<size_t>(image)) tail_inputs.push_back(std::move(inputs[k]));
  }
  const auto made = RunGraph(split.value().tail, tail_inputs, options);
  RC_ASSERT(made.ok());
  const auto expected = Outputs(graph);
  RC_ASSERT(made.value().size() == expected.size());
  for (size_t k = 0; k < expected.size(); ++k) {
    RC_ASSERT(MaxAbsDifference(made.value()[k], expected[k]) <= 1e-5 * LargestOf(expected));
  }
}

}  // namespace
}  // namespace lips
