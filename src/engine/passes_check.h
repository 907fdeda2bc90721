// For tests of passes: what a graph consists of, and whether two compute the same.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "engine/test_graph.h"
#include "model/fused.h"
#include "model/shape.h"

namespace lips {

using Census = std::map<std::string, int>;  // nodes by operator

inline Census CensusOf(const Graph& graph) {
  Census census;
  for (const Node& node : graph.nodes) ++census[node.op];
  return census;
}

inline Graph Shaped(const Graph& graph) { return InferShapes(graph, ConcreteInputDims(graph, 1).value()).value(); }

// Seeded by their places.
inline std::vector<Tensor> InputsOf(const Graph& graph) {
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    inputs.push_back(RandomTensor(graph.values[static_cast<size_t>(id)].dims, 7 + static_cast<int>(inputs.size())));
  }
  return inputs;
}

inline std::vector<Tensor> Outputs(const Graph& graph) {
  auto outputs = RunGraph(graph, InputsOf(graph), {.backend = Backend::kReference, .threads = 2});
  if (outputs.ok()) return std::move(outputs).value();
  ADD_FAILURE() << outputs.error().message();
  return {};
}

inline int64_t MacsOf(const Graph& graph) {
  int64_t sum = 0;
  for (const Node& node : graph.nodes) sum += MacCount(graph, node);
  return sum;
}

// How far the outputs of two graphs of shaped inputs are apart; also that the second is a valid graph, whose shapes are
// what InferShapes makes of it.
inline double Change(const Graph& before, const Graph& after) {
  const Status valid = Validate(after);
  if (!valid.ok()) ADD_FAILURE() << valid.error().message();
  const Graph lowered = Lower(after);
  const Graph again = Shaped(lowered);
  for (const Value& value : lowered.values) {
    const auto same = std::ranges::find(again.values, value.name, &Value::name);
    if (same == again.values.end() || !same->has_shape) continue;
    EXPECT_TRUE(value.has_shape) << value.name;
    EXPECT_EQ(value.dims, same->dims) << value.name;
  }
  EXPECT_EQ(MacsOf(after), MacsOf(lowered));
  const auto a = Outputs(before);
  const auto b = Outputs(after);
  if (a.size() != b.size()) return 1e9;
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, MaxAbsDifference(a[i], b[i]));
  return worst;
}

}  // namespace lips
