// The two operators of our own that passes make and fast engines run, defined by what they lower to.
//
// FusedConv: inputs X, W, B, Z (each of B and Z may be kNoValue); attributes of ONNX's Conv (kernel_shape, strides,
// dilations, group, pads: always all of them, auto_pad resolved) and `activation`: "", "Relu" or "Sigmoid".
//   activation(Conv(X, W, B) + Z); Z has the output's shape.
//
// InvertedResidual: inputs X, We, Y, Wy, Z, be, Wd, bd, Wp, bp, R; attributes `stride` (1 or 2) and, with Y, `align`
// ("align_corners" or "half_pixel").
//   expand  = Relu(Conv1x1(X, We) + Resize(Conv1x1(Y, Wy)) + Z + be)
//   depth   = Relu(DepthwiseConv3x3(expand, Wd, bd), pads 1, stride)
//   output  = Conv1x1(depth, Wp, bp) + R
// X with We, Y with Wy, Z and R are optional; one of X, Y and Z is there. Resize is bilinear to the size of Z or X
// (twice that of Y). All biases are given. All inputs are there, kNoValue in the places of those that are not given.
//
// Pictures are [N, channels, H, W], Z is [N, E, H, W]. Weights are laid out as ONNX's Conv has them: We [E, C, 1, 1],
// Wy [E, Cy, 1, 1], Wd [E, 1, 3, 3], Wp [O, E, 1, 1]; be and bd are [E], bp is [O]. Passes make weights and biases
// constants of f32 or f64, and pictures f32 of known shape. InferShapes and MacCount know both operators.
#pragma once

#include "model/graph.h"

namespace lips {

inline constexpr std::string_view kFusedConv = "FusedConv";
inline constexpr std::string_view kInvertedResidual = "InvertedResidual";

// Inputs of an InvertedResidual, by place.
enum IrInput : size_t { kIrX, kIrWe, kIrY, kIrWy, kIrZ, kIrBe, kIrWd, kIrBd, kIrWp, kIrBp, kIrR, kIrInputs };

// `graph` in ONNX's own operators: the definition of the two above, for engines that know only those, with f64 weights
// of the two rounded to f32, since ONNX's operators take one type. Shapes may be
// open, the batch for one. Nodes too malformed to lower stay as they are.
Graph Lower(const Graph& graph);

}  // namespace lips
