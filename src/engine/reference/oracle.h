// For tests: one operator on the reference engine and on ONNX Runtime, with the same inputs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/test_graph.h"

namespace lips {

using Ints = std::vector<int64_t>;
using Operands = std::vector<ValueId>;

constexpr int64_t operator""_i(unsigned long long value) { return static_cast<int64_t>(value); }

// One operator, or a few, between seeded f32 inputs and one output.
struct OperatorCase {
  std::string name;
  std::vector<Dims> inputs;
  std::function<ValueId(GraphBuilder&, const Operands&)> build;
  int opset = 17;
  double tolerance = 1e-5;  // times the largest magnitude of the result, or 1
};

// A constant of seeded numbers; seeds must differ within a case.
ValueId Weights(GraphBuilder& net, const Dims& dims, int seed = 3, float low = -1, float high = 1);

// Runs the case on both engines; empty when they agree, else how they do not. Needs ONNX Runtime.
std::string Disagreement(const OperatorCase& c);

}  // namespace lips
