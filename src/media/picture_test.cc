#include "media/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "media/media_test_files.h"

namespace lips {
namespace {

// Noise: no filter or subsampling trick can hide in it.
Image Noise(int width, int height, unsigned seed) {
  Image image(width, height);
  std::mt19937 random(seed);
  for (int y = 0; y < height; ++y) {
    for (int i = 0; i < 3 * width; ++i) image.view().Row(y)[i] = static_cast<uint8_t>(random());
  }
  return image;
}

// Smooth in both directions, different in every channel.
Image Ramp(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.view().Row(y) + ptrdiff_t{3} * x;
      pixel[0] = static_cast<uint8_t>(40 + 100 * x / width);
      pixel[1] = static_cast<uint8_t>(60 + 100 * y / height);
      pixel[2] = static_cast<uint8_t>(200 - 100 * x / width);
    }
  }
  return image;
}

bool Same(ConstImageView a, ConstImageView b) {
  if (a.width != b.width || a.height != b.height) return false;
  for (int y = 0; y < a.height; ++y) {
    if (!std::equal(a.Row(y), a.Row(y) + ptrdiff_t{3} * a.width, b.Row(y))) return false;
  }
  return true;
}

int WorstDifference(ConstImageView a, ConstImageView b) {
  int worst = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int i = 0; i < 3 * a.width; ++i) worst = std::max(worst, std::abs(a.Row(y)[i] - b.Row(y)[i]));
  }
  return worst;
}

class PictureTest : public ::testing::Test, protected MediaFolder {};

TEST_F(PictureTest, PngGivesBackEveryByte) {
  for (const auto& [width, height] : {std::pair{1, 1}, {17, 5}, {320, 320}, {3, 500}}) {
    const Image image = Noise(width, height, 1);
    ASSERT_TRUE(WritePicture(folder_ / "a.PNG", image.view()).ok());
    auto read = ReadPicture(folder_ / "a.PNG");
    ASSERT_TRUE(read.ok()) << read.error().message();
    EXPECT_TRUE(Same(read.value().view(), image.view())) << width << "x" << height;
  }
  EXPECT_EQ(EntryCount(), 1u) << "no temporary file stays behind";
}

TEST_F(PictureTest, PngOfAPartOfAnImageIsThatPart) {
  const Image image = Noise(40, 30, 2);
  const ConstImageView part = image.view().Crop({3, 4, 20, 10});
  ASSERT_TRUE(WritePng(folder_ / "a.png", part).ok());
  EXPECT_TRUE(Same(ReadPicture(folder_ / "a.png").value().view(), part));
}

TEST_F(PictureTest, AGreyPngReadsAsEqualChannels) {
  std::vector<uint8_t> grey(7 * 5);
  for (size_t i = 0; i < grey.size(); ++i) grey[i] = static_cast<uint8_t>(7 * i);
  ASSERT_TRUE(WritePng(folder_ / "a.png", ConstPlaneView{grey.data(), 7, 5, 7}).ok());
  const Image image = ReadPicture(folder_ / "a.png").value();
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 7; ++x) {
      for (int c = 0; c < 3; ++c) ASSERT_EQ(image.view().Row(y)[3 * x + c], grey[static_cast<size_t>(7 * y + x)]);
    }
  }
}

TEST_F(PictureTest, EveryKindOfPngKeepsItsColours) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  std::vector<Output> outputs;
  for (const char* format : {"rgb24", "rgba", "rgb48be", "rgba64be"}) {
    outputs.push_back({format + std::string(".png"), std::string("-frames:v 1 -pix_fmt ") + format});
  }
  MakeAll("-f lavfi -i color=c=0x3366CC:size=16x8", outputs);
  for (const char* format : {"rgb24", "rgba", "rgb48be", "rgba64be"}) {
    const Path path = folder_ / (format + std::string(".png"));
    auto image = ReadPicture(path);
    ASSERT_TRUE(image.ok()) << format << ": " << image.error().message();
    const uint8_t* pixel = image.value().view().Row(7) + ptrdiff_t{3} * 15;
    EXPECT_NEAR(pixel[0], 0xCC, 3) << format;
    EXPECT_NEAR(pixel[1], 0x66, 3) << format;
    EXPECT_NEAR(pixel[2], 0x33, 3) << format;
  }
  // A palette of 256 colours made for this one picture, so that none is far off.
  const Path path = Make("p.png",
                         "-f lavfi -i color=c=0x3366CC:size=16x8 -frames:v 1 -filter_complex "
                         "'split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=dither=none'");
  const Image palette = ReadPicture(path).value();
  EXPECT_NEAR(palette.view().Row(5)[0], 0xCC, 3);
  EXPECT_NEAR(palette.view().Row(5)[1], 0x66, 3);
  EXPECT_NEAR(palette.view().Row(5)[2], 0x33, 3);
  for (const char* format : {"gray", "ya8", "gray16be", "monob"}) {
    const Path grey = Make("g.png", std::string("-f lavfi -i color=c=white:size=16x8 -frames:v 1 -pix_fmt ") + format);
    auto image = ReadPicture(grey);
    ASSERT_TRUE(image.ok()) << format << ": " << image.error().message();
    for (int c = 0; c < 3; ++c) EXPECT_GE(image.value().view().Row(3)[3 * 9 + c], 250) << format;
  }
}

TEST_F(PictureTest, JpegIsCloseAndItsPlanesAreItsPicture) {
  const Image image = Ramp(63, 41);  // odd: the library pads its planes
  ASSERT_TRUE(WriteJpeg(folder_ / "a.jpg", image.view(), 95).ok());
  auto read = ReadPicture(folder_ / "a.jpg");
  ASSERT_TRUE(read.ok()) << read.error().message();
  EXPECT_LE(WorstDifference(read.value().view(), image.view()), 12);

  auto planes = ReadJpegAsYuv(folder_ / "a.jpg");
  ASSERT_TRUE(planes.ok()) << planes.error().message();
  EXPECT_EQ(planes.value().format(), (YuvFormat{YuvMatrix::kBt601, YuvRange::kFull}));
  ASSERT_EQ(planes.value().width(), 63);
  ASSERT_EQ(planes.value().height(), 41);
  for (int y = 0; y < 41; ++y) {
    for (int x = 0; x < 63; ++x) {
      const uint8_t* p = read.value().view().Row(y) + ptrdiff_t{3} * x;
      const double luma = 0.114 * p[0] + 0.587 * p[1] + 0.299 * p[2];  // JFIF
      ASSERT_NEAR(planes.value().view().y.Row(y)[x], luma, 2.0) << x << "," << y;
    }
  }
}

TEST_F(PictureTest, EverySubsamplingBecomesTheSameFourTwoZero) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Image image = Ramp(64, 48);
  ASSERT_TRUE(WritePng(folder_ / "a.png", image.view()).ok());
  const std::string source = "-i '" + (folder_ / "a.png").string() + "' -q:v 2 -pix_fmt ";
  const YuvImage expected = ReadJpegAsYuv(Make("420.jpg", source + "yuvj420p")).value();
  for (const char* format : {"yuvj444p", "yuvj422p", "yuvj440p", "yuvj411p"}) {
    auto planes = ReadJpegAsYuv(Make("b.jpg", source + format + " -strict unofficial"));
    ASSERT_TRUE(planes.ok()) << format << ": " << planes.error().message();
    const auto near = [&](ConstPlaneView a, ConstPlaneView b) {
      for (int y = 0; y < a.height; ++y) {
        for (int x = 0; x < a.width; ++x) ASSERT_NEAR(a.Row(y)[x], b.Row(y)[x], 6) << format << " " << x << "," << y;
      }
    };
    near(planes.value().view().y, expected.view().y);
    near(planes.value().view().u, expected.view().u);
    near(planes.value().view().v, expected.view().v);
  }
}

TEST_F(PictureTest, DamagedPicturesAreRefusedWithThePath) {
  const Image image = Ramp(64, 48);
  for (const char* name : {"a.png", "a.jpg"}) {
    const Path path = folder_ / name;
    ASSERT_TRUE(WritePicture(path, image.view()).ok());
    const std::vector<uint8_t> whole = ReadFile(path).value();
    ASSERT_TRUE(ParsePicture(whole).ok());
    for (const size_t size : {size_t{0}, size_t{1}, size_t{10}, whole.size() / 2, whole.size() - 2}) {
      const std::span<const uint8_t> cut(whole.data(), size);
      auto parsed = ParsePicture(cut);
      ASSERT_FALSE(parsed.ok()) << name << " cut to " << size;
      EXPECT_EQ(parsed.error().code(), ErrorCode::kCorrupted) << parsed.error().message();
    }
    ASSERT_TRUE(WriteFileAtomically(path, std::span(whole).first(whole.size() / 2)).ok());
    EXPECT_NE(ReadPicture(path).error().message().find(path.string()), std::string::npos);
  }
  EXPECT_EQ(ReadPicture(folder_ / "none.png").error().code(), ErrorCode::kIo);
}

TEST_F(PictureTest, FlippedBytesNeverCrash) {
  std::mt19937 random(5);
  for (const char* name : {"a.png", "a.jpg"}) {
    ASSERT_TRUE(WritePicture(folder_ / name, Ramp(40, 30).view()).ok());
    const std::vector<uint8_t> whole = ReadFile(folder_ / name).value();
    for (int round = 0; round < 300; ++round) {
      std::vector<uint8_t> bytes = whole;
      for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
      auto parsed = ParsePicture(bytes);
      if (parsed.ok()) {
        EXPECT_GT(parsed.value().width(), 0);
      }
    }
  }
}

TEST_F(PictureTest, AHugeClaimIsRefusedBeforeMemoryIsTaken) {
  ASSERT_TRUE(WritePng(folder_ / "a.png", Ramp(8, 8).view()).ok());
  std::vector<uint8_t> bytes = ReadFile(folder_ / "a.png").value();
  bytes[18] = bytes[22] = 0x40;  // IHDR's width and height: 16392 x 16392
  auto parsed = ParsePicture(bytes);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code(), ErrorCode::kResourceLimit);
}

TEST_F(PictureTest, WhatCannotBeWrittenIsSaidPlainly) {
  const Image image = Ramp(8, 8);
  EXPECT_EQ(
      WritePicture(folder_ / "a.bmp", image.view()).error().message(),
      "cannot write '" + (folder_ / "a.bmp").string() + "': its extension is '.bmp'; expected .png, .jpg or .jpeg");
  EXPECT_EQ(WriteJpeg(folder_ / "a.jpg", image.view(), 0).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(WritePng(folder_ / "no" / "a.png", image.view()).error().code(), ErrorCode::kIo);
  EXPECT_EQ(WritePng(folder_ / "a.png", ConstImageView{}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(EntryCount(), 0u);
}

}  // namespace
}  // namespace lips
