#include "judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "demo/template_package.h"
#include "image/colour.h"
#include "media/video_reader.h"
#include "media/wav_writer.h"

namespace lips {
namespace {

using ::testing::HasSubstr;

class JudgeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    demo::TemplateRequest draw;
    draw.folder = folder_ / "anna";
    draw.seconds = 0.4;
    draw.width = 480;
    draw.height = 360;
    draw.weights.reset();
    draw.threads = 1;
    ASSERT_TRUE(demo::WriteTemplatePackage(draw).ok());
    ASSERT_TRUE(MakeFolder(folder_ / "speech").ok());
    const std::vector<float> sound(16000 * 12 / 10);
    ASSERT_TRUE(WriteSpeechWav(folder_ / "speech" / "heldout_0_nobody_new-voice.wav", sound, 16000).ok());
    ASSERT_TRUE(WriteFileAtomically(folder_ / "speech" / "heldout_0_nobody_new-voice.phones",
                                    "pau 0.2\naa 0.6\nuw 0.9\npau 1.2\n")
                    .ok());
    request_.avatar = folder_ / "anna";
    request_.speech = folder_ / "speech";
    request_.output = folder_ / "out";
    request_.engine.session.backend = Backend::kNull;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path folder_ = Path(::testing::TempDir()) / ("judge_" + std::to_string(::getpid()));
  JudgeRequest request_;
};

// Without a network the face stays as it was.
TEST_F(JudgeTest, SeesThatAMouthWithoutANetworkNeverMoves) {
  const auto report = Judge(request_);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().all.frames, 29);  // what 1.2 s of sound make of video
  ASSERT_EQ(report.value().kinds.size(), 1U);
  EXPECT_EQ(report.value().kinds[0].name, "new-voice");
  EXPECT_LT(report.value().all.opening, 0.3);
  EXPECT_LT(report.value().all.lips_psnr_db, 30);
  EXPECT_NEAR(report.value().all.lips_psnr_db, report.value().all.resting_lips_psnr_db, 0.5);
  EXPECT_NEAR(report.value().all.mouth_psnr_db, report.value().all.resting_mouth_psnr_db, 0.5);
  EXPECT_TRUE(std::filesystem::exists(request_.output / "report.json"));
  EXPECT_TRUE(std::filesystem::exists(request_.output / "sheet.png"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(request_.output), {}), 2) << "no video is left";
}

TEST_F(JudgeTest, KeepsWhatItComparedOnRequest) {
  request_.keep_videos = true;
  ASSERT_TRUE(Judge(request_).ok());
  Image drawn, rendered;
  int differ = 0;
  auto drawings = VideoReader::Open(request_.output / "heldout_0_nobody_new-voice.drawn.mkv", {.threads = 1});
  auto renders = VideoReader::Open(request_.output / "heldout_0_nobody_new-voice.rendered.mkv", {.threads = 1});
  ASSERT_TRUE(drawings.ok() && renders.ok());
  ASSERT_EQ(drawings.value().info().frames, 29);
  YuvImage a, b;
  for (int n = 0; n < 29; ++n) {
    ASSERT_TRUE(drawings.value().Read(a).ok() && renders.value().Read(b).ok());
    drawn.Resize(480, 360), rendered.Resize(480, 360);
    YuvToBgr(std::as_const(a).view(), drawn.view());
    YuvToBgr(std::as_const(b).view(), rendered.view());
    const auto farthest = [&](int top, int bottom) {  // levels
      int most = 0;
      for (int y = top; y < bottom; ++y) {
        for (int i = 0; i < 3 * 480; ++i)
          most = std::max(most, std::abs(int{drawn.view().Row(y)[i]} - int{rendered.view().Row(y)[i]}));
      }
      return most;
    };
    ASSERT_LE(farthest(0, 20), 6) << "above the face both show the template, frame " << n;
    differ += farthest(20, 360) > 60;
  }
  EXPECT_GT(differ, 5) << "the drawn mouth speaks, the null engine's does not";
}

TEST_F(JudgeTest, RefusesAnotherPersonAndSpeechOfWhichNothingIsHeldOut) {
  request_.seed = 2;
  EXPECT_THAT(Judge(request_).error().message(), HasSubstr("not the drawn person with seed 2"));
  request_.seed = 1;
  for (const char* kind : {".wav", ".phones"}) {
    std::filesystem::rename(folder_ / "speech" / (std::string("heldout_0_nobody_new-voice") + kind),
                            folder_ / "speech" / (std::string("known") + kind));
  }
  EXPECT_THAT(Judge(request_).error().message(), HasSubstr("no heldout_NAME.wav"));
}

}  // namespace
}  // namespace lips
