#include <optional>
#include <utility>

#include "model/edit.h"
#include "model/fused.h"

namespace lips {
namespace {

using Ints = std::vector<int64_t>;

ValueId Input(const Node& node, size_t k) { return k < node.inputs.size() ? node.inputs[k] : kNoValue; }

// A convolution of one kernel size, stride and padding in both directions.
Node SquareConv(ValueId x, ValueId w, ValueId b, int64_t kernel, int64_t stride, int64_t pad, int64_t group) {
  Node conv = MakeNode("Conv", {x, w});
  if (b != kNoValue) conv.inputs.push_back(b);
  conv.attributes.emplace("kernel_shape", Ints{kernel, kernel});
  conv.attributes.emplace("strides", Ints{stride, stride});
  conv.attributes.emplace("dilations", Ints{1, 1});
  conv.attributes.emplace("pads", Ints(4, pad));
  conv.attributes.emplace("group", group);
  return conv;
}

// Replaces one node by several.
class Lowering {
 public:
  Lowering(GraphEdit& edit, size_t n) : edit_(edit), n_(n), node_(edit.node(n).Clone()), made_(node_.outputs[0]) {
    out_dims_ = Known(made_);
    for (ValueId& input : node_.inputs) {
      const Tensor* weights = edit_.Constant(input);
      if (weights == nullptr || weights->dtype() != DType::kF64) continue;
      input = edit_.AddConstant(ToF32(*weights), made_, "rounded");
    }
  }

  void FusedConv() {
    Node conv = MakeNode("Conv", {Input(node_, 0), Input(node_, 1)});
    if (Input(node_, 2) != kNoValue) conv.inputs.push_back(Input(node_, 2));
    for (const auto& [key, value] : node_.attributes) {
      if (key != "activation") conv.attributes.emplace(key, CloneOf(value));
    }
    std::vector<Node> chain;
    chain.push_back(std::move(conv));
    if (Input(node_, 3) != kNoValue) chain.push_back(MakeNode("Add", {kNoValue, Input(node_, 3)}));
    if (const auto activation = node_.String("activation", ""); !activation.empty()) {
      chain.push_back(MakeNode(activation, {kNoValue}));
    }
    Finish(std::move(chain), kNoValue);
  }

  void InvertedResidual() {
    const Tensor* bias = edit_.Constant(Input(node_, kIrBe));
    const int64_t stride = node_.Int("stride", 1);
    if (bias == nullptr || node_.inputs.size() != kIrInputs) return;  // malformed; an engine will say so
    const int64_t hidden = bias->size();
    const std::optional<Dims> wide = ExpandedDims(hidden);
    ValueId sum = kNoValue;
    const auto add = [&](ValueId addend) {
      sum = sum == kNoValue ? addend : Make(MakeNode("Add", {sum, addend}), wide);
    };
    // The bias goes with the first convolution there is.
    ValueId rest = node_.inputs[kIrBe];
    if (node_.inputs[kIrX] != kNoValue) {
      add(Make(SquareConv(node_.inputs[kIrX], node_.inputs[kIrWe], std::exchange(rest, kNoValue), 1, 1, 0, 1), wide));
    }
    if (const ValueId y = node_.inputs[kIrY]; y != kNoValue) {
      std::optional<Dims> small = Known(y);
      if (small && small->size() == 4) (*small)[1] = hidden;
      add(Upsampled(Make(SquareConv(y, node_.inputs[kIrWy], std::exchange(rest, kNoValue), 1, 1, 0, 1), small), wide));
    }
    if (node_.inputs[kIrZ] != kNoValue) add(node_.inputs[kIrZ]);
    if (rest != kNoValue) {
      Tensor shaped = bias->Share();
      shaped.Reshape({1, hidden, 1, 1});
      add(edit_.AddConstant(std::move(shaped), made_, "bias"));
    }
    const ValueId expanded = Make(MakeNode("Relu", {sum}), wide);
    std::optional<Dims> deep = out_dims_;
    if (deep && deep->size() == 4) (*deep)[1] = hidden;
    const ValueId depth =
        Make(SquareConv(expanded, node_.inputs[kIrWd], node_.inputs[kIrBd], 3, stride, 1, hidden), deep);
    std::vector<Node> chain;
    chain.push_back(MakeNode("Relu", {kNoValue}));
    chain.push_back(SquareConv(kNoValue, node_.inputs[kIrWp], node_.inputs[kIrBp], 1, 1, 0, 1));
    if (node_.inputs[kIrR] != kNoValue) chain.push_back(MakeNode("Add", {kNoValue, node_.inputs[kIrR]}));
    const ValueId narrowed = Make(TakeFirst(chain, depth), deep);
    Finish(std::move(chain), narrowed);
  }

 private:
  std::optional<Dims> Known(ValueId id) const {
    return edit_.value(id).has_shape ? std::optional(edit_.DimsOf(id)) : std::nullopt;
  }

  std::optional<Dims> ExpandedDims(int64_t hidden) const {
    for (const size_t k : {kIrX, kIrZ, kIrY}) {
      const ValueId id = node_.inputs[k];
      if (id == kNoValue || !edit_.value(id).has_shape || edit_.DimsOf(id).size() != 4) continue;
      const Dims& dims = edit_.DimsOf(id);
      const int64_t factor = k == kIrY ? 2 : 1;
      return Dims{dims[0], hidden, factor * dims[2], factor * dims[3]};
    }
    return std::nullopt;
  }

  ValueId Make(Node node, std::optional<Dims> dims) {
    return edit_.AddNode(std::move(node), std::move(dims), made_, "lowered");
  }

  ValueId Upsampled(ValueId x, std::optional<Dims> dims) {
    // The region of interest became optional with opset 13.
    const ValueId region =
        edit_.graph().opset < 13 ? edit_.AddConstant(Tensor(DType::kF32, {0}), made_, "region") : kNoValue;
    const std::vector<float> scales = {1, 1, 2, 2};
    Node resize = MakeNode("Resize", {x, region, edit_.AddConstant(Tensor::Of<float>({4}, scales), made_, "scales")});
    resize.attributes.emplace("mode", std::string("linear"));
    resize.attributes.emplace("coordinate_transformation_mode", std::string(node_.String("align", "align_corners")));
    return Make(std::move(resize), std::move(dims));
  }

  static Node TakeFirst(std::vector<Node>& chain, ValueId input) {
    Node first = std::move(chain.front());
    chain.erase(chain.begin());
    first.inputs[0] = input;
    return first;
  }

  // Runs `chain`, each node's input 0 being what the one before made (the first's: `input` if given), in the place of
  // the node lowered; all of them make its shape.
  void Finish(std::vector<Node> chain, ValueId input) {
    if (input != kNoValue) chain.front().inputs[0] = input;
    for (size_t k = 0; k + 1 < chain.size(); ++k) {
      chain[k + 1].inputs[0] = Make(std::move(chain[k]), out_dims_);
    }
    edit_.Replace(n_, std::move(chain.back()));
  }

  GraphEdit& edit_;
  size_t n_;
  Node node_;
  ValueId made_;
  std::optional<Dims> out_dims_;
};

}  // namespace

Graph Lower(const Graph& graph) {
  GraphEdit edit(graph.Clone());
  const size_t count = edit.node_count();
  for (size_t n = 0; n < count; ++n) {
    const Node& node = edit.node(n);
    if (node.outputs.size() != 1 || node.outputs[0] == kNoValue) continue;  // malformed likewise
    if (node.op == kFusedConv)
      Lowering(edit, n).FusedConv();
    else if (node.op == kInvertedResidual)
      Lowering(edit, n).InvertedResidual();
  }
  return std::move(edit).Finish();
}

}  // namespace lips
