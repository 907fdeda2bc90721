// Shapes and costs of every value in a graph, for given input shapes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/graph.h"

namespace lips {

// The dims of every output of one node: the shape rule of its operator at graph.opset. `in_dims` has one entry per
// input of the node (anything where kNoValue); `known_inputs` has the elements of those inputs known before a run and
// nullptr for the others. Operators whose output shape is data (Reshape, Resize, Slice, ...) need theirs known. Errors:
// kUnsupported (operator, or a shape only the run would tell), kCorrupted; both name the node.
Result<std::vector<Dims>> InferNode(const Graph& graph, const Node& node, std::span<const Dims> in_dims,
                                    std::span<const Tensor* const> known_inputs);

// `graph` for the given input shapes (one per graph input, no dynamic ones): every Value has its type, has_shape and no
// dynamic dim. Shape arithmetic (Shape, Gather, Concat, Slice, ... on integers, see fold.h) is evaluated: its results
// become constants and its nodes are gone, so that whoever runs the result finds the operands of Resize, Slice, Pad and
// Reshape among the constants. Constants nobody uses any more are dropped.
// Errors: kInvalidInput (dims that contradict a declared input), kUnsupported (operator), kCorrupted (shapes that do
// not fit), kResourceLimit (a value of more than 2^31 elements); those of a node name it.
Result<Graph> InferShapes(const Graph& graph, std::span<const Dims> input_dims);

// The graph's own input dims with dynamic ones replaced: dim 0 by `batch`; others by what a generator's image or an
// audio encoder's mel would have there (binding.h). A fixed dim 0 stays. Errors: kUnsupported when a dim stays unknown.
Result<std::vector<Dims>> ConcreteInputDims(const Graph& graph, int64_t batch);

// Multiply-accumulates of one node of a graph with inferred shapes: convolutions, matrix products; 0 for the rest.
// Saturates at 2^62.
int64_t MacCount(const Graph& graph, const Node& node);

// Elements of all constants of floating type that reach a Conv, ConvTranspose, Gemm or MatMul, or the scale and bias of
// a BatchNormalization (its mean and variance are statistics), directly or through nodes of constants alone. What
// PyTorch counts as parameters while BatchNormalization is not folded into the convolutions.
int64_t ParameterCount(const Graph& graph);

}  // namespace lips
