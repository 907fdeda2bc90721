// Convolutions with weights made by us: seeded ones, and single channels wired by hand among them.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "tests/testdata/seeded.h"

namespace lips::testdata {

// One convolution and what follows it, as the function it computes: y = [relu](weight * x + bias). Whether the graph
// says so directly or through a BatchNormalization is GraphBuilder's business.
struct ConvLayer {
  std::string name;  // "up5.0/expand"
  int in = 1;        // channels per group
  int out = 1;
  int kernel = 1;  // kernel x kernel
  int stride_y = 1;
  int stride_x = 1;
  int pad = 0;
  int groups = 1;
  bool relu = true;
  bool normalised = true;       // a BatchNormalization follows in the unfolded form
  bool biased = false;          // the convolution itself has a bias even in the unfolded form
  std::vector<float> weight{};  // [out, in, kernel, kernel]
  std::vector<float> bias{};    // [out]

  float& Weight(int o, int i, int y = 0, int x = 0);
  // Makes output channel `o` constant `value`; the caller then sets the weights it wants.
  void Reset(int o, float value = 0);
};

// A weighted channel.
struct Tap {
  int channel = 0;
  float weight = 1;
};
using Taps = std::vector<Tap>;

// Depthwise weights by rows. Each sums to 1.
using Kernel3 = std::array<float, 9>;
inline constexpr Kernel3 kPoint = {0, 0, 0, 0, 1, 0, 0, 0, 0};
inline constexpr Kernel3 kBox = {1 / 9.0F, 1 / 9.0F, 1 / 9.0F, 1 / 9.0F, 1 / 9.0F,
                                 1 / 9.0F, 1 / 9.0F, 1 / 9.0F, 1 / 9.0F};
inline constexpr Kernel3 kBoxUpLeft = {0, 0, 0, 0, 0.25F, 0.25F, 0, 0.25F, 0.25F};  // moves the picture half a pixel
inline constexpr Kernel3 kDown = {1 / 3.0F, 1 / 3.0F, 1 / 3.0F, 0, 0, 0, 0, 0, 0};  // ... one pixel down
inline constexpr Kernel3 kDownLeft = {0, 0.5F, 0.5F, 0, 0, 0, 0, 0, 0};             // ... and half a pixel left

// 1x1 expand, ReLU, depthwise 3x3, ReLU, 1x1 project, plus the input when `residual`. Source: spec.md 3.
struct InvertedResidual {
  ConvLayer expand;
  ConvLayer depthwise;
  ConvLayer project;
  bool residual = false;

  // Hidden channel `hidden` becomes the 3x3 `kernel` over relu(from * x + bias).
  void Wire(int hidden, const Taps& from, float bias = 0, const Kernel3& kernel = kPoint);
  // Output channel `channel` becomes a sum of hidden channels (and, when residual, the input's same channel).
  void WireOutput(int channel, const Taps& hidden, float bias = 0);
};

// Two blocks: the first may shrink or change the channels, the second is residual.
struct DoubleBlock {
  InvertedResidual first;
  InvertedResidual second;
};

// He's normal weights: a ReLU layer keeps the mean square of what it sees; a linear one has half the variance.
// `gain` scales the standard deviation.
void FillSeeded(ConvLayer& layer, Seeded& seeded, float gain = 1);

InvertedResidual MakeInvertedResidual(const std::string& name, int in, int out, int stride, bool residual,
                                      Seeded& seeded);
DoubleBlock MakeDoubleBlock(const std::string& name, int in, int out, int stride, Seeded& seeded);
// A dense convolution with bias, normalisation and ReLU.
ConvLayer MakeDense(const std::string& name, int in, int out, int kernel, int stride_y, int stride_x, int pad,
                    Seeded& seeded, float gain = 1);

}  // namespace lips::testdata
