#include "media/video_writer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <map>
#include <sstream>

#include "base/sha256.h"
#include "media/output_check.h"
#include "media/video_reader.h"
#include "media/video_writer_fixture.h"

namespace lips {
namespace {

struct Kind {
  const char* codec;
  const char* file;
  YuvFormat format;
  double psnr_db = 30;
};

TEST_F(VideoWriterTest, WhatIsWrittenIsReadBackInEveryCodecAndContainer) {
  const YuvFormat limited601 = {YuvMatrix::kBt601, YuvRange::kLimited};
  const YuvFormat limited709 = {YuvMatrix::kBt709, YuvRange::kLimited};
  const YuvFormat full601 = {YuvMatrix::kBt601, YuvRange::kFull};
  for (const Kind& kind :
       {Kind{"h264", "a.mp4", limited601}, Kind{"h264", "a.mov", limited709}, Kind{"h264", "a.MKV", full601},
        Kind{"hevc", "a.mp4", limited709}, Kind{"vp9", "a.webm", limited601}, Kind{"vp9", "a.mp4", limited709},
        Kind{"ffv1", "a.mkv", full601, 90}, Kind{"mjpeg", "a.mov", full601}, Kind{"mjpeg", "a.mkv", limited601}}) {
    SCOPED_TRACE(std::string(kind.codec) + " in " + kind.file);
    VideoWriterOptions options = Small();
    options.codec = kind.codec;
    options.format = kind.format;
    options.fps = {30000, 1001};
    const Path path = folder_ / kind.file;
    const Status status = WriteAll(path, options, 20);
    if (!status.ok() && status.error().code() == ErrorCode::kUnsupported) continue;  // an FFmpeg without this encoder
    ASSERT_TRUE(status.ok()) << status.error().message();
    auto reader = VideoReader::Open(path);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    EXPECT_EQ(reader.value().info().frames, 20);
    EXPECT_EQ(reader.value().info().fps, options.fps);
    EXPECT_EQ(reader.value().info().format, kind.format);
    YuvImage image;
    for (int64_t k = 0; k < 20; ++k) {
      ASSERT_TRUE(reader.value().Read(image).ok());
      const YuvImage expected = Picture(64, 48, kind.format, k);
      EXPECT_GT(LumaPsnr(image.view().y, expected.view().y), kind.psnr_db) << "frame " << k;
      EXPECT_GT(LumaPsnr(image.view().u, expected.view().u), kind.psnr_db) << "frame " << k;
    }
  }
}

TEST_F(VideoWriterTest, TagsColoursAndMetadataWhereProgramsLookForThem) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  VideoWriterOptions options = Small();
  options.width = 1280;
  options.height = 720;
  options.metadata = {{"synthetic", "true"}, {"lipstream.model_sha256", "00ff"}, {"title", "käse; = \"quoted\""}};
  const auto tags = [](const Path& path) {
    return Probe(path,
                 "-show_entries stream=codec_name,color_range,color_space,color_primaries,color_transfer,pix_fmt");
  };
  ASSERT_TRUE(WriteAll(folder_ / "a.mp4", options, 3).ok());
  EXPECT_EQ(tags(folder_ / "a.mp4"),
            "codec_name=h264\npix_fmt=yuv420p\ncolor_range=tv\ncolor_space=bt470bg\ncolor_transfer=bt709\n"
            "color_primaries=bt709\n");
  for (const char* name : {"a.mp4", "a.mkv"}) {
    ASSERT_TRUE(WriteAll(folder_ / name, options, 3).ok());
    const std::string format = Probe(folder_ / name, "-show_entries format_tags");
    const auto has = [&format](std::string line) {
      std::string lower = format;
      std::transform(lower.begin(), lower.end(), lower.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      return lower.find(line) != std::string::npos;
    };
    EXPECT_TRUE(has("tag:synthetic=true\n")) << format;
    EXPECT_TRUE(has("tag:lipstream.model_sha256=00ff\n")) << format;
    EXPECT_TRUE(has("tag:title=käse; = \"quoted\"\n")) << format;
  }
  options.width = 640;
  options.fps = {30, 1};
  options.format = {YuvMatrix::kBt601, YuvRange::kFull};
  options.height = 480;
  ASSERT_TRUE(WriteAll(folder_ / "b.mp4", options, 3).ok());
  EXPECT_EQ(tags(folder_ / "b.mp4"),
            "codec_name=h264\npix_fmt=yuvj420p\ncolor_range=pc\ncolor_space=smpte170m\ncolor_transfer=smpte170m\n"
            "color_primaries=smpte170m\n");
}

// The types of a file's outermost boxes, in order.
std::string BoxesOf(const Path& path) {
  const std::vector<uint8_t> bytes = ReadFile(path).value();
  std::string types;
  for (size_t at = 0; at + 8 <= bytes.size();) {
    const size_t size =
        size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 | size_t{bytes[at + 2]} << 8 | bytes[at + 3];
    types +=
        std::string(bytes.begin() + static_cast<ptrdiff_t>(at) + 4, bytes.begin() + static_cast<ptrdiff_t>(at) + 8) +
        " ";
    if (size < 8) break;
    at += size;
  }
  return types;
}

TEST_F(VideoWriterTest, TheIndexComesFirstSoThatPlaybackStartsBeforeTheEnd) {
  for (const char* name : {"a.mp4", "a.mov"}) {
    ASSERT_TRUE(WriteAll(folder_ / name, Small(), 5).ok());
    const std::string boxes = BoxesOf(folder_ / name);
    EXPECT_LT(boxes.find("moov"), boxes.find("mdat")) << boxes;
  }
}

TEST_F(VideoWriterTest, AnOddSizeGetsOneMoreColumnAndRowWhereTheCodecNeedsIt) {
  VideoWriterOptions options = Small();
  options.width = 61;
  options.height = 47;
  options.crf = 0;
  ASSERT_TRUE(WriteAll(folder_ / "a.mp4", options, 3).ok());
  auto reader = VideoReader::Open(folder_ / "a.mp4");
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader.value().info().width, 62);
  EXPECT_EQ(reader.value().info().height, 48);
  YuvImage image;
  ASSERT_TRUE(reader.value().Read(image).ok());
  const YuvView view = image.view();
  for (int y = 0; y < 48; ++y) EXPECT_NEAR(view.y.Row(y)[61], view.y.Row(y)[60], 2);
  for (int x = 0; x < 62; ++x) EXPECT_NEAR(view.y.Row(47)[x], view.y.Row(46)[x], 2);
  options.codec = "ffv1";
  ASSERT_TRUE(WriteAll(folder_ / "a.mkv", options, 3).ok());
  EXPECT_EQ(VideoReader::Open(folder_ / "a.mkv").value().info().width, 61);
}

TEST_F(VideoWriterTest, EqualInputGivesEqualBytes) {
  WriteWav(folder_ / "a.wav", Claps(16000, 1, 2), 16000, 1);
  VideoWriterOptions options = Small();
  options.audio = folder_ / "a.wav";
  options.preset = "veryfast";
  options.threads = 2;
  options.metadata = {{"synthetic", "true"}};
  for (const char* name : {"a.mp4", "a.mkv"}) {
    ASSERT_TRUE(WriteAll(folder_ / name, options, 40).ok());
    const std::string first = Sha256OfFile(folder_ / name).value();
    ASSERT_TRUE(WriteAll(folder_ / name, options, 40).ok());
    EXPECT_EQ(Sha256OfFile(folder_ / name).value(), first) << name;
  }
}

TEST_F(VideoWriterTest, WithoutFinishTheTargetStaysAsItWas) {
  const Path path = folder_ / "a.mp4";
  ASSERT_TRUE(WriteFileAtomically(path, "old").ok());
  {
    auto writer = VideoWriter::Create(path, Small());
    ASSERT_TRUE(writer.ok());
    for (int k = 0; k < 30; ++k) ASSERT_TRUE(writer.value().Write(Picture(64, 48, {}, k).view()).ok());
  }
  EXPECT_EQ(ReadTextFile(path).value(), "old");
  EXPECT_EQ(EntryCount(), 1u);
  auto empty = VideoWriter::Create(path, Small());
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty.value().Finish().error().message(), "cannot write '" + path.string() + "': no frame was written");
  EXPECT_EQ(ReadTextFile(path).value(), "old");
}

// No file may grow beyond `bytes` while this lives: the kernel answers as a full disk does, with an error.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_ = {};
  void (*handler_)(int);
};

TEST_F(VideoWriterTest, AFullDiskIsAnErrorWithPathAndReasonAndLeavesNothingBehind) {
  for (const char* name : {"a.mp4", "a.mkv"}) {
    const Path path = folder_ / name;
    VideoWriterOptions options = Small();
    options.width = 320;
    options.height = 240;
    options.crf = 0;
    for (const rlim_t bytes : {rlim_t{0}, rlim_t{40'000}, rlim_t{150'000}}) {
      Status status;
      {
        const FileSizeLimit limit(bytes);
        status = WriteAll(path, options, 200);
      }
      ASSERT_FALSE(status.ok()) << name << " in " << bytes << " bytes";
      EXPECT_EQ(status.error().code(), ErrorCode::kIo) << status.error().message();
      EXPECT_EQ(status.error().message(), "cannot write '" + path.string() + "': File too large");
      EXPECT_EQ(EntryCount(), 0u);
    }
  }
}

TEST_F(VideoWriterTest, WhatCannotBeWrittenIsRefusedWithTheChoices) {
  const auto message = [this](const char* name, const VideoWriterOptions& options) {
    auto writer = VideoWriter::Create(folder_ / name, options);
    if (writer.ok()) return std::string("created");
    EXPECT_EQ(writer.error().code(), ErrorCode::kInvalidInput);
    const std::string start = "cannot write '" + (folder_ / name).string() + "': ";
    EXPECT_EQ(writer.error().message().substr(0, start.size()), start);
    return writer.error().message().substr(std::min(start.size(), writer.error().message().size()));
  };
  VideoWriterOptions options = Small();
  EXPECT_EQ(message("a.avi", options),
            "unknown video file extension '.avi'; expected one of: .mp4, .m4v, .mov, .mkv, .webm");
  EXPECT_EQ(message("a.webm", options), "a .webm file cannot hold h264 video; expected one of: vp9");
  options.codec = "divx";
  EXPECT_EQ(message("a.mp4", options),
            "unknown video codec 'divx'; expected one of: h264, hevc, vp9, prores, ffv1, mjpeg");
  options = Small();
  options.preset = "quick";
  EXPECT_EQ(
      message("a.mp4", options),
      "unknown preset 'quick'; expected one of: ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, "
      "veryslow, placebo");
  options = Small();
  options.crf = 52;
  EXPECT_EQ(message("a.mp4", options), "crf is 52; expected 0..51 for h264");
  options = Small();
  options.width = 0;
  EXPECT_EQ(message("a.mp4", options), "the picture's size is 0x48; expected 1..16384 a side");
  options = Small();
  options.fps = {0, 1};
  EXPECT_EQ(message("a.mp4", options), "the frame rate is 0/1; expected 1 to 240 frames per second");
  EXPECT_EQ(EntryCount(), 0u);

  options = Small();
  EXPECT_EQ(VideoWriter::Create(folder_ / "no" / "a.mp4", options).error().code(), ErrorCode::kIo);
  options.audio = folder_ / "none.wav";
  auto no_audio = VideoWriter::Create(folder_ / "a.mp4", options);
  ASSERT_FALSE(no_audio.ok());
  EXPECT_NE(no_audio.error().message().find("none.wav"), std::string::npos) << no_audio.error().message();
  EXPECT_EQ(EntryCount(), 0u);
}

TEST_F(VideoWriterTest, APictureOfAnotherSizeOrColourIsRefusedAndTheFileGoesOn) {
  auto writer = VideoWriter::Create(folder_ / "a.mp4", Small());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer.value().Write(Picture(64, 48, {}, 0).view()).ok());
  EXPECT_EQ(writer.value().Write(Picture(64, 46, {}, 0).view()).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(writer.value().Write(Picture(64, 48, {YuvMatrix::kBt709, YuvRange::kLimited}, 0).view()).error().code(),
            ErrorCode::kInvalidInput);
  ASSERT_TRUE(writer.value().Write(Picture(64, 48, {}, 1).view()).ok());
  ASSERT_TRUE(writer.value().Finish().ok());
  EXPECT_EQ(writer.value().Finish().error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(VideoReader::Open(folder_ / "a.mp4").value().info().frames, 2);
}

TEST_F(VideoWriterTest, TheCheckFindsWhatIsMissing) {
  WriteWav(folder_ / "a.wav", Claps(16000, 1, 2), 16000, 1);
  VideoWriterOptions options = Small();
  options.audio = folder_ / "a.wav";
  const Path path = folder_ / "a.mp4";
  ASSERT_TRUE(WriteAll(path, options, 25).ok());
  const ExpectedOutput right = {.frames = 25, .fps = {25, 1}, .audio_s = 1.0};
  EXPECT_TRUE(CheckOutput(path, right).ok());
  ExpectedOutput wrong = right;
  wrong.frames = 26;
  EXPECT_FALSE(CheckOutput(path, wrong).ok());
  wrong = right;
  wrong.fps = {30, 1};
  EXPECT_FALSE(CheckOutput(path, wrong).ok());
  wrong = right;
  wrong.audio_s = 1.2;
  EXPECT_FALSE(CheckOutput(path, wrong).ok());
  wrong = right;
  wrong.audio_s.reset();
  EXPECT_FALSE(CheckOutput(path, wrong).ok());
  std::vector<uint8_t> bytes = ReadFile(path).value();
  bytes.resize(bytes.size() - 200);
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  EXPECT_EQ(CheckOutput(path, right).error().code(), ErrorCode::kCorrupted);
}

}  // namespace
}  // namespace lips
