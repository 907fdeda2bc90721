// The law that ties live to render: the same audio gives the same frames, whatever chunks it came in.
#include <cstring>
#include <random>

#include "base/file.h"
#include "base/json.h"
#include "image/colour.h"
#include "live/live_avatar.h"
#include "media/picture.h"
#include "media/speech.h"
#include "render/render.h"
#include "tests/live/live_fixture.h"
#include "tests/testdata/speech.h"

namespace lips {
namespace {

using testdata::FakeClock;
using testdata::RecordingSink;
using testdata::SyntheticAvatar;
using testdata::SyntheticSpeech;

constexpr double kSeconds = 2;

GeneratorOptions Engine() {
  GeneratorOptions engine;
  engine.session.threads = 1;
  engine.session.precision = Precision::kF32;
  engine.prove = false;
  return engine;
}

std::vector<Image> Rendered(const Path& avatar, const Path& folder, std::optional<FrameRate> fps = {},
                            const std::optional<Path>& resting_in = {}) {
  RenderRequest request;
  request.job.avatar = avatar;
  request.job.audio = resting_in.value_or(SyntheticSpeech());
  request.job.duration_s = kSeconds;
  if (resting_in) request.job.avatar_options.rests = true;
  request.job.engine = Engine();
  request.frames_folder = folder;
  request.start_frame = 3;
  request.fps = fps;
  const auto report = Render(request);
  EXPECT_TRUE(report.ok()) << report.error().message();
  std::vector<Path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".png") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<Image> frames;
  for (const Path& path : paths) {
    auto picture = ReadPicture(path);
    EXPECT_TRUE(picture.ok());
    frames.push_back(std::move(picture).value());
  }
  return frames;
}

bool SamePixels(ConstImageView a, ConstImageView b) {
  if (a.width != b.width || a.height != b.height) return false;
  for (int y = 0; y < a.height; ++y) {
    if (std::memcmp(a.Row(y), b.Row(y), static_cast<size_t>(a.width) * 3) != 0) return false;
  }
  return true;
}

// A manual host with that avatar.
std::unique_ptr<LiveHost> HostWith(const Path& avatar, const FakeClock& clock, std::optional<bool> rests = {}) {
  auto made = LiveHost::Create({.admit_all = true, .clock = &clock, .manual = true});
  EXPECT_TRUE(made.ok());
  LiveAvatarOptions options;
  options.avatar.rests = rests;
  options.engine = Engine();
  options.frames_per_second = 100;
  options.fill = false;
  const Status loaded = made.value()->LoadAvatar("anna", avatar, options);
  EXPECT_TRUE(loaded.ok()) << loaded.error().message();
  return std::move(made).value();
}

std::vector<float> Speech() {
  std::vector<float> samples = ReadSpeech(SyntheticSpeech()).value().samples_16k;
  samples.resize(static_cast<size_t>(kSeconds * 16000));
  return samples;
}

// What a session of `mode` sends of the speech, pushed in pieces of at most `most` samples.
std::vector<MediaMessage> Spoken(LiveHost& host, const FakeClock& clock, VideoMode mode, uint32_t seed, size_t most,
                                 FrameRate fps = {0, 1}, const std::vector<float>& samples = Speech()) {
  SessionSettings settings;
  settings.avatar = "anna";
  settings.mode = mode;
  settings.pace = Pace::kFree;
  settings.start_frame = 3;
  settings.fps = fps;
  const auto sink = std::make_shared<RecordingSink>(clock);
  auto opened = host.OpenSession(settings, sink, true);
  const auto session = std::get<std::shared_ptr<LiveSession>>(opened);
  std::mt19937 random(seed);
  for (size_t at = 0; at < samples.size();) {
    const size_t take = std::min<size_t>(seed == 0 ? most : random() % most + 1, samples.size() - at);
    session->PushSamples(std::span(samples).subspan(at, take));
    at += take;
    host.RunDue();
  }
  session->Commit();
  host.RunDue();
  EXPECT_TRUE(sink->events<ProtocolError>().empty());
  session->Close(CloseCode::kNormal, "done");
  return sink->video();
}

void ExpectSame(const std::vector<MediaMessage>& video, const std::vector<Image>& rendered) {
  ASSERT_EQ(video.size(), rendered.size());
  for (size_t n = 0; n < video.size(); ++n) {
    ASSERT_NE(video[n].picture, nullptr);
    Image picture(video[n].picture->width(), video[n].picture->height());
    YuvToBgr(video[n].picture->view(), picture.view());
    ASSERT_TRUE(SamePixels(picture.view(), rendered[n].view())) << "frame " << n;
  }
}

TEST(LiveEqualsRender, FrameByFrameForAnyChunking) {
  const Path folder = Path(testing::TempDir()) / "live_equals_render";
  std::filesystem::remove_all(folder);
  const std::vector<Image> rendered = Rendered(SyntheticAvatar(), folder);
  ASSERT_GT(rendered.size(), 40U);
  FakeClock clock;
  const auto host = HostWith(SyntheticAvatar(), clock);
  constexpr size_t kMost[] = {static_cast<size_t>(kSeconds * 16000), 700, 9000};
  for (const uint32_t seed : {0U, 1U, 2U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ExpectSame(Spoken(*host, clock, VideoMode::kRaw, seed, kMost[seed]), rendered);
  }
  std::filesystem::remove_all(folder);
}

// Frames between two feature rows hear a mixture of both.
TEST(LiveEqualsRender, FrameByFrameAtOtherRates) {
  FakeClock clock;
  const auto host = HostWith(SyntheticAvatar(), clock);
  for (const FrameRate fps : {FrameRate{50, 1}, FrameRate{30000, 1001}, FrameRate{24, 1}}) {
    SCOPED_TRACE(std::to_string(fps.num));
    const Path folder = Path(testing::TempDir()) / ("live_at_" + std::to_string(fps.num));
    std::filesystem::remove_all(folder);
    ExpectSame(Spoken(*host, clock, VideoMode::kRaw, 1, 700, fps), Rendered(SyntheticAvatar(), folder, fps));
    std::filesystem::remove_all(folder);
  }
}

// A pause shows the template where its own mouth is at rest.
TEST(LiveEqualsRender, AtRestToo) {
  const Path folder = Path(testing::TempDir()) / "live_at_rest";
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(MakeFolder(folder).ok());
  std::vector<float> samples = Speech();
  std::fill(samples.begin() + 6400, samples.begin() + 28000, 0.0F);
  ASSERT_TRUE(testdata::WriteWav(folder / "pause.wav", samples, 16000, 1).ok());
  samples = ReadSpeech(folder / "pause.wav").value().samples_16k;  // as 16 bits have them
  FakeClock clock;
  const auto host = HostWith(SyntheticAvatar(), clock, true);
  for (const FrameRate fps : {FrameRate{25, 1}, FrameRate{50, 1}}) {
    SCOPED_TRACE(std::to_string(fps.num));
    const auto rendered = Rendered(SyntheticAvatar(), folder / std::to_string(fps.num), fps, folder / "pause.wav");
    ExpectSame(Spoken(*host, clock, VideoMode::kRaw, 1, 700, fps, samples), rendered);
  }
  const auto patches = Spoken(*host, clock, VideoMode::kPatch, 1, 700, {25, 1}, samples);
  const auto bare_host = HostWith(SyntheticAvatar(), clock, false);
  const auto drawn = Spoken(*bare_host, clock, VideoMode::kPatch, 1, 700, {25, 1}, samples);
  ASSERT_EQ(patches.size(), drawn.size());
  int other = 0;
  for (size_t n = 0; n < patches.size(); ++n) {
    EXPECT_EQ(patches[n].header.flags & kMediaRepeat, 0) << "a template is no repetition";
    EXPECT_FALSE(patches[n].payload->empty());
    other += *patches[n].payload != *drawn[n].payload ? 1 : 0;
  }
  EXPECT_GT(other, 15);
  EXPECT_LT(other, 40);
  std::filesystem::remove_all(folder);
}

// Sessions of one avatar that rest differently do not get each other's patches.
TEST(LiveAvatar, KeepsPatchesOfEitherMouthAtRest) {
  LiveAvatarOptions options;
  options.engine.session.backend = Backend::kNull;
  options.frames_per_second = 100;
  options.fill = false;
  const auto avatar = LiveAvatar::Open("anna", SyntheticAvatar(), options, CompositeMode::kNatural);
  ASSERT_TRUE(avatar.ok()) << avatar.error().message();
  MediaMessage bare;
  bare.header.x = 7;
  avatar.value()->KeepRestPatch(3, {}, true, bare);
  EXPECT_EQ(avatar.value()->FindRestPatch(3, {}, false), nullptr);
  avatar.value()->KeepRestPatch(3, {}, false, {});
  ASSERT_NE(avatar.value()->FindRestPatch(3, {}, true), nullptr);
  EXPECT_EQ(avatar.value()->FindRestPatch(3, {}, true)->header.x, 7);
  EXPECT_EQ(avatar.value()->FindRestPatch(3, {}, false)->header.x, 0);
}

// Frames whose rectangle is null, the first of the session among them, and the avatar's own first.
TEST(LiveEqualsRender, FramesWithoutAFaceStayTheTemplates) {
  const Path folder = Path(testing::TempDir()) / "live_without_faces";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  std::filesystem::copy(SyntheticAvatar(), folder / "anna", std::filesystem::copy_options::recursive);
  const Path rects = folder / "anna" / "cache" / "crop_rectangles.json";
  Json json = ParseJson(ReadTextFile(rects).value()).value();
  const auto faceless = [](int64_t index) { return index == 0 || (index >= 3 && index <= 6); };
  for (int64_t index = 0; index < 10; ++index) {
    if (faceless(index)) json.Set(std::to_string(index), Json::Object({{"rect", Json()}}));
  }
  ASSERT_TRUE(WriteFileAtomically(rects, json.Dump()).ok());

  const std::vector<Image> rendered = Rendered(folder / "anna", folder / "frames");
  ASSERT_GT(rendered.size(), 40U);
  FakeClock clock;
  const auto host = HostWith(folder / "anna", clock);
  ExpectSame(Spoken(*host, clock, VideoMode::kRaw, 0, 1000), rendered);
  const auto patches = Spoken(*host, clock, VideoMode::kPatch, 0, 1000);
  ASSERT_EQ(patches.size(), rendered.size());
  int bare = 0;
  for (const MediaMessage& patch : patches) {
    const bool none = faceless(patch.header.template_frame);
    EXPECT_EQ(patch.header.w == 0 && patch.header.h == 0 && patch.payload->empty(), none) << patch.header.pts_us;
    EXPECT_EQ(patch.header.flags & kMediaRepeat, 0);
    bare += none ? 1 : 0;
  }
  EXPECT_GE(bare, 4);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lips
