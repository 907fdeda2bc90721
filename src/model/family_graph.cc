#include "model/family_graph.h"

#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "model/builder.h"

namespace lips {
namespace {

constexpr double kNormEpsilon = 1e-5;

using Ints = std::vector<int64_t>;

// Writes nodes down; the first tensor that does not fit ends it (what follows is written with zeros and thrown away).
class GraphNet {
 public:
  using Value = ValueId;

  explicit GraphNet(const StateDict& state) : state_(state) {}

  GraphBuilder& builder() { return builder_; }

  Value Conv(const FamilyConv& conv, Value x) {
    Tensor weight = Find(conv.conv + ".weight", conv.weight_dims()).Clone();
    Tensor bias(DType::kF32, {conv.out});
    if (conv.bias) bias = Find(conv.conv + ".bias", {conv.out}).Clone();
    if (!conv.norm.empty()) Fold(conv, weight.As<float>(), bias.As<float>());
    const Value w = builder_.Constant(conv.conv + ".weight", std::move(weight));
    const Value b = builder_.Constant(conv.conv + ".bias", std::move(bias));
    return builder_.Add("Conv", {x, w, b},
                        {{"dilations", Ints{1, 1}},
                         {"group", int64_t{conv.groups}},
                         {"kernel_shape", Ints{conv.kernel, conv.kernel}},
                         {"pads", Ints(4, conv.pad)},
                         {"strides", Ints{conv.stride_y, conv.stride_x}}},
                        conv.conv);
  }
  Value Relu(Value x) { return builder_.Add("Relu", {x}); }
  Value Sigmoid(Value x) { return builder_.Add("Sigmoid", {x}); }
  Value Add(Value a, Value b) { return builder_.Add("Add", {a, b}); }
  Value Concat(Value a, Value b) { return builder_.Add("Concat", {a, b}, {{"axis", int64_t{1}}}); }
  Value UpsampleTwice(Value x) {
    return builder_.Add(
        "Resize", {x, kNoValue, builder_.Floats({1, 1, 2, 2})},
        {{"coordinate_transformation_mode", std::string("align_corners")}, {"mode", std::string("linear")}});
  }

  Result<Graph> Finish(std::string name) && {
    if (fault_) return *std::move(fault_);
    Graph graph = std::move(builder_).Finish();
    graph.name = std::move(name);
    return graph;
  }

 private:
  // A tensor of `dims`; zeros where there is none, and the fault is noted.
  const Tensor& Find(const std::string& name, Dims dims) {
    const auto found = state_.find(name);
    if (found != state_.end() && found->second.dtype() == DType::kF32 && found->second.dims() == dims) {
      return found->second;
    }
    if (!fault_) {
      fault_ = Error(ErrorCode::kInvalidInput,
                     found == state_.end() ? "the weights lack '" + name + "', which should be f32 " + ToString(dims)
                                           : "'" + name + "' is " + std::string(Name(found->second.dtype())) +
                                                 ToString(found->second.dims()) + "; expected f32" + ToString(dims));
    }
    zeros_ = Tensor(DType::kF32, std::move(dims));
    return zeros_;
  }

  void Fold(const FamilyConv& conv, std::span<float> weight, std::span<float> bias) {
    const auto of_norm = [&](const char* part) {
      const auto values = Find(conv.norm + part, {conv.out}).As<float>();
      return std::vector<double>(values.begin(), values.end());
    };
    const auto gain = of_norm(".weight");
    const auto shift = of_norm(".bias");
    const auto mean = of_norm(".running_mean");
    const auto variance = of_norm(".running_var");
    const size_t per_channel = weight.size() / bias.size();
    for (size_t o = 0; o < bias.size(); ++o) {
      const double scale = gain[o] / std::sqrt(variance[o] + kNormEpsilon);
      for (float& w : weight.subspan(o * per_channel, per_channel)) w = static_cast<float>(w * scale);
      bias[o] = static_cast<float>((bias[o] - mean[o]) * scale + shift[o]);
    }
  }

  const StateDict& state_;
  GraphBuilder builder_;
  Tensor zeros_;
  std::optional<Error> fault_;
};

// Only remembers what it was asked for.
struct ListingNet {
  using Value = int;
  std::vector<FamilyConv> convs;

  Value Conv(const FamilyConv& conv, Value x) {
    convs.push_back(conv);
    return x;
  }
  Value Relu(Value x) { return x; }
  Value Sigmoid(Value x) { return x; }
  Value Add(Value a, Value) { return a; }
  Value Concat(Value a, Value) { return a; }
  Value UpsampleTwice(Value x) { return x; }
};

}  // namespace

Result<Graph> GeneratorGraph(const StateDict& state, const GeneratorShape& shape) {
  GraphNet net(state);
  const int64_t size = shape.size_px;
  const ValueId image = net.builder().Input("input", {kDynamicDim, 6, size, size});
  Dims audio_dims = shape.audio_dims;
  audio_dims.insert(audio_dims.begin(), kDynamicDim);
  const ValueId audio = net.builder().Input("audio", audio_dims);
  const std::vector<ValueId> seen = WalkSight(net, shape, image);
  const ValueId heard = WalkHearing(net, shape, audio);
  net.builder().Output(WalkDrawing(net, shape, seen, heard), "output", {kDynamicDim, 3, size, size});
  return std::move(net).Finish("generator");
}

Result<Graph> EncoderGraph(const StateDict& state, const EncoderShape& shape) {
  GraphNet net(state);
  const ValueId mel = net.builder().Input("mel", {kDynamicDim, 1, 80, 16});
  const ValueId map = WalkEncoder(net, shape, mel);
  const ValueId row = net.builder().Add("Flatten", {map}, {{"axis", int64_t{1}}});
  net.builder().Output(row, "emb", {kDynamicDim, shape.channels[4]});
  return std::move(net).Finish("audio encoder");
}

std::vector<FamilyConv> GeneratorConvs(const GeneratorShape& shape) {
  ListingNet net;
  const std::vector<int> seen = WalkSight(net, shape, 0);
  const int heard = WalkHearing(net, shape, 0);
  WalkDrawing(net, shape, seen, heard);
  return std::move(net.convs);
}

std::vector<FamilyConv> HearingConvs(const GeneratorShape& shape) {
  ListingNet net;
  WalkHearing(net, shape, 0);
  return std::move(net.convs);
}

std::vector<FamilyConv> EncoderConvs(const EncoderShape& shape) {
  ListingNet net;
  WalkEncoder(net, shape, 0);
  return std::move(net.convs);
}

}  // namespace lips
