// Shapes and costs of every value in a graph, for given input shapes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/graph.h"

namespace lips {

// Evaluates shape arithmetic (Shape, Gather, Concat, Slice, ... on integer constants) and infers the dims of every
// value from `input_dims` (one per graph input, no dynamic ones). On success every Value has has_shape and no dynamic
// dim. Errors: kUnsupported (operator), kCorrupted (shapes that do not fit), naming the node.
Result<Graph> InferShapes(const Graph& graph, std::span<const Dims> input_dims);

// The graph's own input dims with dynamic ones replaced: dim 0 by `batch`, others by what kModelBinding would expect
// or kUnsupported when unknown.
Result<std::vector<Dims>> ConcreteInputDims(const Graph& graph, int64_t batch);

// Multiply-accumulates of one node of a graph with inferred shapes: convolutions, matrix products; 0 for the rest.
int64_t MacCount(const Graph& graph, const Node& node);

// Elements of all constants of floating type that reach a Conv, ConvTranspose, Gemm, MatMul or BatchNormalization.
int64_t ParameterCount(const Graph& graph);

}  // namespace lips
