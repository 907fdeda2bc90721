#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "engine/cpu/generator.h"
#include "engine/test_graph.h"
#include "image/image.h"
#include "image/random_picture.h"
#include "model/onnx.h"
#include "tests/testdata/networks.h"

namespace lips {
namespace {

constexpr int kSize = 320;

GeneratorOptions Options(Precision precision, TemplateLevel level = TemplateLevel::kExpanded) {
  GeneratorOptions options;
  options.session.precision = precision;
  options.session.threads = 2;
  options.session.may_delegate = false;
  options.template_level = level;
  options.prove = false;
  return options;
}

// The parts of a network in memory that is aligned as a mapped pack's is, and counted.
class Store {
 public:
  explicit Store(const NetworkParts& parts) : parts_(parts) {}

  void UseFor(GeneratorOptions& options) {
    options.stored = [this](std::string_view part) -> Result<OwnedBytes> {
      ++asked_;
      const auto found = parts_.find(part);
      if (found == parts_.end()) return Error(ErrorCode::kInvalidInput, "no part '" + std::string(part) + "'");
      const auto tensor = std::make_shared<Tensor>(DType::kU8, Dims{static_cast<int64_t>(found->second.size())});
      std::ranges::copy(found->second, tensor->data());
      return OwnedBytes{{tensor->data(), tensor->bytes()}, tensor};
    };
  }
  int asked() const { return asked_; }
  NetworkParts& parts() { return parts_; }

 private:
  NetworkParts parts_;
  int asked_ = 0;
};

Image Picture(unsigned seed) {
  std::mt19937 rng(seed);
  return SmoothPicture(rng, kSize, kSize);
}

std::vector<FaceSample> Samples() {
  std::vector<FaceSample> samples;
  for (unsigned i = 0; i < 2; ++i) {
    FaceSample sample{Picture(10 + i), Picture(20 + i), {}};
    const Tensor audio = RandomTensor({32 * 16 * 16}, static_cast<int>(i), 0, 0.1f);
    sample.audio.assign(audio.As<float>().begin(), audio.As<float>().end());
    samples.push_back(std::move(sample));
  }
  return samples;
}

std::vector<uint8_t> Mouth(Generator& generator) {
  const auto face = generator.Prepare(Picture(1).view(), Picture(2).view());
  const Tensor audio = RandomTensor({generator.audio_floats()}, 3, 0, 2);
  std::vector<uint8_t> pixels(size_t{3} * kSize * kSize);
  const Generator::Job job{face.value().get(), audio.As<float>(), {pixels.data(), kSize, kSize, 3 * kSize}};
  EXPECT_TRUE(generator.Generate({&job, 1}).ok());
  return pixels;
}

class StoredNetwork : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = Path(testing::TempDir()) / ("lipstream-stored-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    setenv("XDG_CACHE_HOME", folder_.c_str(), 1);
    Write(testdata::MakeGenerator({}));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const Graph& graph) { ASSERT_TRUE(WriteOnnx(folder_ / "generator.onnx", graph).ok()); }
  FilePart model() const { return FilePart::Open(folder_ / "generator.onnx").value(); }

  Path folder_;
};

TEST_F(StoredNetwork, GivesTheSameBitsAsTheModelInEveryPrecisionAndLevel) {
  for (const Precision precision : {Precision::kF32, Precision::kBf16, Precision::kInt8, Precision::kAuto}) {
    if (precision == Precision::kInt8)
      Write(testdata::MakeGenerator({.follows_sound = false}));  // 8 bits can follow it
    for (const TemplateLevel level : {TemplateLevel::kDeep, TemplateLevel::kSkips, TemplateLevel::kExpanded}) {
      GeneratorOptions options = Options(precision, level);
      options.samples = [] { return Result<std::vector<FaceSample>>(Samples()); };
      auto parts = StoreGenerator(model(), options);
      ASSERT_TRUE(parts.ok()) << parts.error().message();
      const auto from_model = OpenGenerator(model(), options);
      ASSERT_TRUE(from_model.ok()) << from_model.error().message();
      Store store(parts.value());
      store.UseFor(options);
      options.samples = {};
      const auto stored = OpenStoredCpuGenerator(options);
      ASSERT_TRUE(stored.ok()) << stored.error().message();
      ASSERT_NE(stored.value(), nullptr);
      EXPECT_EQ(stored.value()->Describe(), from_model.value()->Describe());
      EXPECT_EQ(stored.value()->TemplateFormat(), from_model.value()->TemplateFormat());
      EXPECT_EQ(stored.value()->audio_dims(), from_model.value()->audio_dims());
      EXPECT_EQ(Mouth(*stored.value()), Mouth(*from_model.value()))
          << Name(precision) << " level " << static_cast<int>(level);
    }
  }
}

TEST_F(StoredNetwork, OfAnotherPrecisionOrLevelIsLeftAlone) {
  Store store(StoreGenerator(model(), Options(Precision::kBf16, TemplateLevel::kSkips)).value());
  for (GeneratorOptions options :
       {Options(Precision::kF32, TemplateLevel::kSkips), Options(Precision::kBf16, TemplateLevel::kDeep),
        Options(Precision::kAuto, TemplateLevel::kSkips)}) {
    store.UseFor(options);
    const auto stored = OpenStoredCpuGenerator(options);
    ASSERT_TRUE(stored.ok()) << stored.error().message();
    EXPECT_EQ(stored.value(), nullptr);
    const auto generator = OpenGenerator(model(), options);
    ASSERT_TRUE(generator.ok()) << "the model itself is there";
  }
  EXPECT_EQ(store.asked(), 2 * 3) << "the facts are enough to tell";
}

TEST_F(StoredNetwork, NamesThePartThatIsMissingOrCutOff) {
  GeneratorOptions options = Options(Precision::kF32);
  const NetworkParts sound = StoreGenerator(model(), options).value();
  for (const std::string_view part : {"facts", "head", "tail", "weights"}) {
    Store store(sound);
    store.UseFor(options);
    store.parts().find(part)->second.resize(sound.find(part)->second.size() / 2);
    const auto cut = OpenGenerator(model(), options);
    ASSERT_FALSE(cut.ok()) << part;
    EXPECT_EQ(cut.error().code(), ErrorCode::kCorrupted) << cut.error().message();
    store.parts().erase(store.parts().find(part));
    const auto missing = OpenGenerator(model(), options);
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().message().find("'" + std::string(part) + "'"), std::string::npos);
  }
}

// Whatever the bytes say: an error, or a network that can be run.
TEST_F(StoredNetwork, AnyBytesGiveAnErrorOrANetwork) {
  const GeneratorOptions plain = Options(Precision::kBf16);
  const NetworkParts sound = StoreGenerator(model(), plain).value();
  std::mt19937 rng(7);
  int opened = 0;
  for (int trial = 0; trial < 150; ++trial) {
    Store store(sound);
    GeneratorOptions options = plain;
    store.UseFor(options);
    const std::string_view part = trial % 3 == 0 ? "facts" : trial % 3 == 1 ? "head" : "tail";
    auto& bytes = store.parts().find(part)->second;
    for (int change = 0; change < 3; ++change) bytes[rng() % bytes.size()] = static_cast<uint8_t>(rng());
    const auto generator = OpenStoredCpuGenerator(options);
    if (!generator.ok() || generator.value() == nullptr) continue;
    ++opened;
    if (generator.value()->size_px() == kSize) Mouth(*generator.value());
  }
  EXPECT_GT(opened, 0) << "most changes hit names, which may be anything";
}

}  // namespace
}  // namespace lips
