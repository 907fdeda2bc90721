// The sound beside the pictures: in sync, of the right length, and interleaved.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "media/audio_reader.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "media/video_writer_fixture.h"

namespace lips {
namespace {

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

}  // namespace
}  // namespace lips
