// The networks that are trained together: an audio encoder (unless its rows are given), a generator, and while learning
// a small reader of mouth parameters.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <string_view>

#include "image/view.h"
#include "model/family.h"
#include "train/torch/net.h"
#include "train/torch/weights.h"

namespace lips {

struct EncoderWidth {
  std::string_view name;
  std::array<int, 5> channels;  // EncoderShape::channels
};
inline constexpr std::array<EncoderWidth, 3> kEncoderWidths = {
    {{"slim", {8, 16, 32, 64, 512}}, {"medium", {16, 32, 64, 128, 512}}, {"full", {32, 64, 128, 256, 512}}}};

struct ModelShape {
  GeneratorShape generator;
  EncoderShape encoder;
  bool learns_rows = true;  // else the encoder is not part of it
  int mouth_parameters = 0;
};

// Everything that is learned, in one layout.
struct Model {
  explicit Model(const ModelShape& shape);
  ModelShape shape;
  std::vector<FamilyConv> generator;
  std::vector<FamilyConv> encoder;  // empty unless learns_rows
  WeightLayout layout;

  WeightValues Initial(uint64_t seed) const;
  // [parameter_floats]: 1 for the weights that hear (encoder, the generator's part for sound, the reader of mouths), 0
  // for those that see and draw.
  at::Tensor Hearing() const;
  at::Tensor Encoding() const;  // likewise for the audio encoder alone

 private:
  at::Tensor Marked(const std::vector<FamilyConv>& convs) const;
};

// What runs of `frames` consecutive frames sound like, to what the generator makes of it, [runs * frames, C, 10, 10]
// in `options.number`, which `weights` were prepared for. `inputs` is [runs, frames + 15, row floats or 80 * 16] f32,
// `known` [runs, frames + 15].
at::Tensor Hear(const Model& model, const Replica& weights, const NetOptions& options, const at::Tensor& inputs,
                const at::Tensor& known);

// Mouth parameters read from that, [runs * frames, 6] f32.
at::Tensor ReadMouth(const Replica& weights, const at::Tensor& heard);

// The pictures, [n, 3, h, w] f32: `image` is [n, 6, h, w] f32, the part `cells` of the face (in cells of the deepest
// map, all of them for the whole); `heard` is for the whole face, [n, C, 10, 10].
at::Tensor Draw(const Model& model, const Replica& weights, NetOptions options, const Rect& cells,
                const at::Tensor& image, const at::Tensor& heard);

}  // namespace lips
