#include "media/video_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <sstream>

#include "media/media_test_files.h"

namespace lips {
namespace {

constexpr char kMoving[] = "-f lavfi -i testsrc2=size=160x120:rate=25:duration=2.4 ";  // 60 frames
constexpr int64_t kMovingFrames = 60;

std::vector<std::string> HashesInOrder(VideoReader& reader) {
  std::vector<std::string> hashes;
  YuvImage image;
  EXPECT_TRUE(reader.Seek(0).ok());
  for (;;) {
    const Status status = reader.Read(image);
    if (!status.ok()) {
      EXPECT_EQ(status.error().code(), ErrorCode::kEndOfStream) << status.error().message();
      return hashes;
    }
    hashes.push_back(HashOf(image.view()));
  }
}

// What the ffmpeg program shows, frame by frame.
std::vector<std::string> HashesByFfmpeg(const Path& path) {
  std::string text;
  EXPECT_TRUE(
      RunProgram("ffmpeg -v error -nostdin -i '" + path.string() +
                     "' -map 0:v:0 -vsync passthrough -c:v rawvideo -pix_fmt yuv420p -f framehash -hash sha256 -",
                 &text));
  std::vector<std::string> hashes;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') hashes.push_back(line.substr(line.rfind(' ') + 1));
  }
  return hashes;
}

struct Recipe {
  const char* label;
  const char* file;
  const char* arguments;
  bool same_as_program = true;  // false where the program shows other pictures by intent (see the comment there)
};
void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.label; }

extern const std::vector<Recipe> kRecipes;

std::string FileOf(const Recipe& recipe) { return std::string(recipe.label) + Path(recipe.file).extension().string(); }

// The files of all recipes, made once.
const MediaFolder& RecipeFiles() {
  static const MediaFolder folder;
  static const bool made = [] {
    std::vector<MediaFolder::Output> outputs;
    for (const Recipe& recipe : kRecipes) outputs.push_back({FileOf(recipe), recipe.arguments});
    folder.MakeAll(kMoving, outputs);
    return true;
  }();
  (void)made;
  return folder;
}

class VideoReaderLaw : public ::testing::TestWithParam<Recipe> {};

TEST_P(VideoReaderLaw, AnyOrderOfReadingGivesTheFramesOfReadingInOrder) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path path = RecipeFiles().folder() / FileOf(GetParam());
  auto opened = VideoReader::Open(path);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  VideoReader& reader = opened.value();
  const std::vector<std::string> in_order = HashesInOrder(reader);
  ASSERT_EQ(static_cast<int64_t>(in_order.size()), reader.info().frames);
  ASSERT_EQ(reader.info().frames, kMovingFrames);
  if (GetParam().same_as_program) {
    EXPECT_EQ(in_order, HashesByFfmpeg(path));
  }

  std::vector<int64_t> order(in_order.size());
  std::iota(order.rbegin(), order.rend(), 0);  // backwards first, then far jumps, with runs after some of them
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) {
    const auto start = static_cast<int64_t>(random() % in_order.size());
    const auto length = static_cast<int64_t>(random() % 4) + 1;
    for (int64_t k = start; k < std::min(start + length, reader.info().frames); ++k) order.push_back(k);
  }
  YuvImage image;
  for (const int64_t k : order) {
    ASSERT_TRUE(reader.Seek(k).ok());
    const Status status = reader.Read(image);
    ASSERT_TRUE(status.ok()) << status.error().message();
    ASSERT_EQ(HashOf(image.view()), in_order[static_cast<size_t>(k)]) << "frame " << k;
    ASSERT_LE(reader.KeyframeAtOrBefore(k), k);
  }

  auto threaded = VideoReader::Open(path, {.threads = 3});
  ASSERT_TRUE(threaded.ok());
  EXPECT_EQ(HashesInOrder(threaded.value()), in_order) << "with three threads";
  for (const int64_t k : {50, 3, 31, 30, 59, 0}) {
    ASSERT_TRUE(threaded.value().Seek(k).ok());
    ASSERT_TRUE(threaded.value().Read(image).ok());
    EXPECT_EQ(HashOf(image.view()), in_order[static_cast<size_t>(k)]) << "with three threads, frame " << k;
  }
}

const std::vector<Recipe> kRecipes = {
    Recipe{"h264_long_gop_b_pyramid", "a.mp4", "-c:v libx264 -g 250 -bf 4 -b_strategy 0 -refs 4 -pix_fmt yuv420p"},
    Recipe{"h264_short_gops", "a.mp4", "-c:v libx264 -g 9 -bf 3 -b_strategy 0 -pix_fmt yuv420p"},
    Recipe{"h264_open_gops", "a.mp4",
           "-c:v libx264 -g 12 -bf 3 -b_strategy 0 -x264-params open-gop=1:scenecut=0 -pix_fmt yuv420p"},
    Recipe{"h264_open_gops_matroska", "a.mkv",
           "-c:v libx264 -g 12 -bf 3 -b_strategy 0 -x264-params open-gop=1:scenecut=0 -pix_fmt yuv420p"},
    Recipe{"h264_intra_refresh", "a.mp4", "-c:v libx264 -g 20 -x264-params intra-refresh=1 -pix_fmt yuv420p"},
    Recipe{"h264_transport_stream", "a.ts", "-c:v libx264 -g 15 -bf 2 -pix_fmt yuv420p"},
    Recipe{"h264_interlaced", "a.mp4", "-c:v libx264 -g 15 -bf 2 -flags +ilme+ildct -pix_fmt yuv420p"},
    Recipe{"h264_bare", "a.h264", "-c:v libx264 -g 15 -bf 2 -pix_fmt yuv420p"},
    Recipe{"h264_avi", "a.avi", "-c:v libx264 -g 15 -bf 2 -pix_fmt yuv420p"},
    Recipe{"hevc_b_frames", "a.mp4",
           "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=3:keyint=20 "
           "-pix_fmt yuv420p"},
    Recipe{"mpeg4_b_frames", "a.mp4", "-c:v mpeg4 -bf 2 -g 13 -q:v 5"},
    Recipe{"mpeg4_b_frames_avi", "a.avi", "-c:v mpeg4 -bf 2 -g 13 -q:v 5"},
    Recipe{"mpeg2_open_gops", "a.mpg", "-c:v mpeg2video -bf 2 -g 12 -q:v 5"},
    Recipe{"mjpeg_full_range", "a.avi", "-c:v mjpeg -q:v 5 -pix_fmt yuvj420p", false},  // the program rescales range
    Recipe{"vp8_hidden_frames", "a.webm", "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -g 30 -b:v 200k"},
    Recipe{"vp9_hidden_frames", "a.webm",
           "-c:v libvpx-vp9 -auto-alt-ref 1 -lag-in-frames 16 -g 30 -cpu-used 8 -deadline realtime -b:v 200k"},
    Recipe{"ffv1", "a.mkv", "-c:v ffv1 -level 3 -g 5 -pix_fmt yuv420p"},
    Recipe{"variable_rate", "a.mkv",
           "-vf \"setpts='(N+0.4*sin(N*1.7)+10*gt(N,30))/25/TB'\" -fps_mode passthrough -c:v libx264 -g 20 -bf 2 "
           "-pix_fmt yuv420p"},
    Recipe{"variable_rate_mp4", "a.mp4",
           "-vf \"setpts='(N+0.4*sin(N*1.7)+10*gt(N,30))/25/TB'\" -fps_mode passthrough -enc_time_base 1/90000 "
           "-c:v libx264 -g 20 -bf 2 -pix_fmt yuv420p"},
    Recipe{"late_start", "a.mp4", "-output_ts_offset 3.37 -c:v libx264 -g 20 -bf 2 -pix_fmt yuv420p"},
    Recipe{"odd_size", "a.mkv", "-vf scale=161:121 -c:v ffv1 -level 3 -pix_fmt yuv420p"}};

INSTANTIATE_TEST_SUITE_P(Files, VideoReaderLaw, ::testing::ValuesIn(kRecipes),
                         [](const auto& test) { return std::string(test.param.label); });

class VideoReaderTest : public ::testing::Test, protected MediaFolder {};

TEST_F(VideoReaderTest, CountsWhatAnEditListShows) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path whole = Make("whole.mp4", kMoving + std::string("-c:v libx264 -g 20 -bf 2 -pix_fmt yuv420p"));
  // Starts inside a group: the frames from its keyframe on are in the file but not shown.
  const Path cut = Make("cut.mp4", "-ss 1.12 -i '" + whole.string() + "' -c copy");
  auto reader = VideoReader::Open(cut);
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  const auto hashes = HashesInOrder(reader.value());
  EXPECT_EQ(hashes, HashesByFfmpeg(cut));
  YuvImage image;
  for (int64_t k = reader.value().info().frames - 1; k >= 0; k -= 3) {
    ASSERT_TRUE(reader.value().Seek(k).ok());
    ASSERT_TRUE(reader.value().Read(image).ok());
    EXPECT_EQ(HashOf(image.view()), hashes[static_cast<size_t>(k)]) << "frame " << k;
  }
}

// Sets the display matrix in an MP4's only track header: a turn clockwise by `degrees`.
void TurnTrack(std::vector<uint8_t>& mp4, int degrees) {
  const std::string type = "tkhd";
  const auto box = std::search(mp4.begin(), mp4.end(), type.begin(), type.end());
  ASSERT_NE(box, mp4.end());
  constexpr ptrdiff_t kMatrixAfterType = 4 + 40;  // version 0: version and flags, then 40 bytes
  const int cosine = degrees == 0 ? 1 : (degrees == 180 ? -1 : 0);
  const int sine = degrees == 90 ? 1 : (degrees == 270 ? -1 : 0);
  const std::array<int32_t, 5> values = {cosine * 65536, sine * 65536, 0, -sine * 65536, cosine * 65536};
  for (size_t i = 0; i < values.size(); ++i) {
    for (int byte = 0; byte < 4; ++byte) {
      *(box + kMatrixAfterType + static_cast<ptrdiff_t>(4 * i) + byte) =
          static_cast<uint8_t>(static_cast<uint32_t>(values[i]) >> (24 - 8 * byte));
    }
  }
}

TEST_F(VideoReaderTest, TurnsThePictureAsTheContainerAsks) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path path = Make("a.mp4", kMoving + std::string("-frames:v 5 -c:v libx264 -pix_fmt yuv420p"));
  for (const int degrees : {0, 90, 180, 270}) {
    std::vector<uint8_t> bytes = ReadFile(path).value();
    TurnTrack(bytes, degrees);
    const Path turned = folder_ / "turned.mp4";
    ASSERT_TRUE(WriteFileAtomically(turned, bytes).ok());
    auto reader = VideoReader::Open(turned);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    EXPECT_EQ(reader.value().info().width, degrees % 180 == 0 ? 160 : 120);
    EXPECT_EQ(reader.value().info().height, degrees % 180 == 0 ? 120 : 160);
    EXPECT_EQ(HashesInOrder(reader.value()), HashesByFfmpeg(turned)) << degrees;
  }
}

TEST_F(VideoReaderTest, TellsMatrixAndRange) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  struct Case {
    std::string arguments;
    YuvFormat expected;
  };
  const YuvFormat limited601 = {YuvMatrix::kBt601, YuvRange::kLimited};
  const YuvFormat limited709 = {YuvMatrix::kBt709, YuvRange::kLimited};
  const YuvFormat full709 = {YuvMatrix::kBt709, YuvRange::kFull};
  const std::string h264 = "-frames:v 2 -c:v libx264 -preset ultrafast -pix_fmt yuv420p ";
  const std::vector<Case> cases = {
      Case{h264 + "-colorspace bt470bg -color_range tv", limited601},
      Case{h264 + "-colorspace smpte170m", limited601},
      Case{h264 + "-vf scale=1280:720 -colorspace bt470bg", limited601},
      Case{h264 + "-colorspace bt709", limited709},
      Case{h264 + "-colorspace bt709 -color_range pc", full709},
      Case{h264, limited601},  // silent: by size
      Case{h264 + "-vf scale=720:576", limited601},
      Case{h264 + "-vf scale=720:578", limited709},
      Case{h264 + "-vf scale=1280:544", limited709},
  };
  std::vector<Output> outputs;
  for (const Case& c : cases) outputs.push_back({std::to_string(outputs.size()) + ".mp4", c.arguments});
  MakeAll(kMoving, outputs);
  for (size_t i = 0; i < cases.size(); ++i) {
    auto reader = VideoReader::Open(folder_ / outputs[i].name);
    ASSERT_TRUE(reader.ok()) << reader.error().message();
    EXPECT_EQ(reader.value().info().format, cases[i].expected) << cases[i].arguments;
  }
  auto jpeg = VideoReader::Open(Make("a.avi", kMoving + std::string("-frames:v 2 -c:v mjpeg -pix_fmt yuvj420p")));
  ASSERT_TRUE(jpeg.ok());
  EXPECT_EQ(jpeg.value().info().format, (YuvFormat{YuvMatrix::kBt601, YuvRange::kFull}));
}

double MeanDifference(ConstPlaneView a, ConstPlaneView b) {
  double sum = 0;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) sum += std::abs(a.Row(y)[x] - b.Row(y)[x]);
  }
  return sum / a.width / a.height;
}

TEST_F(VideoReaderTest, ConvertsOtherPixelFormatsWithoutShiftingLevels) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const std::string smooth = "-f lavfi -i testsrc=size=160x120:rate=25:duration=0.2 ";
  const std::string ffv1 = "-vf gblur=6,scale=out_color_matrix=bt601:out_range=tv -c:v ffv1 -level 3 -pix_fmt ";
  const std::vector<std::string> formats = {"yuv422p", "yuv444p",  "yuv420p10le", "yuv444p16le",
                                            "bgr0",    "gbrp10le", "yuva420p"};
  std::vector<Output> outputs = {{"yuv420p.mkv", ffv1 + "yuv420p"}};
  for (const std::string& format : formats) outputs.push_back({format + ".mkv", ffv1 + format});
  MakeAll(smooth, outputs);
  auto expected = VideoReader::Open(folder_ / "yuv420p.mkv");
  ASSERT_TRUE(expected.ok()) << expected.error().message();
  YuvImage a;
  ASSERT_TRUE(expected.value().Read(a).ok());
  for (const std::string& format : formats) {
    auto reader = VideoReader::Open(folder_ / (format + ".mkv"));
    ASSERT_TRUE(reader.ok()) << format << ": " << reader.error().message();
    YuvImage b;
    ASSERT_TRUE(reader.value().Read(b).ok()) << format;
    EXPECT_LT(MeanDifference(a.view().y, b.view().y), 1.0) << format;
    EXPECT_LT(MeanDifference(a.view().u, b.view().u), 1.5) << format;
    EXPECT_LT(MeanDifference(a.view().v, b.view().v), 1.5) << format;
  }
}

TEST_F(VideoReaderTest, NamesTheFrameWhereThePictureChangesSize) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const std::string h264 = " -frames:v 5 -c:v libx264 -pix_fmt yuv420p";
  const Path small = Make("small.h264", "-f lavfi -i testsrc2=size=160x120:rate=25" + h264);
  const Path large = Make("large.h264", "-f lavfi -i testsrc2=size=320x240:rate=25" + h264);
  std::vector<uint8_t> bytes = ReadFile(small).value();
  const std::vector<uint8_t> more = ReadFile(large).value();
  bytes.insert(bytes.end(), more.begin(), more.end());
  const Path both = folder_ / "both.h264";
  ASSERT_TRUE(WriteFileAtomically(both, bytes).ok());
  auto reader = VideoReader::Open(both);
  ASSERT_TRUE(reader.ok()) << reader.error().message();
  EXPECT_EQ(reader.value().info().frames, 10);
  YuvImage image;
  for (int k = 0; k < 5; ++k) ASSERT_TRUE(reader.value().Read(image).ok());
  const Status status = reader.value().Read(image);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorrupted);
  EXPECT_EQ(status.error().message(),
            "'" + both.string() + "': frame 5: the picture is 320x240, the first one was 160x120");
}

TEST_F(VideoReaderTest, GivesTheFramesThatAFileCutShortStillHas) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  for (const char* name : {"a.mp4", "a.mkv", "a.ts", "a.avi"}) {
    const Path path =
        Make(name, kMoving + std::string("-c:v libx264 -g 20 -bf 2 -pix_fmt yuv420p -movflags faststart"));
    auto whole = VideoReader::Open(path);
    ASSERT_TRUE(whole.ok());
    const auto expected = HashesInOrder(whole.value());
    std::vector<uint8_t> bytes = ReadFile(path).value();
    bytes.resize(bytes.size() * 6 / 10);
    auto cut = VideoReader::OpenBytes(bytes, name, {});
    ASSERT_TRUE(cut.ok()) << name << ": " << cut.error().message();
    const auto hashes = HashesInOrder(cut.value());
    EXPECT_EQ(static_cast<int64_t>(hashes.size()), cut.value().info().frames) << name;
    EXPECT_GT(hashes.size(), 15u) << name;
    EXPECT_LT(hashes.size(), 60u) << name;
    for (size_t k = 0; k < 15; ++k) EXPECT_EQ(hashes[k], expected[k]) << name << " frame " << k;
  }
}

TEST_F(VideoReaderTest, DamageIsAnErrorOrAPictureNeverACrash) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  std::mt19937 random(11);
  for (const char* name : {"a.mp4", "a.mkv", "a.avi"}) {
    const Path path = Make(name,
                           "-f lavfi -i testsrc2=size=64x48:rate=25:duration=0.6 -c:v libx264 -g 6 -bf 2 "
                           "-pix_fmt yuv420p -movflags faststart");
    const std::vector<uint8_t> whole = ReadFile(path).value();
    for (int round = 0; round < 60; ++round) {
      std::vector<uint8_t> bytes = whole;
      for (int i = 0; i < 8; ++i) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
      if (round % 3 == 0) bytes.resize(random() % bytes.size());
      auto reader = VideoReader::OpenBytes(bytes, name, {});
      if (!reader.ok()) continue;
      YuvImage image;
      for (int64_t k = 0; k < std::min<int64_t>(reader.value().info().frames, 40); ++k) {
        ASSERT_TRUE(reader.value().Seek(k).ok());
        const Status status = reader.value().Read(image);
        if (!status.ok()) {
          EXPECT_NE(status.error().code(), ErrorCode::kEndOfStream);
        }
      }
    }
  }
}

TEST_F(VideoReaderTest, FilesThatAreNoVideoAreRefusedWithAReason) {
  const auto message = [](const Path& path) {
    auto reader = VideoReader::Open(path);
    return reader.ok() ? std::string("opened") : reader.error().message();
  };
  const Path none = folder_ / "none.mp4";
  EXPECT_EQ(message(none), "cannot open '" + none.string() + "': No such file or directory");
  EXPECT_EQ(message(folder_), "cannot open '" + folder_.string() + "': not a regular file");
  const Path pipe = folder_ / "pipe.mp4";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(message(pipe), "cannot open '" + pipe.string() + "': not a regular file");
  const Path empty = folder_ / "empty.mp4";
  ASSERT_TRUE(WriteFileAtomically(empty, "").ok());
  EXPECT_EQ(message(empty), "'" + empty.string() + "' is empty (0 bytes)");
  const Path text = folder_ / "text.mp4";
  ASSERT_TRUE(WriteFileAtomically(text, "this is no video at all, but it has a few bytes").ok());
  auto garbage = VideoReader::Open(text);
  ASSERT_FALSE(garbage.ok());
  EXPECT_EQ(garbage.error().code(), ErrorCode::kCorrupted) << garbage.error().message();
  // A playlist is no excuse to open other files.
  const Path playlist = folder_ / "list.m3u8";
  ASSERT_TRUE(WriteFileAtomically(playlist, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n").ok());
  EXPECT_FALSE(VideoReader::Open(playlist).ok());
}

TEST_F(VideoReaderTest, AudioWithACoverPictureHasNoVideo) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path cover = Make("cover.png", "-f lavfi -i color=red:size=64x64 -frames:v 1");
  const Path song = Make("song.mp3", "-f lavfi -i sine=duration=1 -i '" + cover.string() +
                                         "' -map 0 -map 1 -c:v copy -disposition:v attached_pic -id3v2_version 3");
  auto reader = VideoReader::Open(song);
  ASSERT_FALSE(reader.ok());
  EXPECT_EQ(reader.error().message(), "'" + song.string() + "' has no video stream");
}

TEST_F(VideoReaderTest, SeekOutsideIsRefusedAndEndOfStreamIsOrdinary) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  auto reader = VideoReader::Open(Make("a.mp4", kMoving + std::string("-c:v libx264 -pix_fmt yuv420p")));
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(reader.value().Seek(-1).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(reader.value().Seek(kMovingFrames).error().code(), ErrorCode::kInvalidInput);
  ASSERT_TRUE(reader.value().Seek(kMovingFrames - 1).ok());
  YuvImage image;
  EXPECT_TRUE(reader.value().Read(image).ok());
  EXPECT_EQ(reader.value().Read(image).error().code(), ErrorCode::kEndOfStream);
  EXPECT_EQ(reader.value().Read(image).error().code(), ErrorCode::kEndOfStream);
  ASSERT_TRUE(reader.value().Seek(0).ok());
  EXPECT_TRUE(reader.value().Read(image).ok());
}

TEST_F(VideoReaderTest, TellsTheNominalRateEvenWhereTheContainerRoundsTimes) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  for (const char* name : {"a.mp4", "a.mkv", "a.webm"}) {
    auto reader = VideoReader::Open(
        Make(name, "-f lavfi -i testsrc2=size=64x48:rate=30000/1001:duration=1 " +
                       std::string(name == std::string("a.webm") ? "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"
                                                                 : "-c:v libx264 -pix_fmt yuv420p")));
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ(reader.value().info().fps, (FrameRate{30000, 1001})) << name;
  }
}

TEST(VideoReaderSanders, IsReadExactly) {
  const char* data = std::getenv("LIPSTREAM_TEST_DATA");
  const Path path = Path(data != nullptr ? data : "") / "sanders" / "full_body_video.mp4";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no test material: " << path;
  auto opened = VideoReader::Open(path, {.threads = 0});
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  VideoReader& reader = opened.value();
  EXPECT_EQ(reader.info().frames, 523);
  EXPECT_EQ(reader.info().width, 1280);
  EXPECT_EQ(reader.info().height, 720);
  EXPECT_EQ(reader.info().fps, (FrameRate{25, 1}));
  EXPECT_EQ(reader.info().format, (YuvFormat{YuvMatrix::kBt601, YuvRange::kLimited}));
  // 250 starts the second group.
  std::vector<std::string> in_order;
  YuvImage image;
  ASSERT_TRUE(reader.Seek(244).ok());
  for (int64_t k = 244; k < 256; ++k) {
    ASSERT_TRUE(reader.Read(image).ok());
    in_order.push_back(HashOf(image.view()));
  }
  for (const int64_t k : {251, 250, 249}) {
    ASSERT_TRUE(reader.Seek(k).ok());
    ASSERT_TRUE(reader.Read(image).ok());
    EXPECT_EQ(HashOf(image.view()), in_order[static_cast<size_t>(k - 244)]) << "frame " << k;
  }
  ASSERT_TRUE(reader.Seek(522).ok());
  ASSERT_TRUE(reader.Read(image).ok());
  EXPECT_EQ(reader.Read(image).error().code(), ErrorCode::kEndOfStream);
}

}  // namespace
}  // namespace lips
