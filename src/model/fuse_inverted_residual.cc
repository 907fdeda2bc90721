#include <algorithm>
#include <utility>

#include "model/convolution.h"
#include "model/fused.h"
#include "model/passes.h"
#include "model/upsample.h"

namespace lips {
namespace {

constexpr int kDeepest = 64;  // sums of sums that are taken apart; the limit keeps the stack

// The sum before the first activation, taken apart.
struct Expansion {
  std::vector<Convolution> direct;  // 1x1 convolutions; the first is the one of most channels
  std::optional<Convolution> before_upsample;
  std::string_view align;       // of that upsample
  std::vector<ValueId> others;  // values of the sum's shape
  std::vector<double> bias;     // per channel, of all of the above
  DType bias_type = DType::kF32;
};

class Matcher {
 public:
  Matcher(GraphEdit& edit, const Convolution& depthwise) : edit_(edit), depthwise_(depthwise) {}

  // Replaces the block around the depthwise convolution by one node, if it is one.
  void Fuse() {
    if (!IsMiddle()) return;
    const Node* relu = edit_.MadeBy("Relu", depthwise_.input);
    if (relu == nullptr || !IsInner(depthwise_.input) || !IsInner(relu->inputs[0])) return;
    const int second = edit_.SoleReader(depthwise_.output);
    if (second < 0 || Op(second) != "Relu") return;
    const auto project = ReadConvolution(edit_, edit_.SoleReader(OutputOf(second)));
    if (!project || !project->IsPointwise()) return;
    expansion_.bias.assign(static_cast<size_t>(depthwise_.filters()), 0);
    sum_ = relu->inputs[0];
    TakeApart(sum_);
    if (expansion_.direct.empty() && !expansion_.before_upsample) return;
    Make(*project);
  }

 private:
  const std::string& Op(int n) const { return edit_.node(static_cast<size_t>(n)).op; }
  ValueId OutputOf(int n) const { return edit_.node(static_cast<size_t>(n)).outputs[0]; }
  // Nobody else sees the value.
  bool IsInner(ValueId id) const { return edit_.SoleReader(id) >= 0; }

  bool IsMiddle() const {
    if (!depthwise_.IsDepthwise() || depthwise_.axes.size() != 2) return false;
    const int64_t stride = depthwise_.axes[0].stride;
    return (stride == 1 || stride == 2) && std::ranges::all_of(depthwise_.axes, [&](const WindowAxis& axis) {
             return axis.kernel == 3 && axis.dilation == 1 && axis.stride == stride && axis.pad_begin == 1 &&
                    PaddingReached(axis);
           });
  }

  // Whether end padding of 1 gives the same windows: with stride 2 and an even size, padding of 0 does.
  static bool PaddingReached(const WindowAxis& axis) {
    return axis.pad_end <= 1 && axis.out == (axis.in + 2 - 3) / axis.stride + 1;
  }

  template <typename T>
  void AddBias(const std::vector<T>& values) {
    for (size_t c = 0; c < values.size(); ++c) expansion_.bias[c] += double{values[c]};
  }

  // Sorts the addends of `id`, which has one reader, into the expansion.
  void TakeApart(ValueId id, int depth = 0) {
    const Node* add = depth < kDeepest && IsInner(id) ? edit_.MadeBy("Add", id) : nullptr;
    if (add != nullptr && add->inputs.size() == 2) {
      const auto fits = [&](ValueId k) {
        return k != kNoValue &&
               (edit_.DimsOf(k) == edit_.DimsOf(sum_) || ChannelConstant(edit_, k, edit_.DimsOf(sum_)));
      };
      const std::vector<ValueId> addends = add->inputs;
      if (fits(addends[0]) && fits(addends[1])) {
        for (const ValueId addend : addends) TakeApart(addend, depth + 1);
        return;
      }
    }
    if (edit_.DimsOf(id) != edit_.DimsOf(sum_)) {
      AddBias(*ChannelConstant(edit_, id, edit_.DimsOf(sum_)));
    } else if (!TakeConvolution(id) && !TakeUpsample(id)) {
      expansion_.others.push_back(id);
    }
  }

  void AddBias(const Tensor& bias) {
    AddBias(DoublesOf(bias));
    if (bias.dtype() == DType::kF64) expansion_.bias_type = DType::kF64;
  }

  bool TakeConvolution(ValueId id) {
    auto conv = IsInner(id) ? ConvolutionOf(edit_, id) : std::nullopt;
    if (!conv || !conv->IsPointwise()) return false;
    if (conv->bias != nullptr) AddBias(*conv->bias);
    expansion_.direct.push_back(*std::move(conv));
    return true;
  }

  bool TakeUpsample(ValueId id) {
    const auto upsample = IsInner(id) ? UpsampleOf(edit_, id) : std::nullopt;
    if (!upsample || !upsample->is_twice || expansion_.before_upsample || !IsInner(upsample->input)) return false;
    if (upsample->mode == "asymmetric") return false;
    auto conv = ConvolutionOf(edit_, upsample->input);
    if (!conv || !conv->IsPointwise()) return false;
    if (conv->bias != nullptr) AddBias(*conv->bias);
    // The two half_pixel modes differ only where the result is a single pixel.
    expansion_.align = upsample->mode == "align_corners" ? "align_corners" : "half_pixel";
    expansion_.before_upsample = std::move(conv);
    return true;
  }

  ValueId WeightsOf(const Convolution& conv) const {
    return edit_.node(static_cast<size_t>(edit_.Maker(conv.output))).inputs[1];
  }

  // The bias of `conv` as a value; zeros made when it has none.
  ValueId BiasOf(const Convolution& conv) {
    if (conv.bias != nullptr) return edit_.node(static_cast<size_t>(edit_.Maker(conv.output))).inputs[2];
    return edit_.AddConstant(Tensor(DType::kF32, {conv.filters()}), conv.output, "bias");
  }

  // All addends that are neither X's nor Y's as one value; kNoValue when there are none.
  ValueId SumOfOthers() {
    const Dims dims = edit_.DimsOf(sum_);
    ValueId sum = kNoValue;
    for (const ValueId other : expansion_.others) {
      sum = sum == kNoValue ? other : edit_.AddNode(MakeNode("Add", {sum, other}), dims, sum_, "others");
    }
    for (size_t k = 1; k < expansion_.direct.size(); ++k) {
      const Convolution& conv = expansion_.direct[k];
      Node fused = MakeNode(kFusedConv, {conv.input, WeightsOf(conv), kNoValue, sum});
      SetWindow(fused, conv.axes, 1);
      fused.attributes.insert_or_assign("activation", std::string());
      sum = edit_.AddNode(std::move(fused), dims, sum_, "others");
    }
    return sum;
  }

  void Make(const Convolution& project) {
    auto last = static_cast<size_t>(edit_.Maker(project.output));
    ValueId residual = kNoValue;
    if (const int add = edit_.SoleReader(project.output); add >= 0 && Op(add) == "Add") {
      const auto& operands = edit_.node(static_cast<size_t>(add)).inputs;
      const ValueId other = operands[operands[0] == project.output ? 1 : 0];
      if (edit_.DimsOf(other) == edit_.DimsOf(project.output)) {
        residual = other;
        last = static_cast<size_t>(add);
      }
    }
    std::ranges::stable_sort(expansion_.direct, std::greater(),
                             [](const Convolution& conv) { return conv.weights->size(); });
    Node node = MakeNode(kInvertedResidual, std::vector<ValueId>(kIrInputs, kNoValue));
    node.name = edit_.node(static_cast<size_t>(edit_.Maker(depthwise_.output))).name;
    node.attributes.emplace("stride", depthwise_.axes[0].stride);
    if (!expansion_.direct.empty()) {
      node.inputs[kIrX] = expansion_.direct[0].input;
      node.inputs[kIrWe] = WeightsOf(expansion_.direct[0]);
    }
    if (expansion_.before_upsample) {
      node.inputs[kIrY] = expansion_.before_upsample->input;
      node.inputs[kIrWy] = WeightsOf(*expansion_.before_upsample);
      node.attributes.emplace("align", std::string(expansion_.align));
    }
    Tensor bias = Tensor::Of<double>({depthwise_.filters()}, expansion_.bias);
    if (expansion_.bias_type != DType::kF64) bias = ToF32(bias);
    node.inputs[kIrZ] = SumOfOthers();
    node.inputs[kIrBe] = edit_.AddConstant(std::move(bias), sum_, "bias");
    node.inputs[kIrWd] = WeightsOf(depthwise_);
    node.inputs[kIrBd] = BiasOf(depthwise_);
    node.inputs[kIrWp] = WeightsOf(project);
    node.inputs[kIrBp] = BiasOf(project);
    node.inputs[kIrR] = residual;
    edit_.Replace(last, std::move(node));
  }

  GraphEdit& edit_;
  const Convolution& depthwise_;
  ValueId sum_ = kNoValue;
  Expansion expansion_;
};

}  // namespace

Graph FuseInvertedResiduals(Graph graph) {
  GraphEdit edit(std::move(graph));
  const size_t count = edit.node_count();
  for (size_t n = 0; n < count; ++n) {
    const auto conv = ReadConvolution(edit, static_cast<int>(n));
    if (conv && conv->IsDepthwise()) Matcher(edit, *conv).Fuse();
  }
  return std::move(edit).Finish();
}

}  // namespace lips
