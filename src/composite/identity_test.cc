// A mouth that is the picture's own must leave the picture as it was: the law that finds a wrong border, a wrong filter
// and a shifted rectangle (spec.md 4: 59 dB for the reference, 52 dB and less for the usual mistakes).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "composite/compatible.h"
#include "image/colour.h"
#include "image/random_picture.h"
#include "image/resize.h"

namespace lips {
namespace {

constexpr int kCrop = 328;
constexpr int kBorder = 4;
constexpr double kRequiredDb = 55;

template <int kChannels>
double Psnr(BasicView<const uint8_t, kChannels> a, BasicView<const uint8_t, kChannels> b) {
  double sum = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width * kChannels; ++x) {
      const double d = a.Row(y)[x] - b.Row(y)[x];
      sum += d * d;
    }
  }
  return 10 * std::log10(255.0 * 255.0 * a.width * a.height * kChannels / std::max(sum, 1e-9));
}

struct IdentityDb {
  double bgr_route = 0;         // B, G, R inside the rectangle
  double yuv_route = 0;         // the same after the paste into planes
  double yuv_route_planes = 0;  // lowest of the three planes
};

IdentityDb PasteOwnMouth(CompatibleComposite& composite, const YuvImage& frame, Rect rect) {
  Image was(rect.width, rect.height);
  YuvToBgr(frame.view(), rect, was.view());
  Image crop(kCrop, kCrop);
  ResizeCubic(was.view(), crop.view());
  const ConstImageView mouth =
      ConstImageView(crop.view()).Crop({kBorder, kBorder, kCrop - 2 * kBorder, kCrop - 2 * kBorder});

  IdentityDb db;
  Image bgr(frame.width(), frame.height());
  YuvToBgr(frame.view(), bgr.view());
  composite.Paste(crop.view(), mouth, rect, bgr.view());
  db.bgr_route = Psnr<3>(bgr.view().Crop(rect), was.view());

  YuvImage pasted = frame.Clone();
  composite.Paste(crop.view(), mouth, rect, pasted.view());
  Image now(rect.width, rect.height);
  YuvToBgr(pasted.view(), rect, now.view());
  db.yuv_route = Psnr<3>(now.view(), was.view());
  const Rect chroma = {rect.x / 2, rect.y / 2, rect.width / 2, rect.height / 2};
  db.yuv_route_planes = std::min({Psnr<1>(pasted.view().y.Crop(rect), frame.view().y.Crop(rect)),
                                  Psnr<1>(pasted.view().u.Crop(chroma), frame.view().u.Crop(chroma)),
                                  Psnr<1>(pasted.view().v.Crop(chroma), frame.view().v.Crop(chroma))});
  return db;
}

TEST(CompatibleIdentity, HoldsOnASmoothPicture) {
  std::mt19937 rng(1);
  CompatibleComposite composite;
  for (const Rect rect : {Rect{20, 10, 182, 182}, {21, 11, 173, 173}, {30, 7, 189, 189}}) {
    YuvImage frame(256, 208, {});
    BgrToYuv(SmoothPicture(rng, 256, 208).view(), frame.view());
    const IdentityDb db = PasteOwnMouth(composite, frame, rect);
    EXPECT_GE(db.bgr_route, kRequiredDb);
    EXPECT_GE(db.yuv_route, kRequiredDb);
    EXPECT_GE(db.yuv_route_planes, kRequiredDb);
  }
}

class Sanders : public ::testing::Test {
 protected:
  static constexpr int kWidth = 1280, kHeight = 720, kStep = 8;

  void SetUp() override {
    const char* data = std::getenv("LIPSTREAM_TEST_DATA");
    folder_ = std::filesystem::path(data != nullptr ? data : "") / "sanders";
    if (!std::filesystem::exists(folder_ / "full_body_video.mp4")) {
      GTEST_SKIP() << "no test material: LIPSTREAM_TEST_DATA has no sanders/full_body_video.mp4";
    }
    if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no ffmpeg program to read video with";
    const std::string command = "ffmpeg -v error -i '" + (folder_ / "full_body_video.mp4").string() +
                                "' -frames:v 120 -f rawvideo -pix_fmt yuv420p -";
    frames_.reset(popen(command.c_str(), "r"));
    ASSERT_NE(frames_, nullptr);
    const auto text = ReadTextFile(folder_ / "crop_rects.json");
    ASSERT_TRUE(text.ok()) << text.error().message();
    auto rects = ParseJson(text.value());
    ASSERT_TRUE(rects.ok()) << rects.error().message();
    rects_ = std::move(rects).value();
  }

  bool Next(YuvImage& frame) {
    return std::fread(frame.view().y.data, 1, frame.bytes(), frames_.get()) == frame.bytes();
  }
  Rect RectOf(size_t frame) const {
    const auto& r = rects_.array()[frame].array();
    const auto at = [&r](size_t i) { return static_cast<int>(r[i].as_int()); };
    return {at(0), at(1), at(2) - at(0), at(3) - at(1)};
  }

 private:
  struct Close {
    void operator()(FILE* pipe) const { pclose(pipe); }
  };
  std::filesystem::path folder_;
  std::unique_ptr<FILE, Close> frames_;
  Json rects_;
};

TEST_F(Sanders, CompatibleIdentityHoldsOnRealFrames) {
  CompatibleComposite composite;
  YuvImage frame(kWidth, kHeight, {});
  IdentityDb lowest = {99, 99, 99};
  size_t index = 0;
  for (; Next(frame); ++index) {
    if (index % kStep != 0) continue;
    const IdentityDb db = PasteOwnMouth(composite, frame, RectOf(index));
    lowest.bgr_route = std::min(lowest.bgr_route, db.bgr_route);
    lowest.yuv_route = std::min(lowest.yuv_route, db.yuv_route);
    lowest.yuv_route_planes = std::min(lowest.yuv_route_planes, db.yuv_route_planes);
  }
  ASSERT_EQ(index, 120u);
  std::printf("lowest identity: BGR route %.2f dB, YUV route %.2f dB, its planes %.2f dB\n", lowest.bgr_route,
              lowest.yuv_route, lowest.yuv_route_planes);
  EXPECT_GE(lowest.bgr_route, kRequiredDb);
  EXPECT_GE(lowest.yuv_route, kRequiredDb);
  EXPECT_GE(lowest.yuv_route_planes, kRequiredDb);
}

}  // namespace
}  // namespace lips
