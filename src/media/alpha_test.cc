// Opacity in and out of files, in every form that people keep it in.
#include <gtest/gtest.h>

#include <utility>

#include "image/plane.h"
#include "media/media_test_files.h"
#include "media/picture.h"
#include "media/sequence_writer.h"
#include "media/video_reader.h"
#include "media/video_writer.h"

namespace lips {
namespace {

class Alpha : public testing::Test, public MediaFolder {
 protected:
  void SetUp() override { SKIP_WITHOUT_FFMPEG_PROGRAM(); }
};

constexpr int kWidth = 96;
constexpr int kHeight = 64;

// Opacity that grows to the right and with every frame.
int Ramp(int x, int frame) { return std::min(255, 2 * x + 10 * frame); }
constexpr char kSource[] =
    "-f lavfi -i testsrc2=s=96x64:r=25:d=0.2 -vf \"format=rgba,"
    "geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='min(255,2*X+10*N)'\"";

// The largest difference of frame `n`'s opacity from the ramp.
int Deviation(const Plane& alpha, int n) {
  int most = 0;
  for (int y = 0; y < alpha.height(); ++y) {
    for (int x = 0; x < alpha.width(); ++x) most = std::max(most, std::abs(alpha.view().Row(y)[x] - Ramp(x, n)));
  }
  return most;
}

TEST_F(Alpha, IsReadFromEveryKindOfVideo) {
  struct Kind {
    const char* name;
    const char* arguments;
    int tolerance;
  };
  const std::vector<Kind> kinds = {
      {"a.mov", "-c:v qtrle", 0},
      {"b.mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le", 1},  // 8 bits became 10 by a shift
      {"c.webm", "-c:v libvpx-vp9 -pix_fmt yuva420p -crf 10 -auto-alt-ref 0", 6},
      {"d.webm", "-c:v libvpx -pix_fmt yuva420p -crf 4 -b:v 2M -auto-alt-ref 0", 12},
      {"e.mkv", "-c:v ffv1 -pix_fmt yuva420p", 0},
      {"f.mov", "-c:v png", 0},
      {"g.mov", "-c:v png -pix_fmt rgba64be", 1},  // ... and 16
  };
  for (const Kind& kind : kinds) {
    const Path path = Make(kind.name, std::string(kSource) + " " + kind.arguments);
    auto reader = VideoReader::Open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    ASSERT_TRUE(reader.value().info().alpha) << kind.name;
    ASSERT_EQ(reader.value().info().frames, 5) << kind.name;
    YuvImage frame;
    Plane alpha;
    for (const int n : {0, 1, 2, 3, 4, 1}) {
      ASSERT_TRUE(reader.value().Seek(n).ok());
      ASSERT_TRUE(reader.value().Read(frame, &alpha).ok());
      EXPECT_LE(Deviation(alpha, n), kind.tolerance) << kind.name << " frame " << n;
    }
  }
}

TEST_F(Alpha, IsAbsentWhereNothingIsTransparent) {
  for (const auto& [name, arguments] :
       {std::pair{"a.mp4", "-pix_fmt yuv420p"}, {"b.webm", "-c:v libvpx-vp9 -pix_fmt yuv420p"}}) {
    auto reader = VideoReader::Open(Make(name, std::string("-f lavfi -i testsrc2=s=96x64:r=25:d=0.2 ") + arguments));
    ASSERT_TRUE(reader.ok());
    EXPECT_FALSE(reader.value().info().alpha);
    YuvImage frame;
    Plane alpha;
    ASSERT_TRUE(reader.value().Read(frame, &alpha).ok());
    EXPECT_TRUE(alpha.empty());
  }
}

TEST_F(Alpha, TurnsWithThePicture) {
  const Path plain = Make("plain.mov", std::string(kSource) + " -frames:v 1 -c:v qtrle");
  const Path turned = Make("turned.mov", "-i '" + plain.string() + "' -c copy -metadata:s:v rotate=90");
  auto reader = VideoReader::Open(turned);
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  ASSERT_EQ(reader.value().info().width, kHeight);
  YuvImage frame;
  Plane alpha;
  ASSERT_TRUE(reader.value().Read(frame, &alpha).ok());
  ASSERT_EQ(alpha.height(), kWidth);
  for (int y = 0; y < kWidth; ++y) {
    EXPECT_EQ(alpha.view().Row(y)[3], std::as_const(alpha).view().Row(y)[50]);
  }
  EXPECT_NE(alpha.view().Row(0)[0], alpha.view().Row(kWidth - 1)[0]);
}

class AlphaWriter : public Alpha {
 protected:
  // Writes five frames; gives what ffprobe says of their pixel format.
  std::string Write(const Path& path, const std::string& codec) {
    VideoWriterOptions options;
    options.width = kWidth;
    options.height = kHeight;
    options.codec = codec.empty() ? DefaultCodec(path, true) : codec;
    options.alpha = true;
    options.crf = 4;
    auto writer = VideoWriter::Create(path, options);
    if (!writer.ok()) return writer.error().message();
    YuvImage frame(kWidth, kHeight, options.format);
    Plane alpha(kWidth, kHeight, 0);
    for (int n = 0; n < 5; ++n) {
      for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) alpha.view().Row(y)[x] = static_cast<uint8_t>(Ramp(x, n));
        for (int x = 0; x < kWidth; ++x) frame.view().y.Row(y)[x] = static_cast<uint8_t>(16 + x + 8 * n);
      }
      const Status written = writer.value().Write(std::as_const(frame).view(), std::as_const(alpha).view());
      if (!written.ok()) return written.error().message();
    }
    const Status finished = writer.value().Finish();
    return finished.ok() ? "" : finished.error().message();
  }
};

TEST_F(AlphaWriter, WritesWhatIsReadBack) {
  struct Kind {
    const char* name;
    const char* codec;
    const char* probe;
    int tolerance;
  };
  const std::vector<Kind> kinds = {{"a.mov", "", "yuva444p", 0},
                                   {"b.mkv", "prores", "yuva444p", 0},
                                   {"c.webm", "", "alpha_mode=1", 4},
                                   {"d.mkv", "", "alpha_mode=1", 4},
                                   {"e.mkv", "ffv1", "yuva420p", 0}};
  for (const Kind& kind : kinds) {
    const Path path = folder() / kind.name;
    ASSERT_EQ(Write(path, kind.codec), "") << kind.name;
    const std::string probed = Probe(path, "-show_entries stream=codec_name,pix_fmt:stream_tags");
    std::string lower = probed;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_NE(lower.find(kind.probe), std::string::npos) << kind.name << ": " << probed;
    auto reader = VideoReader::Open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    ASSERT_TRUE(reader.value().info().alpha) << kind.name;
    YuvImage frame;
    Plane alpha;
    for (int n = 0; n < 5; ++n) {
      ASSERT_TRUE(reader.value().Read(frame, &alpha).ok());
      EXPECT_LE(Deviation(alpha, n), kind.tolerance) << kind.name;
      EXPECT_NEAR(frame.view().y.Row(10)[20], 36 + 8 * n, 3) << kind.name;
    }
  }
}

TEST_F(AlphaWriter, RefusesCodecsWithoutAlphaAndSaysWhichHaveIt) {
  for (const auto& [name, codec] : {std::pair{"a.mp4", ""}, {"b.mov", "h264"}, {"c.mkv", "mjpeg"}}) {
    const std::string said = Write(folder() / name, codec);
    EXPECT_NE(said.find("has no alpha; expected prores (.mov, .mkv), vp9 (.webm, .mkv) or ffv1 (.mkv)"),
              std::string::npos)
        << said;
    EXPECT_FALSE(std::filesystem::exists(folder() / name));
  }
}

TEST_F(Alpha, OpaqueProresIsWrittenWithoutAlpha) {
  VideoWriterOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.codec = "prores";
  auto writer = VideoWriter::Create(folder() / "a.mov", options);
  ASSERT_TRUE(writer.ok()) << writer.error().message();
  const YuvImage frame(kWidth, kHeight, options.format);
  ASSERT_TRUE(writer.value().Write(frame.view()).ok());
  ASSERT_TRUE(writer.value().Finish().ok());
  EXPECT_NE(Probe(folder() / "a.mov", "-show_entries stream=pix_fmt").find("yuv422p10"), std::string::npos);
}

TEST_F(Alpha, OfPicturesComesAndGoes) {
  const YuvImage frame(kWidth, kHeight, {});
  Plane alpha(kWidth, kHeight, 0);
  for (int x = 0; x < kWidth; ++x) alpha.view().Row(7)[x] = static_cast<uint8_t>(x);
  auto pictures = SequenceWriter::Create(folder() / "pictures", {});
  ASSERT_TRUE(pictures.ok());
  ASSERT_TRUE(pictures.value().Write(frame.view(), std::as_const(alpha).view()).ok());
  Plane read;
  ASSERT_TRUE(ReadPicture(pictures.value().FileOf(0), &read).ok());
  ASSERT_EQ(read.width(), kWidth);
  for (int x = 0; x < kWidth; ++x) EXPECT_EQ(read.view().Row(7)[x], x);
  EXPECT_EQ(read.view().Row(8)[5], 0);

  auto jpegs = SequenceWriter::Create(folder() / "jpegs", {.extension = ".jpg"});
  ASSERT_TRUE(jpegs.ok());
  EXPECT_FALSE(jpegs.value().Write(frame.view(), std::as_const(alpha).view()).ok());
  // A palette counts only when one of its colours is transparent.
  const Path opaque = Make("opaque.png", "-f lavfi -i testsrc2=s=96x64 -frames:v 1 -update 1 -pix_fmt pal8");
  ASSERT_TRUE(ReadPicture(opaque, &read).ok());
  EXPECT_TRUE(read.empty());
}

}  // namespace
}  // namespace lips
