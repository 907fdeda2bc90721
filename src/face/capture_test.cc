#include "face/capture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <utility>

#include "image/plane.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace lips {
namespace {

class CaptureTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lipstream_capture_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  // Ten frames of an odd size whose opacity grows downwards.
  Path Source(bool alpha) const {
    VideoWriterOptions options;
    options.width = 63;
    options.height = 47;
    options.codec = "ffv1";
    options.alpha = alpha;
    auto writer = VideoWriter::Create(folder / "source.mkv", options);
    EXPECT_TRUE(writer.ok());
    const YuvImage frame(63, 47, options.format);
    Plane opacity(63, 47, 0);
    for (int y = 0; y < 47; ++y) std::fill_n(opacity.view().Row(y), 63, static_cast<uint8_t>(5 * y));
    for (int n = 0; n < 10; ++n) {
      EXPECT_TRUE(writer.value().Write(frame.view(), std::as_const(opacity).view()).ok());
    }
    EXPECT_TRUE(writer.value().Finish().ok());
    return folder / "source.mkv";
  }
  Path folder;
};

TEST_F(CaptureTest, TheCopyOfATransparentVideoIsTransparent) {
  CaptureRequest request;
  request.source.video = Source(true);
  request.copy = folder / "copy.mp4";
  const auto capture = CaptureVideo(request);
  ASSERT_TRUE(capture.ok()) << capture.error().message();
  EXPECT_EQ(capture.value().copy, folder / "copy.webm");
  EXPECT_FALSE(std::filesystem::exists(folder / "copy.mp4"));
  auto reader = VideoReader::Open(capture.value().copy);
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader.value().info().frames, 10);
  EXPECT_EQ(reader.value().info().width, 64);
  EXPECT_EQ(reader.value().info().height, 48);
  ASSERT_TRUE(reader.value().info().alpha);
  YuvImage frame;
  Plane alpha;
  ASSERT_TRUE(reader.value().Read(frame, &alpha).ok());
  for (int y = 0; y < 48; ++y) {
    for (const int x : {0, 30, 63}) EXPECT_NEAR(alpha.view().Row(y)[x], 5 * std::min(y, 46), 12) << x << ' ' << y;
  }
}

TEST_F(CaptureTest, TheCopyOfAnOpaqueOneIsWhatItWas) {
  CaptureRequest request;
  request.source.video = Source(false);
  request.copy = folder / "copy.mp4";
  const auto capture = CaptureVideo(request);
  ASSERT_TRUE(capture.ok()) << capture.error().message();
  EXPECT_EQ(capture.value().copy, folder / "copy.mp4");
  EXPECT_FALSE(VideoReader::Open(capture.value().copy).value().info().alpha);
}

}  // namespace
}  // namespace lips
