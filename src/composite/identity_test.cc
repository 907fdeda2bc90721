// A mouth that is the picture's own must leave the picture as it was: the law that finds a wrong border, a wrong filter
// and a shifted rectangle (spec.md 4: 59 dB for the reference, 52 dB and less for the usual mistakes).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "composite/compatible.h"
#include "image/colour.h"
#include "image/random_picture.h"
#include "image/resize.h"
#include "image/video_pipe.h"

namespace lips {
namespace {

constexpr int kCrop = 328;
constexpr int kBorder = 4;
constexpr int kMouth = kCrop - 2 * kBorder;
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
  const ConstImageView mouth = crop.view().Crop({kBorder, kBorder, kMouth, kMouth});

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
  static constexpr int kFrames = 120, kStep = 8;

  void SetUp() override {
    const std::filesystem::path folder = SandersFolder();
    if (folder.empty()) GTEST_SKIP() << kNoSanders;
    const auto text = ReadTextFile(folder / "crop_rects.json");
    ASSERT_TRUE(text.ok()) << text.error().message();
    auto rects = ParseJson(text.value());
    ASSERT_TRUE(rects.ok()) << rects.error().message();

    VideoPipe video(folder / "full_body_video.mp4", kFrames, "yuv420p");
    YuvImage frame(kSandersWidth, kSandersHeight, {});
    for (size_t i = 0; i < kFrames; ++i) {
      ASSERT_TRUE(video.Read(frame.view().y.data, frame.bytes())) << "frame " << i;
      if (i % kStep != 0) continue;
      const auto& r = rects.value().array()[i].array();
      const auto at = [&r](size_t k) { return static_cast<int>(r[k].as_int()); };
      faces_.push_back({frame.Clone(), {at(0), at(1), at(2) - at(0), at(3) - at(1)}});
    }
  }

  struct Face {
    YuvImage frame;
    Rect rect;
  };
  std::vector<Face> faces_;
};

TEST_F(Sanders, CompatibleIdentityHoldsOnRealFrames) {
  CompatibleComposite composite;
  IdentityDb lowest = {99, 99, 99};
  for (const Face& face : faces_) {
    const IdentityDb db = PasteOwnMouth(composite, face.frame, face.rect);
    lowest.bgr_route = std::min(lowest.bgr_route, db.bgr_route);
    lowest.yuv_route = std::min(lowest.yuv_route, db.yuv_route);
    lowest.yuv_route_planes = std::min(lowest.yuv_route_planes, db.yuv_route_planes);
  }
  std::printf("lowest identity: BGR route %.2f dB, YUV route %.2f dB, its planes %.2f dB\n", lowest.bgr_route,
              lowest.yuv_route, lowest.yuv_route_planes);
  EXPECT_GE(lowest.bgr_route, kRequiredDb);
  EXPECT_GE(lowest.yuv_route, kRequiredDb);
  EXPECT_GE(lowest.yuv_route_planes, kRequiredDb);
}

// What reaches a 4:2:0 encoder, seen as B, G, R again, when each face gets the mouth of the face after it. The BGR
// route has to convert the whole frame back, which costs more than the planes' own way of pasting.
TEST_F(Sanders, PastingIntoPlanesIsCloserToTheReferenceThanConvertingBack) {
  CompatibleComposite composite;
  double planes_db = 99, convert_db = 99, outside_db = 99;
  for (size_t i = 0; i + 1 < faces_.size(); ++i) {
    const auto& [frame, rect] = faces_[i];
    const auto crop_of = [](const Face& face) {
      Image was(face.rect.width, face.rect.height), crop(kCrop, kCrop);
      YuvToBgr(face.frame.view(), face.rect, was.view());
      ResizeCubic(was.view(), crop.view());
      return crop;
    };
    const Image crop = crop_of(faces_[i]), other = crop_of(faces_[i + 1]);
    const ConstImageView mouth = other.view().Crop({kBorder, kBorder, kMouth, kMouth});

    Image reference(kSandersWidth, kSandersHeight);
    YuvToBgr(frame.view(), reference.view());
    composite.Paste(crop.view(), mouth, rect, reference.view());
    YuvImage pasted = frame.Clone();
    composite.Paste(crop.view(), mouth, rect, pasted.view());
    YuvImage converted(kSandersWidth, kSandersHeight, frame.format());
    BgrToYuv(reference.view(), converted.view());

    Image seen(rect.width, rect.height);
    YuvToBgr(pasted.view(), rect, seen.view());
    planes_db = std::min(planes_db, Psnr<3>(seen.view(), reference.view().Crop(rect)));
    YuvToBgr(converted.view(), rect, seen.view());
    convert_db = std::min(convert_db, Psnr<3>(seen.view(), reference.view().Crop(rect)));
    const Rect above = {0, 0, kSandersWidth, rect.y};
    outside_db = std::min(outside_db, Psnr<1>(converted.view().y.Crop(above), frame.view().y.Crop(above)));
  }
  std::printf("against the reference's picture: pasted into planes %.2f dB, converted back %.2f dB\n", planes_db,
              convert_db);
  std::printf("luma outside the rectangle: untouched in planes, %.2f dB converted back\n", outside_db);
  EXPECT_GT(planes_db, convert_db);
  EXPECT_GT(planes_db, 38);
}

}  // namespace
}  // namespace lips
