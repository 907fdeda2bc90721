// Templates as people have them: no face for a while, one picture, upright, huge; at any frame rate.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/json.h"
#include "image/colour.h"
#include "media/picture.h"
#include "media/video_reader.h"
#include "render/render.h"
#include "tests/testdata/package.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips {
namespace {

class Content : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("lips-content-" + std::to_string(getpid()));
    ASSERT_TRUE(MakeFolder(folder_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path Speech(double seconds) {
    const Path path = folder_ / "speech.wav";
    EXPECT_TRUE(testdata::WriteWav(path, testdata::SynthesizeSpeech(seconds, 7).samples, 16000, 1).ok());
    return path;
  }
  Path Package(testdata::PackageRecipe recipe) {
    const Path path = folder_ / recipe.name;
    const Status made = testdata::WritePackage(path, recipe);
    EXPECT_TRUE(made.ok()) << made.error().message();
    return path;
  }
  RenderRequest Request(const Path& avatar, double seconds) {
    RenderRequest request;
    request.job.avatar = avatar;
    request.job.audio = Speech(seconds);
    request.frames_folder = folder_ / "pictures";
    std::filesystem::remove_all(*request.frames_folder);
    return request;
  }
  int64_t Pictures() const {
    return std::distance(std::filesystem::directory_iterator(folder_ / "pictures"),
                         std::filesystem::directory_iterator());
  }

  Path folder_;
};

// Whether output frame `n` is the template's frame of that number, to the bit.
bool IsTemplates(const Path& pictures, const Path& avatar, int64_t n) {
  auto reader = VideoReader::Open(avatar / "full_body_video.mp4");
  if (!reader.ok() || !reader.value().Seek(n).ok()) return false;
  YuvImage frame;
  if (!reader.value().Read(frame).ok()) return false;
  Image original(frame.width(), frame.height());
  YuvToBgr(std::as_const(frame).view(), original.view());
  char name[16];
  std::snprintf(name, sizeof(name), "%06d.png", static_cast<int>(n));
  const auto shown = ReadPicture(pictures / name);
  if (!shown.ok()) return false;
  for (int y = 0; y < original.height(); ++y) {
    const uint8_t* row = std::as_const(original).view().Row(y);
    if (!std::equal(row, row + 3 * original.width(), shown.value().view().Row(y))) return false;
  }
  return true;
}

TEST_F(Content, FramesWithoutAUsableFaceStayTheTemplates) {
  const Path avatar = folder_ / "avatar";
  std::filesystem::copy(testdata::SyntheticAvatar(), avatar, std::filesystem::copy_options::recursive);
  const Path file = avatar / "cache" / "crop_rectangles.json";
  Json rects = ParseJson(ReadTextFile(file).value()).value();
  rects.Set("14", Json::Object({{"rect", nullptr}}));
  rects.Set("15", Json::Array{0, 0, 0, 0});
  const auto& corners = rects.Find("16")->Find("rect")->array();
  const int64_t side = corners[2].as_int() - corners[0].as_int();
  rects.Set("16", Json::Array{-20, corners[1], side - 20, corners[3]});  // partly outside
  ASSERT_TRUE(WriteFileAtomically(file, rects.Dump()).ok());

  for (const InputSource inputs : {InputSource::kDerived, InputSource::kPackage}) {
    for (const CompositeMode mode : {CompositeMode::kNatural, CompositeMode::kCompatible}) {
      RenderRequest request = Request(avatar, 1);
      request.job.avatar_options.inputs = inputs;
      request.job.composite = mode;
      const auto report = Render(request);
      ASSERT_TRUE(report.ok()) << report.error().message();
      EXPECT_EQ(report.value().frames, 24);
      EXPECT_EQ(report.value().frames_without_face, 3);
      EXPECT_EQ(report.value().ToJson().Find("frames_without_face")->as_int(), 3);
      for (const int64_t n : {14, 15, 16}) EXPECT_TRUE(IsTemplates(*request.frames_folder, avatar, n)) << n;
      EXPECT_FALSE(IsTemplates(*request.frames_folder, avatar, 13));
      EXPECT_FALSE(IsTemplates(*request.frames_folder, avatar, 17));
    }
  }
  const auto check = CheckAvatar(avatar, {});
  ASSERT_TRUE(check.ok());
  const auto inside = std::ranges::find(check.value().items, "rectangles inside", &AvatarCheck::Item::what);
  ASSERT_NE(inside, check.value().items.end());
  EXPECT_TRUE(inside->ok) << inside->found;
  EXPECT_NE(inside->found.find("stay the template's: 16"), std::string::npos) << inside->found;
  EXPECT_EQ(Avatar::Open(avatar, {}).value().Info().Find("rects")->Find("frames_without_face")->as_int(), 3);
}

TEST_F(Content, ATemplateWithoutAnyFaceIsRefused) {
  const Path avatar = folder_ / "avatar";
  std::filesystem::copy(testdata::SyntheticAvatar(), avatar, std::filesystem::copy_options::recursive);
  Json none = Json::Object();
  for (int n = 0; n < 30; ++n) none.Set(std::to_string(n), nullptr);
  ASSERT_TRUE(WriteFileAtomically(avatar / "cache" / "crop_rectangles.json", none.Dump()).ok());
  const auto opened = Avatar::Open(avatar, {});
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message().find("no frame has a face"), std::string::npos) << opened.error().message();
}

TEST_F(Content, TemplatesOfOneAndTwoFramesSpeakAsLongAsTheAudio) {
  for (const int frames : {1, 2}) {
    const Path avatar =
        Package({.name = "few" + std::to_string(frames), .frames = frames, .generator = {}, .encoder = {}});
    const auto report = Render(Request(avatar, 1));
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_EQ(report.value().frames, 24);
    EXPECT_EQ(Pictures(), 24);
  }
}

TEST_F(Content, AStillPictureIsAnAvatar) {
  const Path avatar =
      Package({.layout = AvatarLayout::kTest, .name = "still", .frames = 1, .generator = {}, .encoder = {}});
  const auto report = Render(Request(avatar, 1));
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().frames, 24);
}

TEST_F(Content, UprightAndHugeTemplatesKeepTheirSize) {
  for (const auto& [width, height] : {std::pair{288, 512}, std::pair{3840, 2160}}) {
    const Path avatar = Package({.name = "wide" + std::to_string(width),
                                 .width = width,
                                 .height = height,
                                 .frames = 2,
                                 .generator = {},
                                 .encoder = {}});
    RenderRequest request = Request(avatar, 0.2);
    request.video = folder_ / "out.mp4";
    request.frames_folder.reset();
    request.preset = "ultrafast";
    const auto report = Render(request);
    ASSERT_TRUE(report.ok()) << report.error().message();
    const auto reader = VideoReader::Open(folder_ / "out.mp4");
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ(reader.value().info().width, width);
    EXPECT_EQ(reader.value().info().height, height);
  }
}

// Features come 25 times a second; a video of another rate shows the nearest.
TEST_F(Content, EveryFrameRateLastsAsLongAsTheAudio) {
  const std::vector<std::pair<FrameRate, int64_t>> rates = {{{24, 1}, 23}, {{25, 1}, 24}, {{30000, 1001}, 29},
                                                            {{30, 1}, 29}, {{50, 1}, 48}, {{60, 1}, 58}};
  for (const auto& [fps, frames] : rates) {
    RenderRequest request = Request(testdata::SyntheticAvatar(), 1);
    request.frames_extension = "jpg";
    request.fps = fps;
    request.job.engine.session.backend = Backend::kNull;
    const auto report = Render(request);
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_EQ(report.value().frames, frames) << fps.AsDouble();
    EXPECT_EQ(Pictures(), frames);
  }
}

}  // namespace
}  // namespace lips
