// Frame rates of templates and outputs, in every pair: which picture is shown when, how long it lasts, and that the
// mouth stays with the sound.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "avatar/template_order.h"
#include "media/media_test_files.h"
#include "media/video_reader.h"
#include "media/video_writer.h"
#include "render/render.h"
#include "tests/testdata/package.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"
#include "verify/talk.h"

namespace lips {
namespace {

constexpr FrameRate kRates[] = {{24, 1}, {25, 1}, {30000, 1001}, {30, 1}, {50, 1}, {60, 1}};

std::string Text(FrameRate fps) { return std::to_string(fps.num) + "/" + std::to_string(fps.den); }

std::vector<std::string> HashesOf(const Path& video) {
  std::vector<std::string> hashes;
  auto reader = VideoReader::Open(video);
  EXPECT_TRUE(reader.ok()) << video;
  YuvImage frame;
  while (reader.ok() && reader.value().Read(frame).ok()) hashes.push_back(HashOf(std::as_const(frame).view()));
  return hashes;
}

class Rates : public testing::Test, public MediaFolder {
 protected:
  // A copy of `avatar` whose full frames are shown at another rate, each as it was.
  Path Retimed(const Path& avatar, FrameRate fps) {
    const Path copy = folder() / ("avatar" + std::to_string(fps.num));
    std::filesystem::copy(avatar, copy, std::filesystem::copy_options::recursive);
    const Path original = copy / "full_body_video.mp4";
    auto reader = VideoReader::Open(original);
    EXPECT_TRUE(reader.ok());
    VideoWriterOptions options;
    options.width = reader.value().info().width;
    options.height = reader.value().info().height;
    options.format = reader.value().info().format;
    options.fps = fps;
    options.codec = "h264";
    options.crf = 8;
    options.preset = "ultrafast";
    auto writer = VideoWriter::Create(copy / "retimed.mp4", options);
    EXPECT_TRUE(writer.ok());
    YuvImage frame;
    while (reader.value().Read(frame).ok()) EXPECT_TRUE(writer.value().Write(std::as_const(frame).view()).ok());
    EXPECT_TRUE(writer.value().Finish().ok());
    std::filesystem::rename(copy / "retimed.mp4", original);
    return copy;
  }
  RenderRequest Request(const Path& avatar, const char* output, const std::vector<float>& speech) {
    RenderRequest request;
    request.job.avatar = avatar;
    request.job.audio = folder() / "speech.wav";
    EXPECT_TRUE(testdata::WriteWav(request.job.audio, speech, 16000, 1).ok());
    request.video = folder() / output;
    request.preset = "ultrafast";
    return request;
  }
};

// Frame n is on screen at n / fps and shows what the template shows then, to the bit.
TEST_F(Rates, EveryPairShowsTheTemplatesPictureOfThatMoment) {
  const Path drawn = folder() / "drawn";
  ASSERT_TRUE(
      testdata::WritePackage(drawn, {.width = 240, .height = 180, .frames = 7, .generator = {}, .encoder = {}}).ok());
  constexpr int64_t kRows = 14;  // of 0.6 s of sound
  const std::vector<float> speech(9600, 0.01F);
  for (const FrameRate from : kRates) {
    const Path avatar = Retimed(drawn, from);
    const std::vector<std::string> wanted = HashesOf(avatar / "full_body_video.mp4");
    ASSERT_EQ(wanted.size(), 7u);
    for (const FrameRate to : kRates) {
      RenderRequest request = Request(avatar, "out.mkv", speech);
      request.job.engine.session.backend = Backend::kNull;
      request.job.avatar_options.inputs = InputSource::kDerived;  // then no network leaves every bit as it was
      request.codec = "ffv1";
      request.with_audio = false;
      request.fps = to;
      const auto report = Render(request);
      ASSERT_TRUE(report.ok()) << report.error().message();
      const std::vector<std::string> shown = HashesOf(*request.video);
      const auto length = static_cast<size_t>(std::llround(kRows * to.AsDouble() / 25));
      ASSERT_EQ(shown.size(), length) << Text(from) << " to " << Text(to);
      for (size_t n = 0; n < shown.size(); ++n) {
        const auto step =
            static_cast<int64_t>(std::floor(static_cast<double>(n) * from.AsDouble() / to.AsDouble() + 1e-9));
        const int64_t index = TemplateFrame(step, 7, 0, Loop::kPingPong);
        ASSERT_EQ(shown[n], wanted[static_cast<size_t>(index)]) << Text(from) << " to " << Text(to) << ", frame " << n;
      }
    }
  }
}

// 30000/1001 is no 30 and no 29.97: after a minute the difference would be two frames.
TEST_F(Rates, AMinuteOfBroadcastRateIsExact) {
  SKIP_WITHOUT_FFMPEG_PROGRAM();
  const Path drawn = folder() / "drawn";
  ASSERT_TRUE(
      testdata::WritePackage(drawn, {.width = 240, .height = 180, .frames = 7, .generator = {}, .encoder = {}}).ok());
  const Path avatar = Retimed(drawn, {30000, 1001});
  RenderRequest request = Request(avatar, "minute.mp4", std::vector<float>(size_t{60} * 16000, 0.01F));
  request.job.engine.session.backend = Backend::kNull;
  const auto report = Render(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report.value().fps, (FrameRate{30000, 1001}));
  // 960,000 samples: 4801 mel columns, 1499 feature rows (docs/formats.md), 59.96 s, 1797.0 frames.
  EXPECT_EQ(report.value().frames, 1797);
  const std::string probe =
      Probe(*request.video,
            "-select_streams v -count_packets -show_entries stream=r_frame_rate,nb_read_packets,duration_ts,time_base");
  EXPECT_NE(probe.find("r_frame_rate=30000/1001"), std::string::npos) << probe;
  EXPECT_NE(probe.find("nb_read_packets=1797"), std::string::npos) << probe;
  EXPECT_NE(probe.find("duration_ts=1798797"), std::string::npos) << probe;  // 1797 * 1001, in 1/30000 s
  // The last frame begins 1796 * 1001 / 30000 s after the first.
  const std::string last = Probe(*request.video, "-select_streams v -read_intervals 59% -show_entries packet=pts_time");
  EXPECT_NE(last.find("pts_time=59.926533"), std::string::npos) << last;
  const std::string sound = Probe(*request.video, "-select_streams a -show_entries stream=duration");
  const size_t at = sound.find("duration=");
  ASSERT_NE(at, std::string::npos) << sound;
  EXPECT_NEAR(std::stod(sound.substr(at + 9)), 1797 * 1001 / 30000.0, 0.07) << "one AAC frame";
}

// Two frames of one template picture are two mouths, since the network hears each at its own time.
TEST_F(Rates, AtFiftyTheMouthMovesWithEveryFrame) {
  RenderRequest request = Request(testdata::SyntheticAvatar(), "talk.mkv", testdata::SynthesizeSpeech(2, 3).samples);
  request.codec = "ffv1";
  request.with_audio = false;
  request.fps = FrameRate{50, 1};
  const auto report = Render(request);
  ASSERT_TRUE(report.ok()) << report.error().message();
  const std::vector<std::string> shown = HashesOf(*request.video);
  ASSERT_GE(shown.size(), 90u);
  size_t moves = 0;
  for (size_t n = 0; n + 1 < shown.size(); n += 2) moves += shown[n] != shown[n + 1] ? 1 : 0;
  EXPECT_GE(moves, shown.size() / 2 * 9 / 10) << "of " << shown.size() / 2 << " pairs";
}

// The mouth's offset to the sound, measured on finished frames, is the same at every rate.
TEST_F(Rates, TheMouthStaysWithTheSound) {
  const std::vector<float> speech = testdata::SynthesizeSpeech(6, 3).samples;
  const auto offset = [&](const Path& avatar, FrameRate fps) {
    RenderRequest request = Request(avatar, "talk.mp4", speech);
    request.fps = fps;
    request.crf = 12;
    const auto report = Render(request);
    EXPECT_TRUE(report.ok()) << report.error().message();
    TalkRequest measure;
    measure.video = *request.video;
    measure.avatar = avatar;
    measure.audio = request.job.audio;
    measure.worst = 0;
    const auto talk = MeasureTalk(measure);
    EXPECT_TRUE(talk.ok()) << talk.error().message();
    double ms = 1e9;
    for (const Metric& metric : talk.value().measures.metrics) {
      if (metric.name == "offset") ms = metric.value;
      if (metric.name != "frames") continue;
      EXPECT_EQ(metric.value, 0) << Text(fps);
    }
    return ms;
  };
  const double usual = offset(testdata::SyntheticAvatar(), {25, 1});
  EXPECT_LT(std::abs(usual), 60);
  EXPECT_NEAR(offset(testdata::SyntheticAvatar(), {60, 1}), usual, 20);
  EXPECT_NEAR(offset(testdata::SyntheticAvatar(), {24, 1}), usual, 20);
  const Path broadcast = Retimed(testdata::SyntheticAvatar(), {30000, 1001});
  EXPECT_NEAR(offset(broadcast, {30000, 1001}), usual, 20);
  EXPECT_NEAR(offset(broadcast, {50, 1}), usual, 20);
}

}  // namespace
}  // namespace lips
