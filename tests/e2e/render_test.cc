// The main job, end to end, through the binary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/sha256.h"
#include "command.h"
#include "image/colour.h"
#include "media/audio_reader.h"
#include "media/picture.h"
#include "media/video_reader.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What a player would find in a file.
struct Played {
  VideoInfo video;
  AudioInfo audio;
  int64_t audio_frames = 0;
  int64_t video_frames = 0;
};

Played Play(const Path& path) {
  Played played;
  auto video = VideoReader::Open(path);
  EXPECT_TRUE(video.ok()) << video.error().message();
  if (!video.ok()) return played;
  played.video = video.value().info();
  YuvImage frame;
  while (video.value().Read(frame).ok()) ++played.video_frames;
  auto audio = AudioReader::Open(path);
  EXPECT_TRUE(audio.ok()) << audio.error().message();
  if (!audio.ok()) return played;
  played.audio = audio.value().info();
  std::vector<float> samples;
  while (audio.value().Read(samples).ok()) {
    played.audio_frames += static_cast<int64_t>(samples.size()) / played.audio.channels;
  }
  return played;
}

// Renders with the fast synthetic network; adds `more`.
Outcome Render(const Path& audio, const Path& output, std::vector<std::string> more = {}, const RunOptions& run = {}) {
  std::vector<std::string> arguments = {"render",  "--avatar", testdata::SyntheticAvatar().string(),
                                        "--audio", audio,      "-o",
                                        output,    "--preset", "ultrafast"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Lipstream(arguments, run);
}

// Speech (or silence) of a given length as a WAV in `folder`.
Path Wav(const ScratchFolder& folder, const char* name, double seconds, bool silent = false) {
  const Path path = folder / name;
  std::vector<float> samples = testdata::SynthesizeSpeech(seconds, 7).samples;
  if (silent) std::ranges::fill(samples, 0.0f);
  EXPECT_TRUE(testdata::WriteWav(path, samples, 16000, 1).ok());
  return path;
}

TEST(Render, MakesAPlayableVideoOfTheAudiosLength) {
  const ScratchFolder folder;
  const Path report_path = folder / "report.json";
  const Outcome outcome =
      Render(Wav(folder, "speech.wav", 3.0), folder / "out.mp4", {"--report", report_path.string()});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;

  const Played played = Play(folder / "out.mp4");
  constexpr int64_t kRows = 74;  // 48,000 samples -> 241 mel columns -> 72 encoder rows + 2 (docs/formats.md)
  EXPECT_EQ(played.video.frames, kRows);
  EXPECT_EQ(played.video_frames, kRows);
  EXPECT_EQ(played.video.fps, (FrameRate{25, 1}));
  EXPECT_EQ(played.video.format, (YuvFormat{YuvMatrix::kBt601, YuvRange::kLimited}));
  EXPECT_EQ(played.audio.codec, "aac");
  EXPECT_EQ(played.audio.rate_hz, 16000);
  EXPECT_NEAR(static_cast<double>(played.audio_frames), kRows * 640.0, 1024) << "audio ends with the video";

  const Json report = ReadJson(report_path);
  EXPECT_EQ(report.Find("frames")->as_int(), kRows);
  EXPECT_EQ(report.Find("synthetic")->as_bool(), true);
  EXPECT_EQ(report.Find("hashes")->Find("model")->as_string().size(), 64u);
  EXPECT_EQ(report.Find("hashes")->Find("audio_16k")->as_string().size(), 64u);
  EXPECT_EQ(report.Find("stages")->Find("generate")->Find("count")->as_int(), kRows);
  EXPECT_GT(report.Find("peak_rss_bytes")->as_int(), 0);
}

TEST(Render, TheFileSaysThatItIsSyntheticAndWhatItWasMadeOf) {
  const ScratchFolder folder;
  const Outcome outcome = Render(Wav(folder, "speech.wav", 1.0), folder / "out.mp4", {"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto report = ParseJson(outcome.out);
  ASSERT_TRUE(report.ok()) << outcome.out;
  const Outcome probe = RunProgram("/usr/bin/ffprobe", {"-v", "error", "-show_entries", "format_tags", "-of", "json",
                                                        (folder / "out.mp4").string()});
  if (probe.exit_code == 127) GTEST_SKIP() << "ffprobe is not installed";
  EXPECT_THAT(probe.out, HasSubstr("\"lipstream_synthetic\": \"true\""));
  EXPECT_THAT(probe.out, HasSubstr(report.value().Find("hashes")->Find("audio_16k")->as_string()));
  EXPECT_THAT(probe.out, HasSubstr(report.value().Find("hashes")->Find("model")->as_string()));
  EXPECT_THAT(probe.out, HasSubstr(report.value().Find("avatar")->Find("sha256")->as_string()));
}

TEST(Render, SpeechAndSilenceGiveDifferentMouths) {
  const ScratchFolder folder;
  const auto pictures = [&](const char* name, bool silent) {
    const Path audio = Wav(folder, (std::string(name) + ".wav").c_str(), 3.0, silent);
    const Outcome outcome =
        Render(audio, folder / (std::string(name) + ".mp4").c_str(), {"--frames", (folder / name).string()});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return folder / name;
  };
  const Path speech = pictures("speech", false);
  const Path silence = pictures("silence", true);
  int differing = 0;
  for (int n = 0; n < 74; ++n) {
    char name[16];
    std::snprintf(name, sizeof(name), "%06d.png", n);
    differing += Sha256OfFile(speech / name).value() != Sha256OfFile(silence / name).value() ? 1 : 0;
  }
  EXPECT_GE(differing, 40) << "of 74 frames";
}

// The audio is heard, not just played: the same file twice is the same video, bit for bit.
TEST(Render, TheSameInputGivesTheSameBytes) {
  const ScratchFolder folder;
  const Path audio = Wav(folder, "speech.wav", 1.0);
  ASSERT_EQ(Render(audio, folder / "a.mp4").exit_code, 0);
  ASSERT_EQ(Render(audio, folder / "b.mp4").exit_code, 0);
  EXPECT_EQ(Sha256OfFile(folder / "a.mp4").value(), Sha256OfFile(folder / "b.mp4").value());
}

// Keeping what the network computed of a template frame saves time and changes nothing.
TEST(Render, ATemplateCacheOfAnySizeGivesTheSameBytes) {
  const ScratchFolder folder;
  const Path audio = Wav(folder, "speech.wav", 3.0);  // 74 frames of a template of 30: two turns
  const auto render = [&](const char* name, const std::string& memory, const std::string& inputs) {
    const Outcome outcome = Render(audio, folder / name, {"--json", "--cache-memory", memory, "--inputs", inputs});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return ParseJson(outcome.out).value();
  };
  for (const std::string inputs : {"derived", "package"}) {
    const Json none = render("none.mp4", "0", inputs);
    const Json all = render("all.mp4", "2G", inputs);
    const Json& kept = *all.Find("template_cache");
    EXPECT_EQ(none.Find("template_cache")->Find("hits")->as_int(), 0);
    EXPECT_EQ(none.Find("template_cache")->Find("templates")->as_int(), 0);
    EXPECT_EQ(kept.Find("misses")->as_int(), 30) << "each frame once";
    EXPECT_EQ(kept.Find("hits")->as_int(), 44);
    const int64_t half = kept.Find("peak_kept_bytes")->as_int() / 2;
    const Json some = render("some.mp4", std::to_string(half), inputs);
    EXPECT_LE(some.Find("template_cache")->Find("peak_kept_bytes")->as_int(), half);
    EXPECT_GE(some.Find("template_cache")->Find("hits")->as_int(), 20);
    const std::string expected = Sha256OfFile(folder / "none.mp4").value();
    EXPECT_EQ(Sha256OfFile(folder / "all.mp4").value(), expected) << inputs;
    EXPECT_EQ(Sha256OfFile(folder / "some.mp4").value(), expected) << inputs;
  }
}

// What is shown once is not kept.
TEST(Render, AnAudioShorterThanTheTemplateFillsNoCache) {
  const ScratchFolder folder;
  const Outcome outcome = Render(Wav(folder, "speech.wav", 1.0), folder / "out.mp4", {"--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const Json report = ParseJson(outcome.out).value();
  EXPECT_EQ(report.Find("template_cache")->Find("peak_kept_bytes")->as_int(), 0);
  EXPECT_EQ(report.Find("template_cache")->Find("misses")->as_int(), report.Find("frames")->as_int());
}

TEST(Render, OptionsDoWhatTheySay) {
  const ScratchFolder folder;
  const Path audio = Wav(folder, "speech.wav", 3.0);
  ASSERT_EQ(Render(audio, folder / "half.mp4", {"--duration", "1.5", "--fps", "50", "--start-frame", "3"}).exit_code,
            0);
  const Played half = Play(folder / "half.mp4");
  EXPECT_EQ(half.video.fps, (FrameRate{50, 1}));
  EXPECT_EQ(half.video.frames, 72);  // 36 rows at 25 per second

  ASSERT_EQ(Render(audio, folder / "mute.mkv", {"--no-audio", "--duration", "1", "--loop", "forward"}).exit_code, 0);
  EXPECT_FALSE(AudioReader::Open(folder / "mute.mkv").ok());
  EXPECT_EQ(VideoReader::Open(folder / "mute.mkv").value().info().frames, 24);

  const Outcome quiet = Render(audio, folder / "quiet.mp4", {"--quiet", "--duration", "1"});
  EXPECT_EQ(quiet.out + quiet.err, "");
}

// Without a network the mouth is the template's, so what is left is the compositing's own error.
TEST(Render, TheIdentityStaysAbove55Decibels) {
  const ScratchFolder folder;
  const Path audio = Wav(folder, "speech.wav", 1.0);
  ASSERT_EQ(Render(audio, folder / "id.mp4",
                   {"--engine", "null", "--inputs", "derived", "--frames", (folder / "id").string()})
                .exit_code,
            0);
  auto reader = VideoReader::Open(testdata::SyntheticAvatar() / "full_body_video.mp4");
  ASSERT_TRUE(reader.ok());
  double squares = 0;
  double count = 0;
  for (int n = 0; n < 24; ++n) {
    YuvImage frame;
    ASSERT_TRUE(reader.value().Read(frame).ok());
    Image original(frame.width(), frame.height());
    YuvToBgr(frame.view(), original.view());
    char name[16];
    std::snprintf(name, sizeof(name), "%06d.png", n);
    const auto picture = ReadPicture(folder / "id" / name);
    ASSERT_TRUE(picture.ok());
    // Outside the rectangle nothing may change at all, so the sum is the rectangle's; its area is all that counts.
    for (int y = 0; y < original.height(); ++y) {
      for (int x = 0; x < original.width() * 3; ++x) {
        const double d = original.view().Row(y)[x] - picture.value().view().Row(y)[x];
        squares += d * d;
      }
    }
    const auto rects = ReadJson(testdata::SyntheticAvatar() / "cache" / "crop_rectangles.json");
    const auto& rect = rects.Find(std::to_string(n))->Find("rect")->array();
    count += 3.0 * (rect[2].as_double() - rect[0].as_double()) * (rect[3].as_double() - rect[1].as_double());
  }
  EXPECT_GE(10 * std::log10(255.0 * 255.0 * count / (squares + 1e-9)), 55.0);
}

TEST(Render, AnInterruptLeavesNothingBehind) {
  const ScratchFolder folder;
  const Path audio = Wav(folder, "long.wav", 600.0);
  const Outcome outcome = Render(audio, folder / "out.mp4", {},
                                 {.interrupt_signal = SIGINT, .interrupt_after = "frames", .file_size_limit = -1});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("error: encode: stopped on request\n"));
  EXPECT_THAT(folder.Names(), ElementsAre("long.wav"));
}

TEST(Render, AFullDiskIsNamedAndLeavesNothingBehind) {
  const ScratchFolder folder;
  const Path audio = Wav(folder, "speech.wav", 3.0);
  const Outcome outcome =
      Render(audio, folder / "out.mp4", {}, {.interrupt_signal = 0, .interrupt_after = "", .file_size_limit = 20'000});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("out.mp4"));
  EXPECT_THAT(folder.Names(), ElementsAre("speech.wav"));
}

}  // namespace
}  // namespace lips::e2e
