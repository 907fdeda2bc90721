#include "avatar/template_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

#include "avatar/template_order.h"
#include "avatar/test_package.h"
#include "avatar/video_window.h"
#include "image/colour.h"

namespace lips {
namespace {

constexpr int kFrames = 40;

bool Equal(const YuvImage& a, const YuvImage& b) {
  const auto same_plane = [](ConstPlaneView p, ConstPlaneView q) {
    for (int y = 0; y < p.height; ++y) {
      if (!std::equal(p.Row(y), p.Row(y) + p.width, q.Row(y))) return false;
    }
    return true;
  };
  return a.width() == b.width() && a.height() == b.height() && same_plane(a.view().y, b.view().y) &&
         same_plane(a.view().u, b.view().u) && same_plane(a.view().v, b.view().v);
}

// One small video and every frame of it decoded in order, as the truth.
class VideoWindowTest : public testing::Test {
 public:
  void SetUp() override { SKIP_WITHOUT_FFMPEG_PROGRAM(); }
  static void SetUpTestSuite() {
    SKIP_WITHOUT_FFMPEG_PROGRAM();
    root() = TestFolder("video_window_test");
    const TestPackage package(root(), TestPerson{.frames = kFrames});
    package.FullVideo("video.mp4");
    auto reader = VideoReader::Open(root() / "video.mp4");
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    for (int i = 0; i < kFrames; ++i) {
      truth().emplace_back();
      ASSERT_TRUE(reader.value().Read(truth().back()).ok());
    }
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(root()); }
  static Path& root() {
    static Path folder;
    return folder;
  }
  static std::vector<YuvImage>& truth() {
    static std::vector<YuvImage> frames;
    return frames;
  }
  static VideoWindow Open(int64_t capacity) {
    auto reader = VideoReader::Open(root() / "video.mp4");
    EXPECT_TRUE(reader.ok());
    return VideoWindow(std::move(reader).value(), kFrames, capacity);
  }
  static bool ShowsTheTruth(VideoWindow& window, int64_t index) {
    const auto frame = window.Frame(index);
    return frame.ok() && Equal(frame.value()->picture, truth()[static_cast<size_t>(index)]);
  }
};

TEST_F(VideoWindowTest, NeighbouringFramesDiffer) {  // else the tests below could not fail
  for (size_t i = 1; i < truth().size(); ++i) ASSERT_FALSE(Equal(truth()[i - 1], truth()[i])) << i;
}

TEST_F(VideoWindowTest, PingPongShowsEveryFrameWhateverTheCapacity) {
  for (const int64_t capacity : {1, 2, 7, 39, 40, 1000}) {
    VideoWindow window = Open(capacity);
    for (int64_t n = 0; n < 4 * kFrames; ++n) {
      const int64_t index = TemplateFrame(n, kFrames, 1, Loop::kPingPong);
      ASSERT_TRUE(ShowsTheTruth(window, index)) << "capacity " << capacity << ", frame " << index;
    }
  }
}

TEST_F(VideoWindowTest, AnyOrderShowsTheSamePictures) {
  EXPECT_TRUE(rc::check("any order", [] {
    VideoWindow window = Open(*rc::gen::inRange<int64_t>(1, 12));
    for (int i = 0; i < 8; ++i) RC_ASSERT(ShowsTheTruth(window, *rc::gen::inRange<int64_t>(0, kFrames)));
  }));
}

TEST_F(VideoWindowTest, AFrameThatDoesNotExistIsAnErrorAndTheNextReadWorks) {
  VideoWindow window = Open(5);
  ASSERT_TRUE(ShowsTheTruth(window, 3));
  EXPECT_FALSE(window.Frame(kFrames).ok());
  EXPECT_TRUE(ShowsTheTruth(window, 3));
  EXPECT_TRUE(ShowsTheTruth(window, 4));
}

TEST_F(VideoWindowTest, TheReaderRefusesFramesOutsideTheTemplate) {
  TemplateSources sources;
  sources.full = {root() / "video.mp4", {}};
  sources.face = kFace320;
  sources.mask = kMaskPackage2;
  for (int i = 0; i < 3; ++i) sources.rects.push_back(TestPerson::FaceOf(i));
  auto reader = OpenTemplateReader(std::move(sources), 0, 1);
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  TemplateFace face;
  EXPECT_FALSE(reader.value()->Read(3, face).ok());
  EXPECT_FALSE(reader.value()->Read(-1, face).ok());
  ASSERT_TRUE(reader.value()->Read(2, face).ok());
  EXPECT_TRUE(Equal(face.frame, truth()[2]));
  EXPECT_EQ(face.inputs.crop.width(), 328);
}

// What the network is shown equals the package's own decode, frame by frame, in play order, with a budget that makes
// the window move.
TEST(Sanders, InputsEqualThePackagesVideosToTheBit) {
  SKIP_WITHOUT_SANDERS();
  const auto avatar = Avatar::Open(SandersFolder(), {.decode_budget_bytes = 1});
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  auto templates = avatar.value().OpenTemplates();
  ASSERT_TRUE(templates.ok());
  TemplateFace face;
  YuvImage picture;
  Image expected;
  for (const char* name : {"rois_320_video.mp4", "model_inputs_video.mp4"}) {
    auto video = VideoReader::Open(SandersFolder() / name);
    ASSERT_TRUE(video.ok());
    for (const int64_t frame : {0, 1, 2, 30, 29, 28}) {
      ASSERT_TRUE(templates.value()->Read(frame, face).ok());
      ASSERT_TRUE(video.value().Seek(frame).ok() && video.value().Read(picture).ok());
      expected.Resize(320, 320);
      YuvToBgr(std::as_const(picture).view(), expected.view());
      const Image& shown = name[0] == 'r' ? face.inputs.roi : face.inputs.masked;
      EXPECT_TRUE(std::equal(expected.view().data, expected.view().data + 320 * 320 * 3, shown.view().data)) << frame;
    }
  }
}

}  // namespace
}  // namespace lips
