#include "tests/testdata/layer.h"

#include <algorithm>
#include <cmath>

namespace lips::testdata {
namespace {

constexpr int kExpand = 2;
// A residual branch adds little, so that a chain of them neither grows nor hides its input.
constexpr float kResidualGain = 0.4F;

ConvLayer MakeLayer(std::string name, int in, int out, int kernel, int stride) {
  ConvLayer layer;
  layer.name = std::move(name);
  layer.in = in;
  layer.out = out;
  layer.kernel = kernel;
  layer.stride_y = stride;
  layer.stride_x = stride;
  layer.pad = kernel / 2;
  return layer;
}

}  // namespace

float& ConvLayer::Weight(int o, int i, int y, int x) {
  const int at = ((o * in + i) * kernel + y) * kernel + x;
  return weight[static_cast<size_t>(at)];
}

void ConvLayer::Reset(int o, float value) {
  const auto first = weight.begin() + o * in * kernel * kernel;
  std::fill(first, first + in * kernel * kernel, 0.0F);
  bias[static_cast<size_t>(o)] = value;
}

void InvertedResidual::Wire(int hidden, const Taps& from, float bias, const Kernel3& kernel) {
  expand.Reset(hidden, bias);
  for (const Tap& tap : from) expand.Weight(hidden, tap.channel) = tap.weight;
  depthwise.Reset(hidden);
  for (int k = 0; k < 9; ++k) depthwise.Weight(hidden, 0, k / 3, k % 3) = kernel[static_cast<size_t>(k)];
}

void InvertedResidual::WireOutput(int channel, const Taps& hidden, float bias) {
  project.Reset(channel, bias);
  for (const Tap& tap : hidden) project.Weight(channel, tap.channel) = tap.weight;
}

void FillSeeded(ConvLayer& layer, Seeded& seeded, float gain) {
  const int fan_in = layer.in * layer.kernel * layer.kernel;
  const float deviation = gain * std::sqrt((layer.relu ? 2.0F : 1.0F) / static_cast<float>(fan_in));
  layer.weight.resize(static_cast<size_t>(layer.out) * static_cast<size_t>(fan_in));
  for (float& w : layer.weight) w = deviation * seeded.Normal();
  layer.bias.resize(static_cast<size_t>(layer.out));
  for (float& b : layer.bias) b = 0.02F * gain * seeded.Normal();
}

InvertedResidual MakeInvertedResidual(const std::string& name, int in, int out, int stride, bool residual,
                                      Seeded& seeded) {
  const int hidden = kExpand * in;
  InvertedResidual block;
  block.residual = residual;
  block.expand = MakeLayer(name + "/expand", in, hidden, 1, 1);
  block.depthwise = MakeLayer(name + "/depthwise", 1, hidden, 3, stride);
  block.depthwise.groups = hidden;
  block.project = MakeLayer(name + "/project", hidden, out, 1, 1);
  block.project.relu = false;
  FillSeeded(block.expand, seeded);
  FillSeeded(block.depthwise, seeded);
  FillSeeded(block.project, seeded, residual ? kResidualGain : 1);
  return block;
}

DoubleBlock MakeDoubleBlock(const std::string& name, int in, int out, int stride, Seeded& seeded) {
  InvertedResidual first = MakeInvertedResidual(name + ".0", in, out, stride, false, seeded);
  InvertedResidual second = MakeInvertedResidual(name + ".1", out, out, 1, true, seeded);
  return {std::move(first), std::move(second)};
}

ConvLayer MakeDense(const std::string& name, int in, int out, int kernel, int stride_y, int stride_x, int pad,
                    Seeded& seeded, float gain) {
  ConvLayer layer = MakeLayer(name, in, out, kernel, 1);
  layer.stride_y = stride_y;
  layer.stride_x = stride_x;
  layer.pad = pad;
  layer.biased = true;
  FillSeeded(layer, seeded, gain);
  return layer;
}

}  // namespace lips::testdata
