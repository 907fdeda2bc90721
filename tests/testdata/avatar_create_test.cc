// avatar create on the drawn person, and on the reference package's video where it is present.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "avatar/avatar.h"
#include "avatar/template_rects.h"
#include "face/create.h"
#include "face/test_models.h"
#include "tests/testdata/package_pictures.h"
#include "tests/testdata/person.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr int kFrames = 40;

class AvatarCreate : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = Path(::testing::TempDir()) / (std::string("avatar_create_") + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // The drawn person, gone from `gone` frames in the middle.
  void Film(int gone) {
    const auto video = testdata::ToVideo(folder_ / "film.mp4");
    for (int k = 0; k < kFrames; ++k) {
      Image picture(640, 480);
      const testdata::Pose pose = testdata::TemplatePose(k, 7);
      if (k < kFrames / 2 || k >= kFrames / 2 + gone) testdata::DrawPerson(pose, 1, picture.view());
      ASSERT_TRUE(video->Add(picture.view()).ok());
      drawn_.push_back(RectFromLandmarks(testdata::PersonLandmarks(pose, 640, 480)).value());
    }
    ASSERT_TRUE(video->Finish().ok());
    const auto speech = testdata::SynthesizeSpeech(1.0, 5);
    ASSERT_TRUE(testdata::WriteWav(folder_ / "speech.wav", speech.samples, testdata::kSpeechRateHz, 1).ok());
    request_.video = folder_ / "film.mp4";
    request_.audio = folder_ / "speech.wav";
    request_.output = folder_ / "made" / "anna";
  }
  bool NothingIsLeft() const {
    return !std::filesystem::exists(folder_ / "made") || std::filesystem::is_empty(folder_ / "made");
  }

  Path folder_;
  CreateRequest request_;
  std::vector<Rect> drawn_;
};

TEST_F(AvatarCreate, FollowsTheDrawnPersonAndGuessesWhereSheIsGone) {
  if (!TestFaceModels()) GTEST_SKIP() << kNoFaceModels;
  Film(5);
  const auto report = CreateAvatar(request_);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().frames, kFrames);
  EXPECT_EQ(report.value().interpolated, 5);
  EXPECT_THAT(report.value().warnings, Contains(HasSubstr("face lost for 5 frames at 0:00")));
  EXPECT_THAT(report.value().warnings, Contains(HasSubstr("too short: 2 s")));
  const auto avatar = Avatar::Open(request_.output, {});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  ASSERT_EQ(avatar.value().rects().size(), drawn_.size());
  for (size_t k = 0; k < drawn_.size(); ++k) {
    const Rect& found = avatar.value().rects()[k];
    const double side = drawn_[k].width;
    EXPECT_NEAR(found.x + found.width / 2.0, drawn_[k].x + side / 2, side / 5) << k;
    EXPECT_NEAR(found.width, side, side / 3) << k;
    EXPECT_TRUE(std::filesystem::exists(request_.output / "landmarks" / (std::to_string(k) + ".lms")));
  }
  EXPECT_TRUE(avatar.value().has_package_inputs());
  EXPECT_TRUE(std::filesystem::exists(request_.output / "preview.png"));
  EXPECT_EQ(std::filesystem::file_size(request_.output / "aud.wav"), 44U + 2 * 640 * kFrames);
}

TEST_F(AvatarCreate, TakesRectanglesByHandAndNetworksOfAnotherAvatarWithoutLookingForFaces) {
  Film(0);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "rects.csv", "200,150,400,350\n").ok());
  request_.hand_rects = folder_ / "rects.csv";
  request_.from = testdata::SyntheticAvatar();
  request_.face_models = "/nowhere";
  const auto report = CreateAvatar(request_);
  ASSERT_TRUE(report.ok()) << report.error().message();
  const auto check = CheckAvatar(request_.output, {});
  ASSERT_TRUE(check.ok());
  for (const auto& item : check.value().items) EXPECT_TRUE(item.ok) << item.what << ": " << item.found;
}

TEST_F(AvatarCreate, LeavesNothingWhenStoppedOrWhenThereIsNoFace) {
  Film(0);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "rects.csv", "200,150,400,350\n").ok());
  StopFlag stop;
  request_.stop = &stop;
  request_.hand_rects = folder_ / "rects.csv";
  request_.progress = [&](std::string_view what, int64_t, int64_t) {
    if (what == "pictures") stop.Raise();
  };
  const auto stopped = CreateAvatar(request_);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
  EXPECT_TRUE(NothingIsLeft());
  if (!TestFaceModels()) return;
  const auto empty = testdata::ToVideo(folder_ / "empty.mp4");
  for (int k = 0; k < 3; ++k) ASSERT_TRUE(empty->Add(Image(320, 240).view()).ok());
  ASSERT_TRUE(empty->Finish().ok());
  request_ = CreateRequest();
  request_.video = folder_ / "empty.mp4";
  request_.output = folder_ / "made" / "anna";
  const auto faceless = CreateAvatar(request_);
  ASSERT_FALSE(faceless.ok());
  EXPECT_THAT(faceless.error().message(), HasSubstr("no face was found"));
  EXPECT_TRUE(NothingIsLeft());
}

TEST_F(AvatarCreate, FindsTheReferencePackagesRectangles) {
  if (!TestFaceModels()) GTEST_SKIP() << kNoFaceModels;
  const Path sanders = TestSanders();
  if (sanders.empty()) GTEST_SKIP() << kNoSanders;
  const auto stored = ReadCropRects(sanders / "cache" / "crop_rectangles.json");
  ASSERT_TRUE(stored.ok());
  request_.video = sanders / "full_body_video.mp4";
  request_.output = folder_ / "sanders";
  const auto report = CreateAvatar(request_);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().found, 523);
  EXPECT_FALSE(report.value().rests) << "she speaks in her template";
  const auto avatar = Avatar::Open(request_.output, {});
  ASSERT_TRUE(avatar.ok());
  std::vector<int> errors;
  for (size_t k = 0; k < stored.value().size(); ++k) {
    const Rect &a = avatar.value().rects()[k], &b = stored.value()[k];
    for (const int error : {a.x - b.x, a.y - b.y, a.right() - b.right(), a.bottom() - b.bottom()}) {
      errors.push_back(std::abs(error));
    }
  }
  std::ranges::sort(errors);
  EXPECT_LE(errors[errors.size() / 2], 3);        // measured: 2
  EXPECT_LE(errors[errors.size() * 19 / 20], 6);  // measured: 5; the rest where the head is turned far, at most 12
  EXPECT_LE(errors.back(), 13);
}

}  // namespace
}  // namespace lips
