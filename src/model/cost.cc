#include <algorithm>
#include <array>

#include "model/fused.h"
#include "model/shape.h"

namespace lips {
namespace {

constexpr int64_t kMostMacs = int64_t{1} << 62;

int64_t Product(std::span<const int64_t> factors) {
  int64_t product = 1;
  for (const int64_t factor : factors) {
    if (__builtin_mul_overflow(product, factor, &product)) return kMostMacs;
  }
  return std::min(product, kMostMacs);
}

const Dims& DimsOf(const Graph& graph, ValueId id) { return graph.values[static_cast<size_t>(id)].dims; }

bool IsFloating(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF64 || dtype == DType::kF16 || dtype == DType::kBf16;
}

// The inputs of `node` that hold parameters: [first, last).
std::pair<size_t, size_t> ParameterInputs(const Node& node) {
  if (node.op == "Conv" || node.op == "ConvTranspose" || node.op == kFusedConv) return {1, 3};
  if (node.op == "Gemm" || node.op == "MatMul") return {0, 3};
  if (node.op == "BatchNormalization") return {1, 3};
  return {0, 0};
}

// Of its four convolutions; the bilinear upsample between is not counted, as Resize is not.
int64_t InvertedResidualMacs(const Graph& graph, const Node& node) {
  if (node.inputs.size() != kIrInputs || node.outputs.empty() || node.outputs[0] == kNoValue) return 0;
  const auto dims = [&](size_t k) { return node.inputs[k] == kNoValue ? Dims{0} : DimsOf(graph, node.inputs[k]); };
  const Dims bias = dims(kIrBe);
  const Dims& output = DimsOf(graph, node.outputs[0]);
  if (bias.empty() || output.size() != 4) return 0;
  const int64_t hidden = bias[0];
  const int64_t pixels = Product(std::array{output[0], output[2], output[3]});
  int64_t sum = 0;
  for (const int64_t part :
       {Product(std::array{Product(dims(kIrX)), hidden}), Product(std::array{Product(dims(kIrY)), hidden}),
        Product(std::array{pixels, hidden, int64_t{9}}), Product(std::array{Product(output), hidden})}) {
    sum = std::min(kMostMacs, sum + part);
  }
  return sum;
}

}  // namespace

int64_t MacCount(const Graph& graph, const Node& node) {
  if (node.op == kInvertedResidual) return InvertedResidualMacs(graph, node);
  const bool is_product = node.op == "Gemm" || node.op == "MatMul";
  const bool is_conv = node.op == "Conv" || node.op == kFusedConv;
  if (!is_conv && node.op != "ConvTranspose" && !is_product) return 0;
  if (node.inputs.size() < 2 || node.outputs.empty() || node.outputs[0] == kNoValue) return 0;
  if (node.inputs[0] == kNoValue || node.inputs[1] == kNoValue) return 0;
  const Dims& input = DimsOf(graph, node.inputs[0]);
  const Dims& weights = DimsOf(graph, node.inputs[1]);
  const Dims& output = DimsOf(graph, node.outputs[0]);
  if (is_product) {
    if (input.empty()) return 0;
    const bool by_columns = node.op == "Gemm" && node.Int("transA", 0) != 0;
    return Product(std::array{Product(output), by_columns ? input.front() : input.back()});
  }
  if (weights.empty()) return 0;
  // Weights are [filters, per group, kernel...]: every output (of a transposed convolution: input) element meets all
  // but the first dimension once.
  const int64_t filter = Product(std::span(weights).subspan(1));
  return Product(std::array{Product(is_conv ? output : input), filter});
}

int64_t ParameterCount(const Graph& graph) {
  // Walks against the flow, so that a constant behind a Transpose, Cast or Reshape is found.
  std::vector<bool> reaches(graph.values.size(), false);
  std::vector<bool> varies(graph.values.size(), false);
  for (const ValueId id : graph.inputs) varies[static_cast<size_t>(id)] = true;
  for (const Node& node : graph.nodes) {
    const bool any =
        std::ranges::any_of(node.inputs, [&](ValueId id) { return id != kNoValue && varies[static_cast<size_t>(id)]; });
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) varies[static_cast<size_t>(id)] = any;
    }
  }
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const auto [first, last] = ParameterInputs(*node);
    const bool passes_on = std::ranges::any_of(node->outputs, [&](ValueId id) {
      return id != kNoValue && reaches[static_cast<size_t>(id)] && !varies[static_cast<size_t>(id)];
    });
    for (size_t k = 0; k < node->inputs.size(); ++k) {
      const ValueId id = node->inputs[k];
      if (id != kNoValue && (passes_on || (k >= first && k < last))) reaches[static_cast<size_t>(id)] = true;
    }
  }
  int64_t count = 0;
  for (const auto& [id, tensor] : graph.constants) {
    if (reaches[static_cast<size_t>(id)] && IsFloating(tensor.dtype())) count += tensor.size();
  }
  return count;
}

}  // namespace lips
