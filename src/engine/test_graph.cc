#include "engine/test_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

namespace lips {

Tensor RandomTensor(const Dims& dims, int seed, float low, float high) {
  Tensor tensor(DType::kF32, dims);
  std::mt19937 random(static_cast<uint32_t>(seed));
  // Not std::uniform_real_distribution, whose results depend on the library.
  for (float& v : tensor.As<float>()) v = low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
  return tensor;
}

Tensor IntTensor(const Dims& dims, std::vector<int64_t> values) { return Tensor::Of<int64_t>(dims, values); }
Tensor FloatTensor(const Dims& dims, std::vector<float> values) { return Tensor::Of<float>(dims, values); }

std::vector<float> FloatsOf(const Tensor& tensor) {
  const auto values = tensor.As<float>();
  return {values.begin(), values.end()};
}

std::vector<int64_t> IntsOf(const Tensor& tensor) {
  const auto values = tensor.As<int64_t>();
  return {values.begin(), values.end()};
}

Result<std::vector<Tensor>> RunGraph(const Graph& graph, std::span<const Tensor> inputs,
                                     const SessionOptions& options) {
  ASSIGN_OR_RETURN(const auto session, OpenSession(graph, options));
  std::vector<Tensor> outputs(graph.outputs.size());
  const std::vector<TensorView> views(inputs.begin(), inputs.end());
  RETURN_IF_ERROR(session->Run(views, outputs));
  return outputs;
}

double MaxAbsDifference(const Tensor& a, const Tensor& b) {
  constexpr double kDifferent = std::numeric_limits<double>::infinity();
  if (a.dtype() != b.dtype() || a.dims() != b.dims()) return kDifferent;
  const Tensor left = ToF32(a);
  const Tensor right = ToF32(b);
  double worst = 0;
  for (size_t i = 0; i < left.As<float>().size(); ++i) {
    const double difference = std::abs(double{left.As<float>()[i]} - double{right.As<float>()[i]});
    if (std::isnan(difference)) return kDifferent;
    worst = std::max(worst, difference);
  }
  return worst;
}

namespace {

// Adds layers whose weights are seeded by their number.
class Layers {
 public:
  Layers(GraphBuilder& net, int seed) : net_(net), seed_(seed) {}

  ValueId Conv(ValueId x, int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad, int64_t groups = 1) {
    const int64_t fan_in = in / groups * kernel * kernel;
    const float range = std::sqrt(3.0f / static_cast<float>(fan_in));
    const std::string name = "conv" + std::to_string(++seed_);
    const ValueId w =
        net_.Constant(name + ".w", RandomTensor({out, in / groups, kernel, kernel}, seed_, -range, range));
    const ValueId b = net_.Constant(name + ".b", RandomTensor({out}, seed_ + 1000, -0.1f, 0.1f));
    return net_.Add("Conv", {x, w, b},
                    {{"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                     {"strides", std::vector<int64_t>{stride, stride}},
                     {"group", groups}},
                    name);
  }

  ValueId Relu(ValueId x) { return net_.Add("Relu", {x}); }

  ValueId InvertedResidual(ValueId x, int64_t in, int64_t out, int64_t stride) {
    const ValueId expanded = Relu(Conv(x, in, 2 * in, 1, 1, 0));
    const ValueId spread = Relu(Conv(expanded, 2 * in, 2 * in, 3, stride, 1, 2 * in));
    const ValueId narrow = Conv(spread, 2 * in, out, 1, 1, 0);
    return stride == 1 && in == out ? net_.Add("Add", {narrow, x}) : narrow;
  }

  ValueId UpsampleTwice(ValueId x) {
    return net_.Add(
        "Resize", {x, kNoValue, net_.Floats({1, 1, 2, 2})},
        {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("align_corners")}});
  }

 private:
  GraphBuilder& net_;
  int seed_;
};

}  // namespace

Graph MiniatureGenerator(const MiniatureOptions& options) {
  GraphBuilder net;
  Layers layers(net, options.seed);
  const int64_t c = options.width;
  const ValueId image = net.Input("image", {options.batch, 6, options.size_px, options.size_px});
  const ValueId audio = net.Input("audio", {options.batch, 32, 16, 16});
  const ValueId x1 = layers.InvertedResidual(image, 6, c, 1);
  const ValueId x2 = layers.InvertedResidual(x1, c, 2 * c, 2);
  const ValueId x3 = layers.InvertedResidual(x2, 2 * c, 4 * c, 2);
  const ValueId deep = layers.InvertedResidual(x3, 4 * c, 4 * c, 1);
  // Audio is squeezed to one number per channel and added everywhere.
  const ValueId heard = layers.Conv(layers.Relu(layers.Conv(audio, 32, 8, 3, 2, 3)), 8, 4 * c, 1, 1, 0);
  const ValueId mean = net.Add("GlobalAveragePool", {heard});
  const ValueId mixed = net.Add("Add", {deep, mean});
  const ValueId up1 = net.Add("Concat", {layers.UpsampleTwice(mixed), x2}, {{"axis", int64_t{1}}});
  const ValueId y1 = layers.InvertedResidual(up1, 6 * c, 2 * c, 1);
  const ValueId up2 = net.Add("Concat", {layers.UpsampleTwice(y1), x1}, {{"axis", int64_t{1}}});
  const ValueId y2 = layers.Conv(up2, 3 * c, 3, 1, 1, 0);
  net.Output(net.Add("Sigmoid", {y2}), "output", {options.batch, 3, options.size_px, options.size_px});
  return std::move(net).Finish();
}

Graph MiniatureEncoder(int64_t batch) {
  GraphBuilder net;
  Layers layers(net, 50);
  const ValueId mel = net.Input("mel", {batch, 1, 80, 16});
  const ValueId a = layers.Relu(layers.Conv(mel, 1, 8, 3, 2, 1));  // [8, 40, 8]
  const ValueId b = layers.Relu(layers.Conv(a, 8, 16, 3, 4, 1));   // [16, 10, 2]
  const ValueId row = layers.Relu(layers.Conv(net.Add("GlobalAveragePool", {b}), 16, 512, 1, 1, 0));
  net.Output(net.Add("Flatten", {row}, {{"axis", int64_t{1}}}), "rows", {batch, 512});
  return std::move(net).Finish();
}

}  // namespace lips
