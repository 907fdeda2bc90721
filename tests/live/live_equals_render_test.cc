// The law that ties live to render: the same audio gives the same frames, whatever chunks it came in.
#include <cstring>
#include <random>

#include "image/colour.h"
#include "media/picture.h"
#include "media/speech.h"
#include "render/render.h"
#include "tests/live/live_fixture.h"

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

std::vector<Image> Rendered(const Path& folder) {
  RenderRequest request;
  request.job.avatar = SyntheticAvatar();
  request.job.audio = SyntheticSpeech();
  request.job.duration_s = kSeconds;
  request.job.engine = Engine();
  request.frames_folder = folder;
  request.start_frame = 3;
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

TEST(LiveEqualsRender, FrameByFrameForAnyChunking) {
  const Path folder = Path(testing::TempDir()) / "live_equals_render";
  std::filesystem::remove_all(folder);
  const std::vector<Image> rendered = Rendered(folder);
  ASSERT_GT(rendered.size(), 40U);
  auto speech = ReadSpeech(SyntheticSpeech());
  ASSERT_TRUE(speech.ok());
  std::vector<float>& samples = speech.value().samples_16k;
  samples.resize(static_cast<size_t>(kSeconds * 16000));

  FakeClock clock;
  auto made = LiveHost::Create({.admit_all = true, .clock = &clock, .manual = true});
  ASSERT_TRUE(made.ok());
  LiveAvatarOptions avatar;
  avatar.engine = Engine();
  avatar.frames_per_second = 100;
  avatar.fill = false;
  ASSERT_TRUE(made.value()->LoadAvatar("anna", SyntheticAvatar(), avatar).ok());
  SessionSettings settings;
  settings.avatar = "anna";
  settings.mode = VideoMode::kRaw;
  settings.pace = Pace::kFree;
  settings.start_frame = 3;

  for (const uint32_t seed : {0U, 1U, 2U}) {
    const auto sink = std::make_shared<RecordingSink>(clock);
    auto opened = made.value()->OpenSession(settings, sink, true);
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<LiveSession>>(opened));
    const auto session = std::get<std::shared_ptr<LiveSession>>(opened);
    std::mt19937 random(seed);
    const size_t most = seed == 0 ? samples.size() : seed == 1 ? 700 : 9000;
    for (size_t at = 0; at < samples.size();) {
      const size_t take = std::min<size_t>(seed == 0 ? most : random() % most + 1, samples.size() - at);
      session->PushSamples(std::span(samples).subspan(at, take));
      at += take;
      made.value()->RunDue();
    }
    session->Commit();
    made.value()->RunDue();
    const auto video = sink->video();
    ASSERT_EQ(video.size(), rendered.size()) << "seed " << seed;
    for (size_t n = 0; n < video.size(); ++n) {
      ASSERT_NE(video[n].picture, nullptr);
      Image picture(video[n].picture->width(), video[n].picture->height());
      YuvToBgr(video[n].picture->view(), picture.view());
      ASSERT_TRUE(SamePixels(picture.view(), rendered[n].view())) << "frame " << n << ", seed " << seed;
    }
    session->Close(CloseCode::kNormal, "done");
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lips
