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
#include "media/media_test_files.h"
#include "media/output_check.h"
#include "media/video_reader.h"

namespace lips {
namespace {

// A bright square that moves with `k` over a slope, in colours.
YuvImage Picture(int width, int height, YuvFormat format, int64_t k) {
  YuvImage image(width, height, format);
  const YuvView view = image.view();
  const auto left = static_cast<int>(3 * k % std::max(width - 16, 1));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const bool inside = x >= left && x < left + 16 && y >= height / 4 && y < height / 2;
      view.y.Row(y)[x] = static_cast<uint8_t>(inside ? 220 : 40 + 100 * x / width);
    }
  }
  for (int y = 0; y < view.u.height; ++y) {
    for (int x = 0; x < view.u.width; ++x) {
      view.u.Row(y)[x] = static_cast<uint8_t>(90 + 80 * x / view.u.width);
      view.v.Row(y)[x] = static_cast<uint8_t>(160 - 80 * y / view.v.height);
    }
  }
  return image;
}

double LumaPsnr(ConstPlaneView a, ConstPlaneView b) {
  double sum = 1e-9;
  for (int y = 0; y < a.height; ++y) {
    for (int x = 0; x < a.width; ++x) sum += std::pow(a.Row(y)[x] - b.Row(y)[x], 2);
  }
  return 10 * std::log10(255 * 255 * a.width * a.height / sum);
}

VideoWriterOptions Small() {
  VideoWriterOptions options;
  options.width = 64;
  options.height = 48;
  options.preset = "ultrafast";
  options.threads = 1;
  return options;
}

class VideoWriterTest : public ::testing::Test, protected MediaFolder {
 protected:
  // Writes `frames` pictures and finishes.
  Status WriteAll(const Path& path, const VideoWriterOptions& options, int64_t frames) {
    ASSIGN_OR_RETURN(VideoWriter writer, VideoWriter::Create(path, options));
    for (int64_t k = 0; k < frames; ++k) {
      RETURN_IF_ERROR(writer.Write(Picture(options.width, options.height, options.format, k).view()));
    }
    return writer.Finish();
  }
};

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
  const auto tags = [this](const Path& path) {
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

// Claps of noise at irregular distances, interleaved.
std::vector<float> Claps(int rate_hz, int channels, double seconds) {
  std::vector<float> samples(static_cast<size_t>(rate_hz * seconds) * static_cast<size_t>(channels));
  uint32_t random = 12345;
  double smooth = 0;
  for (size_t i = 0; i < samples.size() / static_cast<size_t>(channels); ++i) {
    random = random * 1664525 + 1013904223;
    const double t = static_cast<double>(i) / rate_hz;
    const double phase = std::fmod(t * 3.1 + 0.3 * std::sin(t * 5), 1.0);
    const double noise = static_cast<double>(random >> 8) / (1 << 24) - 0.5;
    smooth += 0.35 * (noise - smooth);  // codecs throw the highest frequencies away
    const double level = phase < 0.12 ? std::exp(-phase * 30) : 0.01;
    for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
      samples[i * static_cast<size_t>(channels) + c] = static_cast<float>(level * smooth);
    }
  }
  return samples;
}

void WriteWav(const Path& path, const std::vector<float>& samples, int rate_hz, int channels) {
  std::vector<uint8_t> bytes;
  const auto put = [&bytes](uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes.push_back(static_cast<uint8_t>(value >> (8 * i)));
  };
  const auto text = [&bytes](const char* four) { bytes.insert(bytes.end(), four, four + 4); };
  const auto data_bytes = static_cast<uint32_t>(4 * samples.size());
  text("RIFF"), put(36 + data_bytes, 4), text("WAVE"), text("fmt "), put(16, 4), put(3, 2);
  put(static_cast<uint32_t>(channels), 2), put(static_cast<uint32_t>(rate_hz), 4);
  put(static_cast<uint32_t>(rate_hz * channels * 4), 4), put(static_cast<uint32_t>(channels * 4), 2), put(32, 2);
  text("data"), put(data_bytes, 4);
  const size_t header = bytes.size();
  bytes.resize(header + data_bytes);
  std::memcpy(bytes.data() + header, samples.data(), data_bytes);
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
}

// The first channel as the ffmpeg program plays it, at `rate_hz`.
std::vector<float> PlayedBack(const Path& path, int rate_hz) {
  std::string bytes;
  EXPECT_TRUE(RunProgram("ffmpeg -v error -nostdin -i '" + path.string() + "' -map 0:a -af 'pan=mono|c0=c0' -ar " +
                             std::to_string(rate_hz) + " -f f32le -",
                         &bytes));
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  return samples;
}

struct Match {
  int lag = 0;             // samples by which `b` comes late
  double correlation = 0;  // 1 where it is the same but for its level
};

// The best match of the first channel of `a` with `b`, which should start `b_start` samples in, within `reach`.
Match BestMatch(const std::vector<float>& a, int channels, const std::vector<float>& b, int b_start, int reach) {
  Match best;
  const auto count = static_cast<int>(a.size()) / channels;
  for (int lag = -reach; lag <= reach; ++lag) {
    double product = 0;
    double a_power = 1e-12;
    double b_power = 1e-12;
    for (int i = reach; i < count; ++i) {
      const int at = i + b_start + lag;
      if (at < 0 || at >= static_cast<int>(b.size())) continue;
      const double x = a[static_cast<size_t>(i) * static_cast<size_t>(channels)];
      const double y = b[static_cast<size_t>(at)];
      product += x * y;
      a_power += x * x;
      b_power += y * y;
    }
    const double correlation = product / std::sqrt(a_power * b_power);
    if (correlation > best.correlation) best = {lag, correlation};
  }
  return best;
}

// The value of `key` in ffprobe's lines, from the stream of this `type`.
double ValueOf(const std::string& lines, const std::string& type, const std::string& key) {
  const size_t stream = lines.find("codec_type=" + type + "\n");
  const size_t line = lines.find(key + "=", stream == std::string::npos ? 0 : stream);
  return line == std::string::npos ? -1 : std::strtod(lines.c_str() + line + key.size() + 1, nullptr);
}

TEST_F(VideoWriterTest, TheSoundIsHeardWhereItWasWithinAMillisecond) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  struct Case {
    int rate_hz;
    int channels;
    const char* file;
    const char* codec;
  };
  for (const Case& c :
       {Case{16000, 1, "a.mp4", "h264"}, Case{44100, 2, "b.mp4", "h264"}, Case{48000, 6, "c.mov", "h264"},
        Case{22050, 1, "d.mkv", "h264"}, Case{192000, 1, "e.mp4", "h264"}, Case{44100, 2, "f.webm", "vp9"},
        Case{10000, 3, "g.mp4", "h264"}}) {
    SCOPED_TRACE(std::to_string(c.rate_hz) + " Hz, " + std::to_string(c.channels) + " channels in " + c.file);
    const std::vector<float> original = Claps(c.rate_hz, c.channels, 2.5);
    WriteWav(folder_ / "a.wav", original, c.rate_hz, c.channels);
    VideoWriterOptions options = Small();
    options.codec = c.codec;
    options.preset = "veryfast";  // with B-frames: their delay must not shift the sound
    options.audio = folder_ / "a.wav";
    const Path path = folder_ / c.file;
    const Status status = WriteAll(path, options, 50);
    ASSERT_TRUE(status.ok()) << status.error().message();

    const std::vector<float> played = PlayedBack(path, c.rate_hz);
    const double played_s = static_cast<double>(played.size()) / c.rate_hz;
    ASSERT_GT(played_s, 1.99);
    ASSERT_LT(played_s, 2.2) << "cut to two seconds of video, but for the last packet's padding";
    // FFmpeg's Matroska has no way to say "do not play AAC's first samples": the pictures start that much later
    // instead.
    const std::string streams = Probe(path, "-show_entries stream=codec_type,start_time,channels");
    const double pictures_start_s = ValueOf(streams, "video", "start_time");
    if (path.extension() != ".mkv") {
      EXPECT_NEAR(pictures_start_s, 0.0, 0.0005) << streams;
    }
    const Match match = BestMatch(original, c.channels, played,
                                  static_cast<int>(std::lround(pictures_start_s * c.rate_hz)), c.rate_hz / 400);
    EXPECT_GT(match.correlation, 0.5);  // what lies above 20 kHz in the highest rate is not coded
    EXPECT_LT(std::abs(match.lag) * 1000.0 / c.rate_hz, 1.0) << match.lag << " samples";
    EXPECT_EQ(ValueOf(streams, "audio", "channels"), c.channels == 3 ? 1 : c.channels) << streams;
  }
}

TEST_F(VideoWriterTest, TheSoundEndsWithTheVideoToTheSampleAndIsNeverLengthened) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  WriteWav(folder_ / "long.wav", Claps(16000, 1, 5), 16000, 1);
  WriteWav(folder_ / "short.wav", Claps(16000, 1, 0.7), 16000, 1);
  VideoWriterOptions options = Small();
  const std::string length = "-select_streams a -show_entries stream=duration_ts";
  options.audio = folder_ / "long.wav";
  ASSERT_TRUE(WriteAll(folder_ / "a.mp4", options, 33).ok());
  EXPECT_EQ(Probe(folder_ / "a.mp4", length), "duration_ts=21120\n");  // 33 * 640
  EXPECT_EQ(Probe(folder_ / "a.mp4", "-select_streams v -show_entries stream=duration"), "duration=1.320000\n");
  options.audio = folder_ / "short.wav";
  ASSERT_TRUE(WriteAll(folder_ / "b.mp4", options, 33).ok());
  EXPECT_EQ(Probe(folder_ / "b.mp4", length), "duration_ts=11200\n");
}

TEST_F(VideoWriterTest, SoundAndPicturesLieSideBySideInTheFile) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  WriteWav(folder_ / "a.wav", Claps(16000, 1, 12), 16000, 1);
  VideoWriterOptions options = Small();
  options.audio = folder_ / "a.wav";
  ASSERT_TRUE(WriteAll(folder_ / "a.mp4", options, 300).ok());
  std::string text;
  ASSERT_TRUE(RunProgram("ffprobe -v error -show_entries packet=codec_type,pts_time,pos -of csv=p=0 '" +
                             (folder_ / "a.mp4").string() + "'",
                         &text));
  std::map<int64_t, std::pair<bool, double>> by_position;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    char type[16] = {};
    double pts_s = 0;
    long long position = 0;  // NOLINT(google-runtime-int): sscanf's type
    if (line.empty()) continue;
    ASSERT_EQ(std::sscanf(line.c_str(), "%15[^,],%lf,%lld", type, &pts_s, &position), 3) << line;
    by_position[position] = {std::string(type) == "audio", pts_s};
  }
  double latest[2] = {0, 0};
  for (const auto& [position, packet] : by_position) {
    latest[packet.first ? 1 : 0] = packet.second;
    EXPECT_LT(std::abs(latest[0] - latest[1]), 2.0) << "at byte " << position;
  }
  EXPECT_GT(latest[1], 11.8);
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
  EXPECT_EQ(message("a.mp4", options), "unknown video codec 'divx'; expected one of: h264, hevc, vp9, ffv1, mjpeg");
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
