// For tests: single layers of every form that engine cuda has kernels for.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/test_graph.h"
#include "model/builder.h"
#include "model/fused.h"

namespace lips::cuda {

// What f16 leaves of results, as a share of the largest: operands, the expansion and the depth map are rounded to 11
// bits each.
inline constexpr double kLayerTolerance = 1.5e-3;

inline double LargestOf(const Tensor& tensor) {
  double largest = 1;
  for (const float value : tensor.As<float>()) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

struct ResidualCase {
  int64_t x = 0, low = 0;  // channels; 0: none
  bool addend = false;
  int64_t hidden = 64, out = 32;
  int64_t side = 20, width = 20;  // of the expansion
  int64_t stride = 1;
  bool residual = false;
  std::string align = "align_corners";
};

inline Graph ResidualGraph(const ResidualCase& c) {
  GraphBuilder net;
  int seed = 100;
  const auto weights = [&](Dims dims, int64_t fan_in) {
    const float range = std::sqrt(3.0f / static_cast<float>(fan_in));
    return net.Constant({}, RandomTensor(dims, ++seed, -range, range));
  };
  const auto bias = [&](int64_t n) { return net.Constant({}, RandomTensor({n}, ++seed, -0.3f, 0.3f)); };
  std::vector<ValueId> inputs(kIrInputs, kNoValue);
  if (c.x > 0) {
    inputs[kIrX] = net.Input("x", {1, c.x, c.side, c.width});
    inputs[kIrWe] = weights({c.hidden, c.x, 1, 1}, c.x);
  }
  if (c.low > 0) {
    inputs[kIrY] = net.Input("low", {1, c.low, c.side / 2, c.width / 2});
    inputs[kIrWy] = weights({c.hidden, c.low, 1, 1}, c.low);
  }
  if (c.addend) inputs[kIrZ] = net.Input("addend", {1, c.hidden, c.side, c.width});
  inputs[kIrBe] = bias(c.hidden);
  inputs[kIrWd] = weights({c.hidden, 1, 3, 3}, 9);
  inputs[kIrBd] = bias(c.hidden);
  inputs[kIrWp] = weights({c.out, c.hidden, 1, 1}, c.hidden);
  inputs[kIrBp] = bias(c.out);
  if (c.residual) {
    inputs[kIrR] = net.Input("residual", {1, c.out, (c.side - 1) / c.stride + 1, (c.width - 1) / c.stride + 1});
  }
  net.Output(net.Add(kInvertedResidual, inputs, {{"stride", c.stride}, {"align", c.align}}), "y");
  return std::move(net).Finish();
}

inline Graph ConvolutionGraph(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t pad, int64_t side,
                              bool addend, const std::string& activation) {
  GraphBuilder net;
  const ValueId x = net.Input("x", {1, in, side, side + 3});
  const float range = std::sqrt(3.0f / static_cast<float>(in * kernel * kernel));
  const ValueId weights = net.Constant("w", RandomTensor({out, in, kernel, kernel}, 3, -range, range));
  const ValueId bias = net.Constant("b", RandomTensor({out}, 4, -1, 1));
  const auto size = [&](int64_t n) { return (n + 2 * pad - kernel) / stride + 1; };
  const ValueId z = addend ? net.Input("z", {1, out, size(side), size(side + 3)}) : kNoValue;
  const std::vector<int64_t> twice = {stride, stride};
  net.Output(net.Add(kFusedConv, {x, weights, bias, z},
                     {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
                      {"strides", twice},
                      {"dilations", std::vector<int64_t>{1, 1}},
                      {"group", int64_t{1}},
                      {"pads", std::vector<int64_t>(4, pad)},
                      {"activation", activation}}),
             "y");
  return std::move(net).Finish();
}

inline std::vector<ResidualCase> ResidualCases() {
  return {
      {.x = 32, .hidden = 64, .out = 32, .side = 24, .width = 40, .residual = true},   // fused
      {.x = 16, .hidden = 32, .out = 16, .side = 19, .width = 33},                     // fused, odd
      {.x = 6, .hidden = 12, .out = 32, .side = 17, .width = 17},                      // padded channels
      {.x = 64, .hidden = 128, .out = 64, .side = 16, .width = 16, .residual = true},  // 64 pixels, 64 channels
      {.x = 64, .hidden = 128, .out = 128, .side = 17, .width = 20, .stride = 2},      // stride, 128 channels
      {.x = 32, .hidden = 64, .out = 64, .side = 21, .width = 34, .stride = 2},        //
      {.x = 32, .hidden = 64, .out = 32, .side = 16, .width = 18, .stride = 2},        //
      {.x = 32, .low = 32, .hidden = 128, .out = 32, .side = 24, .width = 20},         // enlarged beside x
      {.low = 64, .addend = true, .hidden = 96, .out = 32, .side = 16, .width = 24},   // enlarged, added to
      {.low = 16, .addend = true, .hidden = 24, .out = 16, .side = 10, .width = 12, .align = "half_pixel"},
      {.x = 128, .hidden = 256, .out = 128, .side = 10, .width = 10, .residual = true},  // depth map and projection
      {.x = 272, .addend = true, .hidden = 288, .out = 80, .side = 10, .width = 10},     // four parts
      {.x = 512, .hidden = 192, .out = 48, .side = 5, .width = 7, .residual = true},     //
      {.low = 256, .addend = true, .hidden = 256, .out = 128, .side = 20, .width = 20},  //
      {.x = 256, .hidden = 160, .out = 64, .side = 20, .width = 20, .stride = 2},        //
      {.addend = true, .hidden = 64, .out = 16, .side = 8, .width = 9},                  // nothing to multiply
  };
}

inline std::vector<Graph> Convolutions() {
  std::vector<Graph> graphs;
  graphs.push_back(ConvolutionGraph(32, 48, 1, 1, 0, 9, false, ""));
  graphs.push_back(ConvolutionGraph(160, 64, 1, 1, 0, 12, true, "Relu"));
  graphs.push_back(ConvolutionGraph(48, 32, 3, 1, 1, 11, false, "Relu"));
  graphs.push_back(ConvolutionGraph(64, 80, 3, 2, 3, 16, false, "Relu"));
  graphs.push_back(ConvolutionGraph(5, 3, 3, 1, 0, 7, true, "Sigmoid"));  // padded channels
  graphs.push_back(ConvolutionGraph(16, 192, 1, 1, 0, 96, false, ""));    // large tiles
  return graphs;
}

}  // namespace lips::cuda
