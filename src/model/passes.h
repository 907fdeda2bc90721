// Rewrites of networks into equal ones that run faster: folding, splitting, commuting, fusing.
//
// Every pass takes and gives a valid graph whose values have known shapes (InferShapes makes it so) and computes the
// same function up to rounding. Passes go by operators, dataflow and shapes, never by names, and leave alone whatever
// they do not recognise; so none of them fails. Inputs and outputs keep their names and order.
#pragma once

#include "model/template_cut.h"

namespace lips {

// Nodes of constants alone are evaluated (arithmetic, Reshape, Transpose, Cast, ...: exporters compute weights at run
// time), Identity and Dropout are gone but where a graph output is a graph input or constant.
Graph FoldConstants(Graph graph);

// BatchNormalization after a convolution goes into its weights and bias, and so do products and sums with a number per
// channel. What is folded into a convolution over fewer than sixteen channels becomes f64, lest it be rounded where
// networks begin (docs/numerics.md, "Networks that magnify"); an engine of f32 rounds it then.
Graph FoldBatchNorm(Graph graph);

// Padding by nothing is gone; padding with zeros becomes that of the convolutions that read it.
Graph RemovePads(Graph graph);

// A 1x1 convolution over a Concat of channels becomes a sum of one convolution per operand:
//   [Wa Wb] * [a; b] = Wa * a + Wb * b.
Graph SplitConvOverConcat(Graph graph);

// A 1x1 convolution of an upsampled picture becomes the upsampled convolution of the picture:
//   W * Resize(y) + b = Resize(W * y + b).
Graph CommuteConvWithResize(Graph graph);

// A convolution, the sum with another value and the activation that follow it become one FusedConv (fused.h).
Graph FuseConvs(Graph graph);

// Expand 1x1, depthwise 3x3, project 1x1 with its residual become one InvertedResidual (fused.h); the expansion may be
// a sum of convolutions, one of them upsampled to twice the size, and other values.
Graph FuseInvertedResiduals(Graph graph);

// All of the above in the order in which they help each other. `graph` is any valid one; its shapes are inferred first,
// an open batch becoming 1. Errors: those of ConcreteInputDims and InferShapes.
Result<Graph> Optimise(const Graph& graph);

// The same for both parts of CutTemplate (template_cut.h), which tells their inputs and outputs.
// Errors: also kInvalidInput (no such input).
Result<SplitGraph> OptimiseSplit(const Graph& graph, int image_input, TemplateCut level);

// `graph` with `batch` as the leading dim of its inputs, in place of a fixed or an open one, shapes inferred anew. A
// batch fixed in the operands of Resize and Reshape follows. Errors: kUnsupported where it is fixed otherwise, those of
// ConcreteInputDims and InferShapes.
Result<Graph> WithBatch(const Graph& graph, int64_t batch);

}  // namespace lips
