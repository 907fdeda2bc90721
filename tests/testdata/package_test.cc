#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "audio/feature_stream.h"
#include "audio/window.h"
#include "engine/audio_encoder.h"
#include "engine/generator.h"
#include "model/binding.h"
#include "model/onnx.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::testdata {
namespace {

constexpr int kRowFloats = 512;
constexpr int kWindowFloats = kWindowRows * kRowFloats;

GeneratorOptions Reference() {
  GeneratorOptions options;
  options.session.backend = Backend::kReference;
  options.session.threads = 2;
  options.prove = false;
  return options;
}

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message();
    std::abort();
  }
  return std::move(result).value();
}

// PSNR in dB inside `rect`.
double Psnr(ConstImageView a, ConstImageView b, Rect rect) {
  double sum = 0;
  for (int y = rect.y; y < rect.bottom(); ++y) {
    for (int x = 3 * rect.x; x < 3 * rect.right(); ++x) {
      const double d = static_cast<double>(a.Row(y)[x]) - b.Row(y)[x];
      sum += d * d;
    }
  }
  return 10 * std::log10(255.0 * 255 * 3 * rect.width * rect.height / std::max(sum, 1e-9));
}

// The avatar's networks and its first template face.
struct Talking {
  Avatar avatar = Must(Avatar::Open(SyntheticAvatar(), AvatarOptions()));
  std::unique_ptr<Generator> generator = Must(OpenGenerator(Must(avatar.generator_model()), Reference()));
  TemplateFace face;
  std::unique_ptr<Generator::Template> prepared;

  Talking() {
    const std::unique_ptr<TemplateReader> reader = Must(avatar.OpenTemplates());
    const Status read = reader->Read(0, face);
    EXPECT_TRUE(read.ok());
    prepared =
        Must(generator->Prepare(std::as_const(face.inputs.roi).view(), std::as_const(face.inputs.masked).view()));
  }

  Image Mouth(std::span<const float> window) const {
    Image mouth(320, 320);
    const Generator::Job job{prepared.get(), window, mouth.view()};
    const Status made = generator->Generate({&job, 1});
    EXPECT_TRUE(made.ok()) << made.error().message();
    return mouth;
  }
};

std::vector<float> Features(std::span<const float> samples, const Avatar& avatar) {
  const std::unique_ptr<AudioEncoder> encoder = Must(OpenAudioEncoder(Must(avatar.audio_encoder_model()), Reference()));
  const auto encode = [&](std::span<const float> in, int64_t count, std::span<float> out) {
    return encoder->Encode(in, count, out);
  };
  return Must(ComputeFeatures(samples, encode, kRowFloats));
}

TEST(SyntheticAvatar, IsASoundPackage) {
  const Avatar avatar = Must(Avatar::Open(SyntheticAvatar(), AvatarOptions()));
  EXPECT_EQ(avatar.layout(), AvatarLayout::kPackage2);
  EXPECT_EQ(avatar.video().width, 480);
  EXPECT_EQ(avatar.video().height, 360);
  EXPECT_EQ(avatar.video().frames, 30);
  EXPECT_EQ(avatar.rects().size(), 30U);
  EXPECT_EQ(avatar.mask(), kMaskPackage2);
  EXPECT_TRUE(avatar.has_package_inputs());
  const AvatarCheck check = Must(CheckAvatar(SyntheticAvatar(), AvatarOptions()));
  for (const AvatarCheck::Item& item : check.items) EXPECT_TRUE(item.ok) << item.what << ": " << item.found;
}

TEST(SyntheticAvatar, HasNetworksThatBind) {
  const Avatar avatar = Must(Avatar::Open(SyntheticAvatar(), AvatarOptions()));
  const Graph generator = Must(ReadOnnx(Must(avatar.generator_model())));
  const GeneratorBinding binding = Must(BindGenerator(generator));
  EXPECT_EQ(binding.size_px, 320);
  EXPECT_EQ(binding.audio_dims, (Dims{32, 16, 16}));
  const Graph encoder = Must(ReadOnnx(Must(avatar.audio_encoder_model())));
  EXPECT_EQ(Must(BindEncoder(encoder)).row_floats, kRowFloats);
}

// With silence the picture inside the mask comes back nearly as it was, although no weight was trained.
TEST(SyntheticAvatar, KeepsTheFaceInSilence) {
  const Talking talking;
  const Image mouth = talking.Mouth(std::vector<float>(kWindowFloats));
  const ConstImageView roi = talking.face.inputs.roi.view();
  EXPECT_GT(Psnr(std::as_const(mouth).view(), roi, kMaskPackage2), 40);
}

TEST(SyntheticAvatar, OpensItsMouthWithTheVoice) {
  const Talking talking;
  const Speech speech = SynthesizeSpeech(2, 3);
  const std::vector<float> features = Features(speech.samples, talking.avatar);
  const auto rows = static_cast<int64_t>(features.size()) / kRowFloats;
  const auto loudness = [&](int64_t row) { return features[static_cast<size_t>(row * kRowFloats)]; };
  int64_t loudest = 0;
  for (int64_t row = 0; row < rows; ++row) loudest = loudness(row) > loudness(loudest) ? row : loudest;
  EXPECT_EQ(loudness(0), 0.0F);  // the utterance begins with silence
  EXPECT_GT(loudness(loudest), 1.0F);
  for (const float v : features) ASSERT_GE(v, 0.0F);
  // The loudest row is in a vowel.
  const auto in_vowel = [&](int64_t sample) {
    return std::any_of(speech.parts.begin(), speech.parts.end(), [&](const SpeechPart& part) {
      return !part.silent && part.first_sample <= sample && sample < part.first_sample + part.samples;
    });
  };
  EXPECT_TRUE(in_vowel(640 * loudest + 320) || in_vowel(640 * loudest + 960));

  std::vector<float> window(kWindowFloats);
  ASSERT_TRUE(FillWindow(features, kRowFloats, loudest, WindowEdge::kZeros, window).ok());
  const Image open = talking.Mouth(window);
  const Image shut = talking.Mouth(std::vector<float>(kWindowFloats));
  const Rect around_mouth = {90, 80, 140, 130};
  const Rect below = {90, 250, 140, 60};
  EXPECT_LT(Psnr(open.view(), shut.view(), around_mouth), 25);
  EXPECT_GT(Psnr(open.view(), shut.view(), below), 38);
}

TEST(WritePackage, WritesEveryLayoutSoThatItOpens) {
  for (const AvatarLayout layout : {AvatarLayout::kPackage2, AvatarLayout::kTest, AvatarLayout::kFlattenedOnnx,
                                    AvatarLayout::kTrainingTree, AvatarLayout::kOld}) {
    SCOPED_TRACE(Name(layout));
    const Path folder = Path(testing::TempDir()) / ("testdata_layout_" + std::to_string(static_cast<int>(layout)));
    std::filesystem::remove_all(folder);
    PackageRecipe recipe;
    recipe.layout = layout;
    recipe.width = 320;
    recipe.height = 240;
    recipe.frames = 3;
    const Status written = WritePackage(folder, recipe);
    ASSERT_TRUE(written.ok()) << written.error().message();
    const Result<Avatar> avatar = Avatar::Open(folder, AvatarOptions());
    ASSERT_TRUE(avatar.ok()) << avatar.error().message();
    EXPECT_EQ(avatar.value().layout(), layout);
    EXPECT_EQ(avatar.value().video().frames, 3);
    EXPECT_EQ(avatar.value().rects().size(), 3U);
    std::filesystem::remove_all(folder);
  }
}

}  // namespace
}  // namespace lips::testdata
