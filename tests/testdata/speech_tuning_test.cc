// How the mouth of a whole render follows, or does not follow, what is heard: gate, gain, smoothing, offset.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/sha256.h"
#include "render/render.h"
#include "tests/testdata/speech.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips {
namespace {

constexpr size_t kShort = 19200;  // samples of 29 frames

class SpeechTuning : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("lips-tuning-" + std::to_string(getpid()));
    ASSERT_TRUE(MakeFolder(folder_).ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Path Wav(const char* name, const std::vector<float>& samples) {
    EXPECT_TRUE(testdata::WriteWav(folder_ / name, samples, 16000, 1).ok());
    return folder_ / name;
  }
  static RenderRequest Request(const Path& audio) {
    RenderRequest request;
    request.job.avatar = testdata::SyntheticAvatar();
    request.job.avatar_options.inputs = InputSource::kDerived;
    request.job.audio = audio;
    return request;
  }
  // Hashes of the pictures, frame by frame.
  std::vector<std::string> Pictures(RenderRequest request) {
    request.frames_folder = folder_ / "pictures";
    std::filesystem::remove_all(*request.frames_folder);
    const auto report = Render(request);
    EXPECT_TRUE(report.ok()) << report.error().message();
    if (report.ok()) report_ = report.value();
    std::vector<Path> files;
    for (const auto& file : std::filesystem::directory_iterator(*request.frames_folder)) files.push_back(file.path());
    std::ranges::sort(files);
    std::vector<std::string> hashes;
    for (const Path& file : files) hashes.push_back(Sha256OfFile(file).value());
    return hashes;
  }

  Path folder_;
  RenderReport report_;  // of the last Pictures
};

// A room's noise gives the very pictures of digital silence, and moves the mouth where nobody gates it.
TEST_F(SpeechTuning, TheMouthRestsInAQuietRoom) {
  std::vector<float> room(kShort);
  uint32_t state = 1;
  for (float& x : room) x = (static_cast<float>((state = state * 1664525U + 1013904223U) >> 16) / 32768 - 1) * 0.004f;
  const Path noise = Wav("room.wav", room), silence = Wav("silence.wav", std::vector<float>(kShort));
  RenderRequest request = Request(silence);
  request.job.silence_gate = false;
  const auto at_rest = Pictures(request);
  ASSERT_EQ(at_rest.size(), 29u);
  EXPECT_EQ(Pictures(Request(noise)), at_rest) << "on by default";
  request.job.audio = noise;
  EXPECT_NE(Pictures(request), at_rest) << "off";
  request = Request(noise);
  request.job.composite = CompositeMode::kCompatible;
  const auto compatible = Pictures(request);
  request.job.audio = silence;
  EXPECT_NE(Pictures(request), compatible) << "compatible means as heard";
}

// Where the template's own mouth is at rest, a pause shows it to the bit, with a fade on either side and nothing else
// changed.
TEST_F(SpeechTuning, APauseShowsATemplateThatRests) {
  std::vector<float> samples = testdata::SynthesizeSpeech(2.2, 7).samples;
  std::fill(samples.begin() + 9600, samples.begin() + 32000, 0.0F);  // from frame 15 on
  const Path audio = Wav("pause.wav", samples);
  RenderRequest request = Request(audio);
  request.job.avatar_options.rests = false;
  const auto drawn = Pictures(request);
  request.job.engine.session.backend = Backend::kNull;
  const auto bare = Pictures(request);
  request = Request(audio);
  request.job.avatar_options.rests = true;
  const auto shown = Pictures(request);
  ASSERT_EQ(shown.size(), drawn.size());
  ASSERT_EQ(shown.size(), bare.size());
  int as_drawn = 0, as_template = 0, between = 0;
  for (size_t n = 0; n < shown.size(); ++n) {
    const bool is_template = shown[n] == bare[n];
    as_template += is_template ? 1 : 0;
    as_drawn += shown[n] == drawn[n] ? 1 : 0;
    between += shown[n] != bare[n] && shown[n] != drawn[n] ? 1 : 0;
    if (is_template) {
      EXPECT_GT(n, 15U) << "while she speaks";
    }
  }
  EXPECT_GE(report_.frames_at_rest, 3);
  EXPECT_LE(report_.frames_at_rest, as_template);
  EXPECT_LE(as_template - report_.frames_at_rest, 4) << "what fades in or out may round to the template";
  EXPECT_GT(as_drawn, 20);
  EXPECT_LE(between, 2 + 7 + 2) << "in at the beginning, out and in again";
  EXPECT_GE(between, 4);

  request.job.audio = Wav("silence.wav", std::vector<float>(kShort));
  EXPECT_EQ(Pictures(request).size(), 29u);
  EXPECT_EQ(report_.frames_at_rest, 29) << "no network is asked";
  request.job.composite = CompositeMode::kCompatible;
  Pictures(request);
  EXPECT_EQ(report_.frames_at_rest, 0) << "compatible means as heard";
}

// 400 ms are ten frames: frame n of the one is frame n - 10 of the other, whose template starts ten frames on.
TEST_F(SpeechTuning, TheMouthComesLaterOrEarlierAsAsked) {
  const Path audio = Wav("speech.wav", testdata::SynthesizeSpeech(2, 7).samples);
  RenderRequest request = Request(audio);
  request.start_frame = 10;
  const auto plain = Pictures(request);
  request.start_frame = 0;
  request.job.av_offset_ms = 400;
  const auto later = Pictures(request);
  request.start_frame = 20;
  request.job.av_offset_ms = -400;
  const auto earlier = Pictures(request);
  ASSERT_EQ(plain.size(), 49u);
  ASSERT_EQ(later.size(), 49u);
  ASSERT_EQ(earlier.size(), 49u);
  for (size_t n = 20; n < 39; ++n) {  // away from both ends, which hear what lies outside
    EXPECT_EQ(later[n], plain[n - 10]) << n;
    if (n >= 31) {  // the very first rows hear that there is nothing before
      EXPECT_EQ(earlier[n - 20], plain[n - 10]) << n;
    }
  }
  request.job.av_offset_ms = 1200;
  request.frames_folder = folder_ / "refused";
  EXPECT_FALSE(Render(request).ok());
}

TEST_F(SpeechTuning, TheMouthMovesLessWithLessGainAndNotAtAllWithNone) {
  const auto at_rest = Pictures(Request(Wav("silence.wav", std::vector<float>(kShort))));
  RenderRequest request = Request(Wav("speech.wav", testdata::SynthesizeSpeech(1.2, 7).samples));
  const auto plain = Pictures(request);
  EXPECT_NE(plain, at_rest);
  request.job.mouth_gain = 0;
  EXPECT_EQ(Pictures(request), at_rest);
  request.job.mouth_gain = 0.5;
  EXPECT_NE(Pictures(request), plain);
  request.job.mouth_gain = 1;
  request.job.smooth_audio = 1;
  EXPECT_NE(Pictures(request), plain);
}

TEST_F(SpeechTuning, PackagedFeaturesAreNotShapedWithoutAWord) {
  RenderRequest request = Request(Wav("speech.wav", testdata::SynthesizeSpeech(2, 7).samples));
  request.job.features = testdata::SyntheticAvatar() / "aud_ave.npy";
  request.frames_folder = folder_ / "refused";
  request.job.silence_gate = true;
  EXPECT_FALSE(Render(request).ok());
  request.job.silence_gate.reset();
  EXPECT_TRUE(Render(request).ok()) << "by default there is nothing to shape";
}

}  // namespace
}  // namespace lips
