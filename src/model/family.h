// The networks of the lip-sync family, written down once: whoever runs, trains, exports or converts them walks this.
//
// A walk calls a `Net`, which has a type Value and
//   Value Conv(const FamilyConv&, Value x)   convolution and its normalisation, no activation
//   Value Relu(Value), Sigmoid(Value), Add(Value, Value), Concat(Value, Value)   (of channels)
//   Value UpsampleTwice(Value)               bilinear, aligned corners
// Names are those of the family's state dicts. Source: spec.md 2.3 and 3.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace lips {

// One convolution of the family.
struct FamilyConv {
  std::string conv = {};  // its weight is "<conv>.weight"
  std::string norm = {};  // "<norm>.running_mean"; empty: no normalisation follows
  int in = 1;
  int out = 1;
  int kernel = 1;
  int stride_y = 1;
  int stride_x = 1;
  int pad = 0;
  int groups = 1;
  bool bias = false;  // the convolution has "<conv>.bias"
  Dims weight_dims() const { return {out, in / groups, kernel, kernel}; }
};

struct GeneratorShape {
  int size_px = 320;                                      // or 160, which has one level less
  std::array<int, 5> channels = {32, 64, 128, 256, 512};  // even; quarter width is 8, 16, 32, 64, 128
  Dims audio_dims = {32, 16, 16};                         // AVE; [32,32,32] HuBERT; [256,16,32] WeNet
  int levels() const { return size_px == 160 ? 4 : 5; }
  int64_t audio_floats() const { return audio_dims[0] * audio_dims[1] * audio_dims[2]; }
};

struct EncoderShape {
  std::array<int, 5> channels = {32, 64, 128, 256, 512};  // the last one is the number of features: 512
};

// Expand 1x1, depthwise 3x3, project 1x1; plus the input when `residual`. `name` is up to ".conv".
template <typename Net>
typename Net::Value WalkInvertedResidual(Net& net, const std::string& name, typename Net::Value x, int in, int out,
                                         int stride, bool residual) {
  const int wide = 2 * in;
  const auto part = [&](int k) { return name + ".conv." + std::to_string(k); };
  auto y = net.Relu(net.Conv({.conv = part(0), .norm = part(1), .in = in, .out = wide}, x));
  y = net.Relu(net.Conv({.conv = part(3),
                         .norm = part(4),
                         .in = wide,
                         .out = wide,
                         .kernel = 3,
                         .stride_y = stride,
                         .stride_x = stride,
                         .pad = 1,
                         .groups = wide},
                        y));
  y = net.Conv({.conv = part(6), .norm = part(7), .in = wide, .out = out}, y);
  return residual ? net.Add(x, y) : y;
}

template <typename Net>
typename Net::Value WalkPair(Net& net, const std::string& name, typename Net::Value x, int in, int out, int stride) {
  const auto y = WalkInvertedResidual(net, name + ".double_conv.0", std::move(x), in, out, stride, false);
  return WalkInvertedResidual(net, name + ".double_conv.1", y, out, out, 1, true);
}

// What the network sees: the picture's maps, largest first; the last one meets the audio.
template <typename Net>
std::vector<typename Net::Value> WalkSight(Net& net, const GeneratorShape& shape, typename Net::Value image) {
  const auto& c = shape.channels;
  std::vector<typename Net::Value> maps = {
      WalkInvertedResidual(net, "inc.inconv.0", std::move(image), 6, c[0], 1, false)};
  int in = c[0];
  for (int level = 1; level <= shape.levels(); ++level) {
    const int out = c[static_cast<size_t>(shape.levels() == 5 ? level - 1 : level)];
    const std::string name = "down" + std::to_string(level) + ".maxpool_conv.0";
    maps.push_back(WalkPair(net, name, maps.back(), in, out, 2));
    in = out;
  }
  return maps;
}

// What it hears: audio_dims to [channels[4], 10, 10].
template <typename Net>
typename Net::Value WalkHearing(Net& net, const GeneratorShape& shape, typename Net::Value audio) {
  const auto& c = shape.channels;
  const std::string name = "audio_model.";
  const auto dense = [&](int k, int in, int out, int stride_y, int stride_x, int pad, typename Net::Value x) {
    const std::string number = std::to_string(k);
    return net.Relu(net.Conv({.conv = name + "conv" + number,
                              .norm = name + "bn" + number,
                              .in = in,
                              .out = out,
                              .kernel = 3,
                              .stride_y = stride_y,
                              .stride_x = stride_x,
                              .pad = pad,
                              .bias = true},
                             std::move(x)));
  };
  const int in = static_cast<int>(shape.audio_dims[0]);
  // A wider audio input comes to 16x16 by the strides of the third layer. WeNet's many channels keep their width.
  const bool wenet = in == 256;
  const int first = wenet ? c[3] : c[1];
  const int second = wenet ? c[3] : c[2];
  auto y = WalkInvertedResidual(net, name + "conv1", std::move(audio), in, first, 1, false);
  y = WalkInvertedResidual(net, name + "conv2", y, first, second, 1, false);
  y = dense(3, second, c[3], static_cast<int>(shape.audio_dims[1]) / 16, static_cast<int>(shape.audio_dims[2]) / 16, 1,
            y);
  y = WalkInvertedResidual(net, name + "conv4", y, c[3], c[3], 1, true);
  y = dense(5, c[3], c[4], 2, 2, 3, y);
  y = WalkInvertedResidual(net, name + "conv6", y, c[4], c[4], 1, true);
  return WalkInvertedResidual(net, name + "conv7", y, c[4], c[4], 1, true);
}

// The picture it makes of both, [3, S, S] in (0, 1).
template <typename Net>
typename Net::Value WalkDrawing(Net& net, const GeneratorShape& shape, const std::vector<typename Net::Value>& seen,
                                typename Net::Value heard) {
  const auto& c = shape.channels;
  auto y = WalkPair(net, "fuse_conv.0", net.Concat(seen.back(), std::move(heard)), 2 * c[4], c[4], 1);
  y = WalkPair(net, "fuse_conv.1", y, c[4], c[3], 1);
  const bool five = shape.levels() == 5;
  const std::vector<int> widths = five ? std::vector<int>{c[3] / 2, c[2] / 2, c[1] / 2, c[0], c[0] / 2}
                                       : std::vector<int>{c[3] / 2, c[2] / 2, c[1] / 2, c[0]};
  const std::vector<int> skips =
      five ? std::vector<int>{c[3], c[2], c[1], c[0], c[0]} : std::vector<int>{c[3], c[2], c[1], c[0]};
  int below = c[3];
  for (size_t k = 0; k < widths.size(); ++k) {
    const auto joined = net.Concat(net.UpsampleTwice(y), seen[seen.size() - 2 - k]);
    y = WalkPair(net, "up" + std::to_string(k + 1) + ".conv", joined, below + skips[k], widths[k], 1);
    below = widths[k];
  }
  return net.Sigmoid(net.Conv({.conv = "outc.conv", .in = below, .out = 3, .bias = true}, y));
}

// The AVE audio encoder: mel [1, 80, 16] to [features, 1, 1], all >= 0.
template <typename Net>
typename Net::Value WalkEncoder(Net& net, const EncoderShape& shape, typename Net::Value x) {
  const auto& c = shape.channels;
  struct Row {
    int in, out, kernel, stride_y, stride_x, pad;
    bool residual;
  };
  const std::array<Row, 13> rows = {{{1, c[0], 3, 1, 1, 1, false},
                                     {c[0], c[0], 3, 1, 1, 1, true},
                                     {c[0], c[0], 3, 1, 1, 1, true},
                                     {c[0], c[1], 3, 3, 1, 1, false},
                                     {c[1], c[1], 3, 1, 1, 1, true},
                                     {c[1], c[1], 3, 1, 1, 1, true},
                                     {c[1], c[2], 3, 3, 3, 1, false},
                                     {c[2], c[2], 3, 1, 1, 1, true},
                                     {c[2], c[2], 3, 1, 1, 1, true},
                                     {c[2], c[3], 3, 3, 2, 1, false},
                                     {c[3], c[3], 3, 1, 1, 1, true},
                                     {c[3], c[4], 3, 1, 1, 0, false},
                                     {c[4], c[4], 1, 1, 1, 0, false}}};
  for (size_t k = 0; k < rows.size(); ++k) {
    const Row& row = rows[k];
    const std::string name = "audio_encoder." + std::to_string(k) + ".conv_block.";
    auto y = net.Conv({.conv = name + "0",
                       .norm = name + "1",
                       .in = row.in,
                       .out = row.out,
                       .kernel = row.kernel,
                       .stride_y = row.stride_y,
                       .stride_x = row.stride_x,
                       .pad = row.pad,
                       .bias = true},
                      x);
    x = net.Relu(row.residual ? net.Add(y, x) : y);
  }
  return x;
}

}  // namespace lips
