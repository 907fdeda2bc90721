#include "train/training_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "audio/encoder_window.h"
#include "audio/mel.h"
#include "tensor/npy.h"
#include "tests/testdata/synthetic_avatar.h"
#include "train/mouth_region.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

constexpr size_t kEncoderFloats = size_t{kMelBands} * kEncoderSteps;

// A copy of the synthetic avatar (30 frames), with the speech beside it as its sound.
class TrainingSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    std::filesystem::copy(testdata::SyntheticAvatar(), package(), std::filesystem::copy_options::recursive);
    std::filesystem::copy_file(testdata::SyntheticSpeech(), package() / "aud.wav",
                               std::filesystem::copy_options::overwrite_existing);
    options_.avatar = package();
    options_.cache = folder_;
    options_.held_out = 5;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path package() const { return folder_ / "package"; }
  Result<TrainingSet> Open() const { return TrainingSet::Open(options_); }

  TrainingSetOptions options_;

 private:
  Path folder_ = Path(::testing::TempDir()) /
                 (std::string("training_set_") + ::testing::UnitTest::GetInstance()->current_test_info()->name() + "_" +
                  std::to_string(::getpid()));
};

TEST_F(TrainingSetTest, HearsTheWavAndHoldsTheLastFramesOut) {
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  const TrainingSet& set = opened.value();
  EXPECT_EQ(set.frames(), 30);
  EXPECT_TRUE(set.learns_rows());
  EXPECT_FALSE(set.has_mouth());
  EXPECT_EQ(set.HeldOutFrames(), (std::vector<int64_t>{25, 26, 27, 28, 29}));
  EXPECT_EQ(set.RunStarts(4, false).size(), 22u);
  EXPECT_EQ(set.RunStarts(4, true), (std::vector<int64_t>{25, 26}));
}

TEST_F(TrainingSetTest, HoldsOutWhatAFileListsEvenAcrossTheEnd) {
  ASSERT_TRUE(WriteFileAtomically(package() / "heldout.txt", "# sentences\n3 2\n\n28 9000000000000000000\n").ok());
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(opened.value().HeldOutFrames(), (std::vector<int64_t>{3, 4, 28, 29}));
}

TEST_F(TrainingSetTest, NamesTheLineThatIsNoRange) {
  for (const char* text : {"1 2\nthree 4\n", "1 2\n5\n", "1 2\n5 6 7\n", "1 2\n-5 6\n"}) {
    ASSERT_TRUE(WriteFileAtomically(package() / "heldout.txt", text).ok());
    EXPECT_THAT(Open().error().message(), HasSubstr("line 2")) << text;
  }
}

TEST_F(TrainingSetTest, RefusesToHoldOutNearlyEverything) {
  options_.held_out = 28;
  EXPECT_EQ(Open().error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(Open().error().message(), HasSubstr("only 2 frames"));
}

TEST_F(TrainingSetTest, WithoutSoundItTakesThePackagesOwnRows) {
  std::filesystem::remove(package() / "aud.wav");
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_FALSE(opened.value().learns_rows());
  EXPECT_EQ(opened.value().row_floats(), 512);
  std::filesystem::remove(package() / "aud_ave.npy");
  EXPECT_THAT(Open().error().message(), HasSubstr("nothing to hear"));
}

TEST_F(TrainingSetTest, ReadsTheMouthAndRefusesOneThatDoesNotFit) {
  Tensor mouth(DType::kF32, {30, kMouthParameters});
  mouth.As<float>()[7 * kMouthParameters + 2] = 0.5f;
  ASSERT_TRUE(WriteNpy(package() / "mouth.npy", mouth).ok());
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Open().value().mouth(7)[2], 0.5f);
  ASSERT_TRUE(WriteNpy(package() / "mouth.npy", Tensor(DType::kF32, {20, kMouthParameters})).ok());
  EXPECT_THAT(Open().error().message(), HasSubstr("[20,6]; expected [30, 6]"));
  mouth.As<float>()[3] = NAN;
  ASSERT_TRUE(WriteNpy(package() / "mouth.npy", mouth).ok());
  EXPECT_EQ(Open().error().code(), ErrorCode::kInvalidInput);
}

TEST_F(TrainingSetTest, HearsMoreSoundWithTheMouthThatBelongsToIt) {
  const Path more = package().parent_path() / "more";
  std::filesystem::create_directories(more);
  options_.more_sound = more;
  Tensor of_pictures(DType::kF32, {30, kMouthParameters});
  ASSERT_TRUE(WriteNpy(package() / "mouth.npy", of_pictures).ok());
  EXPECT_EQ(Open().error().code(), ErrorCode::kIo) << "there is no aud.wav";
  std::filesystem::copy_file(package() / "aud.wav", more / "aud.wav");
  EXPECT_THAT(Open().error().message(), HasSubstr("mouth.npy' is missing"));

  options_.more_sound.reset();
  const int64_t rows = Open().value().rows();
  options_.more_sound = more;
  Tensor mouth(DType::kF32, {rows, kMouthParameters});
  mouth.As<float>()[5 * kMouthParameters + 1] = 0.75f;
  ASSERT_TRUE(WriteNpy(more / "mouth.npy", mouth).ok());
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_EQ(opened.value().more_frames(), rows);
  std::vector<float> inputs(18 * kEncoderFloats), expected(inputs.size());
  std::vector<float> known(18), heard(3 * kMouthParameters);
  opened.value().FillMoreRun(4, 3, nullptr, inputs, known, heard);
  EXPECT_EQ(heard[kMouthParameters + 1], 0.75f);
  opened.value().FillRun(4, 3, nullptr, expected, known, heard);
  EXPECT_EQ(inputs, expected) << "the same sound in either place";

  ASSERT_TRUE(WriteNpy(more / "mouth.npy", Tensor(DType::kF32, {rows - 10, kMouthParameters})).ok());
  EXPECT_THAT(Open().error().message(), HasSubstr("one row a frame"));
  std::filesystem::remove(package() / "mouth.npy");
  EXPECT_THAT(Open().error().message(), HasSubstr("it takes a package with aud.wav and mouth.npy"));
}

TEST_F(TrainingSetTest, ARunHearsTheRowsAroundItAndNothingOutsideTheSound) {
  const auto opened = Open();
  ASSERT_TRUE(opened.ok());
  std::vector<float> inputs(18 * kEncoderFloats);
  std::vector<float> known(18);
  opened.value().FillRun(2, 3, nullptr, inputs, known, {});
  // Rows -6 .. 11; the first six lie before the sound.
  EXPECT_EQ(std::count(known.begin(), known.begin() + 6, 0.0f), 6);
  EXPECT_EQ(std::count(known.begin() + 6, known.end(), 1.0f), 12);
  EXPECT_EQ(inputs[0], 0.0f);
  // A run's rows are those of its frames alone.
  std::vector<float> alone(16 * kEncoderFloats);
  std::vector<float> alone_known(16);
  opened.value().FillRun(4, 1, nullptr, alone, alone_known, {});
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), inputs.begin() + 2 * kEncoderFloats));
}

TEST_F(TrainingSetTest, PicturesAreDecodedOnceAndAgainWhenTheVideoChanges) {
  int64_t decoded = 0;
  options_.progress = [&decoded](int64_t, int64_t) { ++decoded; };
  ASSERT_TRUE(Open().ok());
  EXPECT_GT(decoded, 0);
  decoded = 0;
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(decoded, 0);
  for (const char* video : {"rois_320_video.mp4", "full_body_video.mp4"}) {
    const Path path = package() / video;
    if (!std::filesystem::exists(path)) continue;
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + std::chrono::seconds(5));
  }
  ASSERT_TRUE(Open().ok());
  EXPECT_GT(decoded, 0);
}

TEST_F(TrainingSetTest, FindsTheMouthInsideTheMask) {
  const auto opened = Open();
  ASSERT_TRUE(opened.ok());
  const auto found = FindMouth(opened.value());
  ASSERT_TRUE(found.ok()) << found.error().message();
  const Rect mask = opened.value().mask();
  const Rect box = found.value().box;
  EXPECT_GE(box.x, mask.x);
  EXPECT_LE(box.right(), mask.right());
  EXPECT_GE(box.y, mask.y);
  EXPECT_LE(box.bottom(), mask.bottom());
  EXPECT_GT(box.width, 0);
  EXPECT_EQ(found.value().weight.size(), 320u * 320u);
  EXPECT_GE(*std::min_element(found.value().weight.begin(), found.value().weight.end()), 1.0f);
  const Rect cells = found.value().crop_cells;
  EXPECT_GE(cells.width, 5);
  EXPECT_LE(cells.right(), kCells);
  EXPECT_LE(cells.bottom(), kCells);
}

TEST(UnusualMouths, AreThoseThatTheOthersAreNot) {
  std::vector<float> mouths(size_t{20} * kMouthParameters, 0.5F);  // what never varies counts nothing
  for (size_t frame = 0; frame < 20; ++frame) {
    mouths[frame * kMouthParameters] = frame % 2 == 0 ? 0.2F : 0.8F;  // opens all the time
    mouths[frame * kMouthParameters + 2] = frame == 7 ? 0.3F : 0.0F;  // is round once
  }
  const std::vector<float> unusual = UnusualMouths(mouths);
  ASSERT_EQ(unusual.size(), 20u);
  EXPECT_NEAR(unusual[0], unusual[1], 1e-4);
  EXPECT_NEAR(unusual[7], 1 + 19, 1e-2);  // a deviation for the opening, the square root of 19 for the rounding
  for (const size_t frame : {size_t{0}, size_t{6}, size_t{19}}) EXPECT_LT(unusual[frame], 1.2);
  EXPECT_TRUE(UnusualMouths({}).empty());
}

TEST(VaryMel, KeepsTheRangeAndDependsOnTheSeedAlone) {
  std::vector<float> mel(40 * kMelBands);
  for (size_t i = 0; i < mel.size(); ++i) mel[i] = static_cast<float>(4 * std::sin(0.1 * static_cast<double>(i)));
  std::vector<float> first = mel;
  std::vector<float> again = mel;
  std::vector<float> other = mel;
  Random a(1);
  Random b(1);
  Random c(2);
  VaryMel(a, first);
  VaryMel(b, again);
  VaryMel(c, other);
  EXPECT_EQ(first, again);
  EXPECT_NE(first, other);
  for (const float value : first) {
    EXPECT_GE(value, -4);
    EXPECT_LE(value, 4);
  }
}

}  // namespace
}  // namespace lips
