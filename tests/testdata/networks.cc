#include "tests/testdata/networks.h"

#include "tests/testdata/generator_weights.h"
#include "tests/testdata/talking_mouth.h"

namespace lips::testdata {
namespace {

constexpr int kRowFloats = 512;
constexpr int kImageChannels = 6;

std::string Numbered(const char* name, size_t index) { return name + std::to_string(index + 1); }

// Channels after inc and after each down block.
std::vector<int> EncoderWidths(const GeneratorRecipe& recipe) {
  const auto& c = recipe.channels;
  if (recipe.size_px == 160) return {c[0], c[1], c[2], c[3], c[4]};
  return {c[0], c[0], c[1], c[2], c[3], c[4]};
}

// Channels after each up block, deepest first.
std::vector<int> DecoderWidths(const GeneratorRecipe& recipe) {
  const auto& c = recipe.channels;
  if (recipe.size_px == 160) return {c[3] / 2, c[2] / 2, c[1] / 2, c[0]};
  return {c[3] / 2, c[2] / 2, c[1] / 2, c[0], c[0] / 2};
}

}  // namespace

GeneratorWeights SeededGenerator(const GeneratorRecipe& recipe) {
  Seeded seeded(recipe.seed);
  const auto& c = recipe.channels;
  const std::vector<int> encoder = EncoderWidths(recipe);
  const std::vector<int> decoder = DecoderWidths(recipe);
  GeneratorWeights w;
  w.inc = MakeInvertedResidual("inc", kImageChannels, encoder[0], 1, false, seeded);
  for (size_t k = 0; k + 1 < encoder.size(); ++k) {
    w.down.push_back(MakeDoubleBlock(Numbered("down", k), encoder[k], encoder[k + 1], 2, seeded));
  }
  // A wider audio input is brought to 16x16 by the strides of the third layer; the fifth makes the picture's grid.
  const auto& audio = recipe.audio_dims;
  const int in = static_cast<int>(audio[0]);
  const int grid = recipe.size_px >> w.down.size();  // 10
  w.audio1 = MakeInvertedResidual("audio.1", in, c[1], 1, false, seeded);
  w.audio2 = MakeInvertedResidual("audio.2", c[1], c[2], 1, false, seeded);
  w.audio3 =
      MakeDense("audio.3", c[2], c[3], 3, static_cast<int>(audio[1]) / 16, static_cast<int>(audio[2]) / 16, 1, seeded);
  w.audio4 = MakeInvertedResidual("audio.4", c[3], c[3], 1, true, seeded);
  w.audio5 = MakeDense("audio.5", c[3], c[4], 3, 2, 2, (2 * grid + 2 - 16) / 2, seeded);
  w.audio6 = MakeInvertedResidual("audio.6", c[4], c[4], 1, true, seeded);
  w.audio7 = MakeInvertedResidual("audio.7", c[4], c[4], 1, true, seeded);
  w.fuse1 = MakeDoubleBlock("fuse1", 2 * c[4], c[4], 1, seeded);
  w.fuse2 = MakeDoubleBlock("fuse2", c[4], c[3], 1, seeded);
  int below = c[3];
  for (size_t k = 0; k < decoder.size(); ++k) {
    const int skip = encoder[encoder.size() - 2 - k];
    w.up.push_back(MakeDoubleBlock(Numbered("up", k), below + skip, decoder[k], 1, seeded));
    below = decoder[k];
  }
  w.outc = MakeDense("outc", below, 3, 1, 1, 1, 0, seeded, 0.5F);
  w.outc.relu = false;
  w.outc.normalised = false;
  return w;
}

Graph MakeGenerator(const GeneratorRecipe& recipe) {
  GeneratorWeights w = SeededGenerator(recipe);
  const bool can_follow = recipe.size_px == 320 && recipe.audio_dims == Dims{32, 16, 16};
  if (recipe.follows_sound && can_follow) WireTalkingMouth(w);

  NetworkBuilder b("lipstream constructed generator (untrained)", recipe.spelling);
  const int64_t size = recipe.size_px;
  const ValueId image = b.Input(recipe.image_name, {kImageChannels, size, size});
  const ValueId audio = b.Input(recipe.audio_name, recipe.audio_dims);
  std::vector<ValueId> seen = {b.Block(w.inc, image)};
  for (const DoubleBlock& down : w.down) seen.push_back(b.Block(down, seen.back()));
  ValueId heard = b.Block(w.audio2, b.Block(w.audio1, audio));
  heard = b.Block(w.audio4, b.Conv(w.audio3, heard));
  heard = b.Block(w.audio7, b.Block(w.audio6, b.Conv(w.audio5, heard)));
  ValueId y = b.Block(w.fuse2, b.Block(w.fuse1, b.ConcatChannels(seen.back(), heard)));
  for (size_t k = 0; k < w.up.size(); ++k) {
    y = b.Block(w.up[k], b.ConcatChannels(b.UpsampleTwice(y), seen[seen.size() - 2 - k]));
  }
  b.Output(recipe.output_name, b.Sigmoid(b.Conv(w.outc, y)), {3, size, size});
  return std::move(b).Finish();
}

Graph MakeAudioEncoder(const EncoderRecipe& recipe) {
  Seeded seeded(recipe.seed);
  const auto& c = recipe.channels;
  struct Row {
    int in, out, kernel, stride_y, stride_x, pad;
    bool residual;
  };
  // Source: spec.md 2.3.
  const std::vector<Row> rows = {
      {1, c[0], 3, 1, 1, 1, false},         {c[0], c[0], 3, 1, 1, 1, true}, {c[0], c[0], 3, 1, 1, 1, true},
      {c[0], c[1], 3, 3, 1, 1, false},      {c[1], c[1], 3, 1, 1, 1, true}, {c[1], c[1], 3, 1, 1, 1, true},
      {c[1], c[2], 3, 3, 3, 1, false},      {c[2], c[2], 3, 1, 1, 1, true}, {c[2], c[2], 3, 1, 1, 1, true},
      {c[2], c[3], 3, 3, 2, 1, false},      {c[3], c[3], 3, 1, 1, 1, true}, {c[3], c[4], 3, 1, 1, 0, false},
      {c[4], kRowFloats, 1, 1, 1, 0, false}};
  std::vector<ConvLayer> layers;
  std::vector<bool> residual;
  for (const Row& row : rows) {
    layers.push_back(MakeDense(Numbered("encoder.", layers.size()), row.in, row.out, row.kernel, row.stride_y,
                               row.stride_x, row.pad, seeded, row.residual ? 0.4F : 1.0F));
    residual.push_back(row.residual);
  }
  WireLoudness(layers, residual);

  NetworkBuilder b("lipstream constructed audio encoder (untrained)", recipe.spelling);
  ValueId x = b.Input("mel", {1, 80, 16});
  for (size_t k = 0; k < layers.size(); ++k) {
    if (residual[k]) {  // the residual is added before the ReLU
      ConvLayer linear = layers[k];
      linear.relu = false;
      x = b.Relu(b.Add(b.Conv(linear, x), x));
    } else {
      x = b.Conv(layers[k], x);
    }
  }
  b.Output("emb", b.FlattenRows(x), {kRowFloats});
  return std::move(b).Finish();
}

}  // namespace lips::testdata
