// Whatever way a frame is made, the picture is the same; only then is a ratio of times worth anything.
#include "bench/contender.h"

#include <gtest/gtest.h>

#include <random>

#include "bench/truth.h"
#include "engine/network.h"
#include "engine/test_graph.h"
#include "image/random_picture.h"

namespace lips {
namespace {

constexpr size_t kFrames = 3;

class ContenderTest : public testing::TestWithParam<int64_t> {  // the network's batch
 protected:
  void SetUp() override {
    graph_ = MiniatureGenerator({.batch = GetParam(), .size_px = 160});
    auto binding = BindGenerator(graph_);
    ASSERT_TRUE(binding.ok()) << binding.error().message();
    binding_ = binding.value();
    std::mt19937 rng(3);
    for (size_t i = 0; i < kFrames; ++i) {
      FaceSample frame;
      frame.roi = SmoothPicture(rng, 160, 160);
      frame.masked = SmoothPicture(rng, 160, 160);
      frame.audio.resize(static_cast<size_t>(binding_.audio_floats()));
      for (float& value : frame.audio) value = static_cast<float>(rng() % 1000) / 500;
      material_.faces.push_back(std::move(frame));
    }
  }

  std::unique_ptr<Contender> Whole() {
    auto whole = OpenWholeModel(graph_, binding_, options_.session, material_);
    EXPECT_TRUE(whole.ok()) << whole.error().message();
    return std::move(whole).value();
  }
  std::unique_ptr<Contender> Ours(bool cached) {
    auto generator = OpenNetworkGenerator(graph_, options_);
    EXPECT_TRUE(generator.ok()) << generator.error().message();
    auto contender = MakeGeneratorContender(std::move(generator).value(), cached, material_, 2);
    EXPECT_TRUE(contender.ok()) << contender.error().message();
    return std::move(contender).value();
  }
  static std::vector<Image> Pictures(Contender& contender, const std::vector<size_t>& frames) {
    std::vector<Image> mouths;
    EXPECT_TRUE(contender.Load(frames).ok());
    EXPECT_TRUE(contender.Run().ok());
    EXPECT_TRUE(contender.Fetch(mouths).ok());
    EXPECT_EQ(mouths.size(), frames.size());
    return mouths;
  }

  GeneratorOptions options_ = [] {
    GeneratorOptions options;
    options.session = {.backend = Backend::kReference, .threads = 1};
    options.prove = false;
    return options;
  }();
  Graph graph_;
  GeneratorBinding binding_;
  FaceSamples material_;
};

TEST_P(ContenderTest, CachedOrNotWholeOrCutThePicturesAreTheSame) {
  const auto whole = Whole();
  const auto expected = PicturesOf(*whole, kFrames);
  ASSERT_TRUE(expected.ok());
  EXPECT_LT(PsnrDb({&expected.value()[0], 1}, {&expected.value()[1], 1}, {}), kIdenticalDb);  // frames differ
  for (const bool cached : {false, true}) {
    const auto ours = Ours(cached);
    const auto actual = PicturesOf(*ours, kFrames);
    ASSERT_TRUE(actual.ok());
    EXPECT_EQ(PsnrDb(expected.value(), actual.value(), {}), kIdenticalDb) << "cached " << cached;
  }
}

TEST_P(ContenderTest, ABatchGivesThePicturesOfItsFramesOneByOne) {
  const std::vector<size_t> frames = {2, 0, 1, 2, 2};
  for (int way = 0; way < 3; ++way) {
    const auto contender = way == 0 ? Whole() : Ours(way == 1);
    const std::vector<Image> batch = Pictures(*contender, frames);
    for (size_t i = 0; i < frames.size(); ++i) {
      const std::vector<Image> one = Pictures(*contender, {frames[i]});
      EXPECT_EQ(PsnrDb({&batch[i], 1}, one, {}), kIdenticalDb) << "way " << way << " place " << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Batches, ContenderTest, testing::Values(kDynamicDim, 2));

}  // namespace
}  // namespace lips
