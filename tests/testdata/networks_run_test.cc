// What the constructed networks compute, by the reference engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/session.h"
#include "tests/testdata/networks.h"

namespace lips::testdata {
namespace {

std::vector<float> Evaluate(const Graph& graph, std::span<const TensorView> inputs) {
  SessionOptions options;
  options.backend = Backend::kReference;
  options.threads = 2;
  Result<std::unique_ptr<Session>> session = OpenSession(graph, options);
  if (!session.ok()) {
    ADD_FAILURE() << session.error().message();
    return {};
  }
  std::vector<Tensor> outputs(1);
  const Status ran = session.value()->Run(inputs, outputs);
  EXPECT_TRUE(ran.ok()) << ran.error().message();
  const std::span<const float> values = std::as_const(outputs[0]).As<float>();
  return {values.begin(), values.end()};
}

Tensor SeededTensor(Dims dims, uint64_t seed, float low, float high) {
  Tensor tensor(DType::kF32, std::move(dims));
  Seeded seeded(seed);
  for (float& v : tensor.As<float>()) v = seeded.Uniform(low, high);
  return tensor;
}

struct GeneratorInputs {
  Tensor image;
  Tensor audio;
  explicit GeneratorInputs(const GeneratorRecipe& recipe)
      : image(SeededTensor({1, 6, recipe.size_px, recipe.size_px}, 1, 0, 1)),
        audio(SeededTensor({1, recipe.audio_dims[0], recipe.audio_dims[1], recipe.audio_dims[2]}, 2, 0, 3)) {}
  std::vector<float> Run(const Graph& graph) const { return Evaluate(graph, std::vector<TensorView>{image, audio}); }
};

double MaxAbsDifference(std::span<const float> a, std::span<const float> b) {
  double most = a.size() == b.size() ? 0 : INFINITY;
  for (size_t k = 0; k < std::min(a.size(), b.size()); ++k) {
    most = std::max(most, std::fabs(static_cast<double>(a[k]) - static_cast<double>(b[k])));
  }
  return most;
}

double Deviation(std::span<const float> values) {
  double sum = 0;
  double squares = 0;
  for (const float v : values) {
    sum += static_cast<double>(v);
    squares += static_cast<double>(v) * static_cast<double>(v);
  }
  const auto n = static_cast<double>(values.size());
  return std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
}

// 160 px keeps this quick; the wired channels need 320.
GeneratorRecipe SmallRecipe() {
  GeneratorRecipe recipe;
  recipe.size_px = 160;
  return recipe;
}

TEST(ConstructedGenerator, IsTheSameFunctionFoldedAndUnfoldedAndInEveryOpset) {
  GeneratorRecipe recipe = SmallRecipe();
  const GeneratorInputs inputs(recipe);
  const std::vector<float> folded = inputs.Run(MakeGenerator(recipe));
  for (const int opset : {11, 17}) {
    recipe.spelling.opset = opset;
    recipe.spelling.fold_batch_norm = false;
    EXPECT_LT(MaxAbsDifference(inputs.Run(MakeGenerator(recipe)), folded), 1e-5) << opset;
  }
}

// Seeded weights of kept scale: the picture is neither one grey nor black and white.
TEST(ConstructedGenerator, NeitherDiesNorExplodesWhateverTheAudioShape) {
  for (const Dims& audio : {Dims{32, 16, 16}, Dims{32, 32, 32}, Dims{256, 16, 32}}) {
    GeneratorRecipe recipe = SmallRecipe();
    recipe.audio_dims = audio;
    const std::vector<float> picture = GeneratorInputs(recipe).Run(MakeGenerator(recipe));
    ASSERT_EQ(picture.size(), 3U * 160 * 160);
    EXPECT_GT(Deviation(picture), 0.01);
    EXPECT_LT(Deviation(picture), 0.35);
  }
}

TEST(ConstructedGenerator, DependsOnBothInputs) {
  const GeneratorRecipe recipe = SmallRecipe();
  const Graph graph = MakeGenerator(recipe);
  GeneratorInputs inputs(recipe);
  const std::vector<float> picture = inputs.Run(graph);
  inputs.audio = SeededTensor(inputs.audio.dims(), 77, 0, 3);
  const std::vector<float> other_audio = inputs.Run(graph);
  EXPECT_GT(MaxAbsDifference(other_audio, picture), 1e-3);
  inputs.image = SeededTensor(inputs.image.dims(), 78, 0, 1);
  EXPECT_GT(MaxAbsDifference(inputs.Run(graph), other_audio), 1e-2);
}

// The wired 320 px network returns its reference half, whatever the picture, as long as it has no lips.
TEST(ConstructedGenerator, PassesThePictureThroughInSilence) {
  const GeneratorRecipe recipe;
  GeneratorInputs inputs(recipe);
  inputs.audio = Tensor(DType::kF32, {1, 32, 16, 16});
  const std::vector<float> picture = inputs.Run(MakeGenerator(recipe));
  const std::span<const float> image = std::as_const(inputs.image).As<float>();
  ASSERT_EQ(picture.size(), image.size() / 2);
  double sum = 0;
  for (size_t k = 0; k < picture.size(); ++k) {
    const double d = static_cast<double>(picture[k]) - static_cast<double>(image[k]);
    sum += d * d;
  }
  const double psnr_db = -10 * std::log10(sum / static_cast<double>(picture.size()));
  EXPECT_GT(psnr_db, 38);
}

TEST(ConstructedEncoder, HearsLoudnessAndNothingInSilence) {
  const EncoderRecipe recipe;
  const Graph graph = MakeAudioEncoder(recipe);
  constexpr int kCells = 80 * 16;
  Tensor mel(DType::kF32, {3, 1, 80, 16});  // silence, quiet, loud
  for (int k = 0; k < 3; ++k) {
    const float level = k == 0 ? -4.0F : k == 1 ? -1.0F : 1.0F;
    std::fill_n(mel.As<float>().begin() + k * kCells, kCells, level);
  }
  const std::vector<float> rows = Evaluate(graph, std::vector<TensorView>{mel});
  ASSERT_EQ(rows.size(), 3U * 512);
  EXPECT_GE(*std::min_element(rows.begin(), rows.end()), 0.0F);
  EXPECT_LT(*std::max_element(rows.begin(), rows.end()), 50.0F);
  for (size_t feature = 0; feature < 256; ++feature) {
    ASSERT_EQ(rows[feature], 0.0F);
    ASSERT_GT(rows[512 + feature], 0.1F);
    ASSERT_GT(rows[1024 + feature], rows[512 + feature]);
  }
  // The seeded half carries numbers too.
  const std::span<const float> seeded = std::span(rows).subspan(1024 + 256, 256);
  EXPECT_GT(Deviation(seeded), 0.05);
}

TEST(ConstructedEncoder, IsTheSameFunctionFoldedAndUnfolded) {
  EncoderRecipe recipe;
  const Tensor mel = SeededTensor({2, 1, 80, 16}, 5, -4, 4);
  const std::vector<TensorView> inputs = {mel};
  const std::vector<float> folded = Evaluate(MakeAudioEncoder(recipe), inputs);
  recipe.spelling.fold_batch_norm = false;
  EXPECT_LT(MaxAbsDifference(Evaluate(MakeAudioEncoder(recipe), inputs), folded), 1e-4);
}

}  // namespace
}  // namespace lips::testdata
