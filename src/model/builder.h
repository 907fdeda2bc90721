// Builds a Graph node by node, in the order in which it will run.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/graph.h"

namespace lips {

// GraphBuilder net(17);
// const ValueId x = net.Input("image", {kDynamicDim, 6, 320, 320});
// const ValueId w = net.Constant("w", std::move(weights));
// net.Output(net.Add("Conv", {x, w}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}), "features");
// Graph graph = std::move(net).Finish();
//
// Names must be unique; an empty one is made up. What is built is not checked: Validate does that.
class GraphBuilder {
 public:
  using Attributes = std::initializer_list<std::pair<std::string_view, Attribute>>;  // copied from

  explicit GraphBuilder(int opset = kMaxOpset) { graph_.opset = opset; }

  ValueId Input(std::string name, Dims dims, DType dtype = DType::kF32);
  ValueId Constant(std::string name, Tensor tensor);
  ValueId Ints(std::vector<int64_t> values);  // an unnamed [n] constant
  ValueId Floats(std::vector<float> values);  // an unnamed [n] constant
  // Adds an operator and returns its output, called `name` like the node itself. kNoValue among `inputs` leaves an
  // optional one out.
  ValueId Add(std::string_view op, std::vector<ValueId> inputs, Attributes attributes = {}, std::string name = {});
  // Makes `value` a graph output; with `name` it is renamed to that.
  void Output(ValueId value, std::string name = {});
  void Output(ValueId value, std::string name, Dims dims);  // with a declared shape

  Graph Finish() && { return std::move(graph_); }

 private:
  Graph graph_;
};

}  // namespace lips
