#include <chrono>
#include <thread>

#include "live/frame_store.h"
#include "tests/live/live_fixture.h"

namespace lips {
namespace {

using testdata::LiveTest;
using testdata::Received;
using testdata::RecordingSink;
using testdata::SyntheticAvatar;

class Host : public LiveTest {};

ProtocolError RefusalOf(LiveHost::Opened opened) {
  const auto* error = std::get_if<ProtocolError>(&opened);
  EXPECT_NE(error, nullptr);
  return error != nullptr ? *error : ProtocolError();
}

TEST_F(Host, SixtyFourSessionsStayInTime) {
  LiveHostOptions options;
  options.admit_all = true;
  options.picture_encoder = OpenPictureEncoder;  // real JPEGs
  Start(options);
  SessionSettings settings = Settings();
  settings.pace = Pace::kRealtime;
  std::vector<Talk> talks;
  for (int i = 0; i < 64; ++i) {
    talks.push_back(Open(settings));
    Run(1'700);
  }
  const auto chunk = Tone(20);
  for (int tick = 0; tick < 75; ++tick) {  // 1.5 s
    for (const Talk& talk : talks) talk.session->PushSamples(chunk);
    Run(20'000);
  }
  for (const Talk& talk : talks) talk.session->Commit();
  Run(1'000'000);
  const LiveMetrics metrics = host->metrics();
  EXPECT_EQ(metrics.frames_dropped, 0);
  EXPECT_EQ(metrics.frames_late, 0);
  EXPECT_EQ(metrics.frames_sent, 64 * 36);
  EXPECT_LE(metrics.frame_latency.PercentileBound(99), 0.02);
  for (const Talk& talk : talks) {
    const auto video = talk.sink->video();
    ASSERT_EQ(video.size(), 36U);
    for (size_t n = 0; n < video.size(); ++n) EXPECT_EQ(video[n].header.pts_us, static_cast<int64_t>(n) * 40'000);
  }
}

TEST_F(Host, ManyThreadsMakeTheFramesOfOne) {
  std::vector<std::vector<std::vector<uint8_t>>> seen_with_one;  // [session][frame]: its bytes
  for (const int threads : {1, 2, 5}) {
    LiveHostOptions options;
    options.admit_all = true;
    options.threads = threads;
    options.picture_encoder = OpenPictureEncoder;  // real JPEGs
    Start(options);
    std::vector<Talk> talks;
    for (int i = 0; i < 7; ++i) {
      SessionSettings settings = Settings();
      settings.quality = 40 + 8 * i;
      settings.mode = i % 3 == 0 ? VideoMode::kJpeg : VideoMode::kPatch;
      talks.push_back(Open(settings));
      talks.back().session->PushSamples(Tone(300 + 40 * i));
      talks.back().session->Commit();
    }
    Run(3'000'000);
    const auto facts = host->FindAvatar("anna");
    std::vector<std::vector<std::vector<uint8_t>>> seen;
    for (const Talk& talk : talks) {
      seen.emplace_back();
      int64_t last_us = -1;
      for (const MediaMessage& message : talk.sink->video()) {
        EXPECT_GT(message.header.pts_us, last_us);
        if (message.header.kind == MediaKind::kPatch) {
          EXPECT_LE(message.header.w, facts->patch_max_w);
        }
        last_us = message.header.pts_us;
        seen.back().push_back(*message.payload);
      }
      EXPECT_GE(seen.back().size(), 6U);
    }
    if (threads == 1) seen_with_one = seen;
    EXPECT_TRUE(seen == seen_with_one) << threads << " threads";
  }
}

TEST_F(Host, SleepsWhenNobodySpeaks) {
  std::vector<Talk> talks;
  for (int i = 0; i < 10; ++i) talks.push_back(Open(Settings()));
  Run(0);
  run_due_calls = 0;
  Run(29'000'000);
  EXPECT_EQ(run_due_calls, 1) << "nothing is due before the clients' time to say something is over";
  // After an utterance it sleeps again: an acknowledgement, and that was it.
  for (const Talk& talk : talks) {
    talk.session->PushSamples(Tone(500));
    talk.session->Commit();
  }
  Run(2'000'000);
  run_due_calls = 0;
  Run(55'000'000);
  EXPECT_EQ(run_due_calls, 1);
}

// As soon as possible means late rather than never: 60 ms a picture, 25 pictures a second asked for.
TEST_F(Host, NothingIsLeftOutWhereTheClientWaits) {
  cost_us = 60'000;
  for (const VideoMode mode : {VideoMode::kPatch, VideoMode::kH264}) {
    Start({});  // one that was overloaded takes nobody
    SessionSettings settings = Settings();
    settings.mode = mode;
    const Talk talk = Open(settings);
    talk.session->PushSamples(Tone(4000));
    talk.session->Commit();
    Run(8'000'000);
    const auto done = talk.sink->events<UtteranceDoneEvent>();
    ASSERT_EQ(done.size(), 1U);
    EXPECT_EQ(done[0].frames_dropped, 0) << Name(mode);
    EXPECT_EQ(talk.sink->video().size(), 99U) << Name(mode);
    talk.session->Close(CloseCode::kNormal, "done");
  }
}

// Overloaded for long enough, a host repeats every other picture; coded video cannot, so there they are counted.
TEST_F(Host, EveryFrameIsSentOrCountedAsDropped) {
  cost_us = 60'000;
  SessionSettings settings = Settings();
  settings.mode = VideoMode::kH264;
  const Talk talk = Open(settings);
  for (int i = 0; i < 4; ++i) talk.session->PushSamples(Tone(5000));
  talk.session->Commit();
  Run(40'000'000);
  const auto done = talk.sink->events<UtteranceDoneEvent>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_GT(done[0].frames_dropped, 0) << "the ladder's doing";
  EXPECT_EQ(done[0].frames_sent + done[0].frames_dropped, 499);
  EXPECT_EQ(static_cast<int64_t>(talk.sink->video().size()), done[0].frames_sent);
  EXPECT_EQ(host->metrics().frames_dropped, done[0].frames_dropped);
}

// 60 ms a picture, 25 pictures a second asked for: what is late is left out, the sound is all there, and the client is
// told.
TEST_F(Host, LateFramesAreDroppedAndSoundIsNot) {
  cost_us = 60'000;
  SessionSettings settings = Settings();
  settings.audio_out = AudioOut::kPcmS16;
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(4000));
  talk.session->Commit();
  Run(8'000'000);
  const auto done = talk.sink->events<UtteranceDoneEvent>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].frames_sent + done[0].frames_dropped, 99);
  EXPECT_GT(done[0].frames_dropped, 25);
  EXPECT_EQ(host->metrics().frames_dropped, done[0].frames_dropped);
  const auto video = talk.sink->video();
  EXPECT_EQ(static_cast<int64_t>(video.size()), done[0].frames_sent);
  int64_t last_pts_us = -1;
  for (const MediaMessage& message : video) {
    const bool gap = message.header.pts_us != last_pts_us + 40'000 && last_pts_us >= 0;
    EXPECT_EQ((message.header.flags & kMediaFramesDropped) != 0, gap);
    last_pts_us = message.header.pts_us;
  }
  EXPECT_EQ(last_pts_us, 98 * 40'000) << "the last one is never left out";
  size_t bytes = 0;
  for (const MediaMessage& message : talk.sink->audio()) bytes += message.payload->size();
  EXPECT_EQ(bytes, 2 * 64'000U);
}

// Gives NaN for one frame in the middle of an utterance.
class Spoiled : public Generator {
 public:
  explicit Spoiled(std::unique_ptr<Generator> generator) : generator_(std::move(generator)) {}
  int size_px() const override { return generator_->size_px(); }
  Dims audio_dims() const override { return generator_->audio_dims(); }
  int64_t audio_floats() const override { return generator_->audio_floats(); }
  std::string Describe() const override { return "spoiled"; }
  int preferred_jobs() const override { return 4; }
  Result<std::unique_ptr<Template>> Prepare(ConstImageView roi, ConstImageView masked,
                                            std::unique_ptr<Template> reuse) override {
    return generator_->Prepare(roi, masked, std::move(reuse));
  }
  Status Generate(std::span<const Job> jobs) override {
    if (jobs.size() == 1 ? std::exchange(spoil_one, false) : std::exchange(spoil_batch, false)) {
      spoil_one = jobs.size() > 1;
      return Error(ErrorCode::kCorrupted, "job 0: the network gave NaN");
    }
    return generator_->Generate(jobs);
  }
  bool spoil_batch = false;  // the next batch of several
  bool spoil_one = false;    // ... and the first frame of it

 private:
  std::unique_ptr<Generator> generator_;
};

TEST_F(Host, AFrameTheNetworkSpoilsIsHeldAndTold) {
  Spoiled* spoiled = nullptr;
  LiveAvatarOptions options = NullAvatar();
  options.wrap = [&](std::unique_ptr<Generator> generator) {
    auto wrapped = std::make_unique<Spoiled>(std::move(generator));
    spoiled = wrapped.get();
    return wrapped;
  };
  ASSERT_TRUE(host->LoadAvatar("nan", SyntheticAvatar(), options).ok());
  SessionSettings settings = Settings();
  settings.avatar = "nan";
  settings.max_lead_ms = 10'000;
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(600));
  Run(0);
  const size_t before = talk.sink->video().size();
  ASSERT_GT(before, 0U);
  spoiled->spoil_batch = true;
  talk.session->PushSamples(Tone(400));
  talk.session->Commit();
  Run(2'000'000);
  const auto video = talk.sink->video();
  ASSERT_EQ(video.size(), 24U) << "every frame is shown";
  EXPECT_EQ(video[before].payload, video[before - 1].payload) << "the one before is held";
  EXPECT_NE(video[before].header.flags & kMediaRepeat, 0);
  EXPECT_EQ(video[before].header.pts_us, static_cast<int64_t>(before) * 40'000);
  EXPECT_EQ(video[before + 1].header.flags & kMediaRepeat, 0);
  const auto errors = talk.sink->events<ProtocolError>();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].code, "model_output_invalid");
  EXPECT_FALSE(errors[0].fatal);
  EXPECT_EQ(host->metrics().frames_invalid, 1);
}

TEST_F(Host, OverloadGoesDownTheLadderAndBackUp) {
  cost_us = 100'000;
  std::vector<Talk> talks;
  for (int i = 0; i < 3; ++i) {
    talks.push_back(Open(Settings()));
    Run(1'000);
  }
  bool refused = false;
  for (int second = 0; second < 30; ++second) {
    for (const Talk& talk : talks) talk.session->PushSamples(Tone(1000));
    Run(1'000'000);
    refused = refused || !host->metrics().admission_open;
  }
  EXPECT_TRUE(refused);
  EXPECT_EQ(host->readiness(), Readiness::kOverloaded);
  EXPECT_EQ(RefusalOf(host->OpenSession(Settings(), talks[0].sink)).code, "overloaded");
  EXPECT_EQ(talks[2].sink->closed(), CloseCode::kOverload) << "the newest goes";
  EXPECT_FALSE(talks[0].sink->closed().has_value());
  EXPECT_GT(host->metrics().frames_repeated, 0);
  const auto warnings = talks[0].sink->events<WarningEvent>();
  EXPECT_TRUE(std::ranges::any_of(warnings, [](const WarningEvent& w) { return w.code == "degraded"; }));
  cost_us = 0;
  for (int second = 0; second < 60; ++second) {
    talks[0].session->PushSamples(Tone(1000));
    Run(1'000'000);
  }
  EXPECT_EQ(host->metrics().shedding_level, 0);
  EXPECT_EQ(host->readiness(), Readiness::kReady);
}

// Everybody left an overloaded host: it takes its steps back though no frame tells it to.
TEST_F(Host, AdmitsAgainWhenTheLoadHasGone) {
  cost_us = 100'000;
  std::vector<Talk> talks;
  for (int i = 0; i < 3; ++i) talks.push_back(Open(Settings()));
  for (int second = 0; second < 20; ++second) {
    for (const Talk& talk : talks) talk.session->PushSamples(Tone(1000));
    Run(1'000'000);
  }
  EXPECT_EQ(host->readiness(), Readiness::kOverloaded);
  for (const Talk& talk : talks) talk.session->Close(CloseCode::kNormal, "gone");
  Run(2'000'000);
  EXPECT_TRUE(host->RunDue().has_value()) << "it wakes by itself: nobody who is refused wakes it";
  Run(60'000'000);
  EXPECT_EQ(host->readiness(), Readiness::kReady);
  EXPECT_NE(Open(Settings()).session, nullptr);
}

TEST_F(Host, AdmitsAsManySessionsAsItWasMeasuredFor) {
  LiveAvatarOptions options = NullAvatar();
  options.frames_per_second = 100;  // 0.85 * 100 / 25 = 3.4
  ASSERT_TRUE(host->LoadAvatar("slow", SyntheticAvatar(), options).ok());
  SessionSettings settings = Settings();
  settings.avatar = "slow";
  std::vector<Talk> talks;
  for (int i = 0; i < 3; ++i) talks.push_back(Open(settings));
  const auto sink = std::make_shared<RecordingSink>(clock);
  const ProtocolError refusal = RefusalOf(host->OpenSession(settings, sink));
  EXPECT_EQ(refusal.code, "overloaded");
  EXPECT_EQ(refusal.close, CloseCode::kOverload);
  EXPECT_TRUE(sink->all().empty());
  EXPECT_EQ(host->capacity().used, 3);
  EXPECT_EQ(host->capacity().total, 3);
  talks[1].session->Close(CloseCode::kNormal, "done");
  EXPECT_NE(Open(settings).session, nullptr);
  EXPECT_EQ(host->metrics().sessions_refused, 1);
}

TEST_F(Host, SomebodyMayAlwaysTry) {
  LiveAvatarOptions options = NullAvatar();
  options.frames_per_second = 3;
  ASSERT_TRUE(host->LoadAvatar("slow", SyntheticAvatar(), options).ok());
  SessionSettings settings = Settings();
  settings.avatar = "slow";
  EXPECT_NE(Open(settings).session, nullptr);
  RefusalOf(host->OpenSession(settings, nullptr));
}

TEST_F(Host, AnAvatarInUseOutlivesItsUnloading) {
  ASSERT_TRUE(host->LoadAvatar("bella", SyntheticAvatar(), NullAvatar()).ok());
  EXPECT_FALSE(host->LoadAvatar("bella", SyntheticAvatar(), NullAvatar()).ok()) << "taken";
  EXPECT_FALSE(host->LoadAvatar("../etc", SyntheticAvatar(), NullAvatar()).ok());
  SessionSettings settings = Settings();
  settings.avatar = "bella";
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(1000));
  Run(100'000);
  const std::weak_ptr<const Avatar> avatar = host->AvatarOf("bella");
  EXPECT_EQ(host->FindAvatar("bella")->sessions, 1);
  ASSERT_TRUE(host->UnloadAvatar("bella").ok());
  EXPECT_FALSE(host->UnloadAvatar("bella").ok());
  EXPECT_FALSE(host->FindAvatar("bella").has_value());
  EXPECT_EQ(RefusalOf(host->OpenSession(settings, nullptr)).close, CloseCode::kNoAvatar);
  talk.session->Commit();
  Run(2'000'000);
  EXPECT_EQ(talk.sink->video().size(), 24U);
  EXPECT_FALSE(avatar.expired());
  talk.session->Close(CloseCode::kNormal, "done");
}

TEST_F(Host, MemoryOfAnUnloadedAvatarComesBack) {
  ASSERT_TRUE(host->LoadAvatar("bella", SyntheticAvatar(), NullAvatar()).ok());
  const std::weak_ptr<const Avatar> avatar = host->AvatarOf("bella");
  SessionSettings settings = Settings();
  settings.avatar = "bella";
  Talk talk = Open(settings);
  ASSERT_TRUE(host->UnloadAvatar("bella").ok());
  talk.session->Close(CloseCode::kNormal, "done");
  Run(0);
  talk.session.reset();
  EXPECT_TRUE(avatar.expired());
}

TEST_F(Host, DrainsInTime) {
  const Talk talk = Open(Settings());
  const Talk other = Open(Settings());
  EXPECT_EQ(host->readiness(), Readiness::kReady);
  host->Drain(10'000);
  EXPECT_EQ(host->readiness(), Readiness::kDraining);
  EXPECT_EQ(RefusalOf(host->OpenSession(Settings(), nullptr)).code, "draining");
  ASSERT_EQ(talk.sink->events<SessionDrainingEvent>().size(), 1U);
  EXPECT_EQ(talk.sink->events<SessionDrainingEvent>()[0].deadline_ms, 10'000);
  talk.session->HandleText(R"({"type":"session.close"})");
  Run(9'000'000);
  EXPECT_EQ(talk.sink->closed(), CloseCode::kNormal);
  EXPECT_FALSE(other.sink->closed().has_value());
  EXPECT_FALSE(host->drained());
  Run(2'000'000);
  EXPECT_EQ(other.sink->closed(), CloseCode::kRestart);
  EXPECT_TRUE(host->drained());
}

TEST_F(Host, SessionsWaitForTheirConnection) {
  auto opened = host->OpenSession(Settings(), nullptr);
  const auto session = std::get<std::shared_ptr<LiveSession>>(opened);
  session->PushSamples(Tone(1000));
  Run(10'000'000);
  const auto sink = std::make_shared<RecordingSink>(clock);
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<LiveSession>>(host->Attach(session->id(), sink)));
  EXPECT_EQ(sink->events<SessionCreatedEvent>().size(), 1U);
  Run(3'000'000);
  EXPECT_EQ(sink->video().size(), 24U);
  EXPECT_EQ(RefusalOf(host->Attach("s0", sink)).code, "session_unknown");
}

TEST_F(Host, WaitsForAFirstConnectionHoweverShortItWaitsForALostOne) {
  LiveHostOptions options;
  options.limits.resume_ms = 1'000;
  Start(options);
  const auto first = std::get<std::shared_ptr<LiveSession>>(host->OpenSession(Settings(), nullptr));
  const auto second = std::get<std::shared_ptr<LiveSession>>(host->OpenSession(Settings(), nullptr));
  const auto sink = std::make_shared<RecordingSink>(clock);
  Run(29'000'000);
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<LiveSession>>(host->Attach(first->id(), sink)));
  Run(2'000'000);
  EXPECT_TRUE(second->closed()) << "nobody came";
  EXPECT_FALSE(first->closed());
  first->Detach();
  Run(1'500'000);
  EXPECT_TRUE(first->closed()) << "nobody came back";
}

// The thread of the host's own, and connections' threads: for the thread sanitizer as much as for the results.
TEST(HostThread, ServesConnectionsOfManyThreads) {
  auto made = LiveHost::Create({.admit_all = true});
  ASSERT_TRUE(made.ok());
  LiveHost& host = *made.value();
  LiveAvatarOptions avatar;
  avatar.engine.session.backend = Backend::kNull;
  avatar.frames_per_second = 1e6;
  ASSERT_TRUE(host.LoadAvatar("anna", SyntheticAvatar(), avatar).ok());
  std::vector<std::jthread> clients;
  std::atomic<int> heard = 0;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&host, &heard, i] {
      SessionSettings settings;
      settings.avatar = "anna";
      settings.idle = IdleMode::kServer;
      settings.max_lead_ms = 10'000;
      const auto sink = std::make_shared<RecordingSink>(SteadyClock());
      const auto session = std::get<std::shared_ptr<LiveSession>>(host.OpenSession(settings, sink));
      for (int utterance = 1; utterance <= 3; ++utterance) {
        session->PushSamples(std::vector<float>(16000, 0.1f));
        session->Commit();
        session->Report({});
        if (i % 2 == 1) session->Clear();
        while (sink->events<UtteranceDoneEvent>().empty() && i % 2 == 0) std::this_thread::yield();
      }
      session->Close(CloseCode::kNormal, "done");
      while (!sink->closed()) std::this_thread::yield();
      heard += sink->closed() == CloseCode::kNormal ? 1 : 0;
    });
  }
  clients.clear();
  EXPECT_EQ(heard, 4);
  EXPECT_EQ(host.capacity().used, 0);
  EXPECT_TRUE(host.alive());
}

// A patch is cut out of its frame before the mouth is pasted into it. Its pixels are those of the whole frame.
TEST(FrameStore, PartsOfFramesHaveTheFramesPixels) {
  auto avatar = Avatar::Open(SyntheticAvatar(), {});
  ASSERT_TRUE(avatar.ok());
  auto parts = FrameStore::Open(avatar.value(), 1 << 28);
  auto wholes = FrameStore::Open(avatar.value(), 1 << 28);
  ASSERT_TRUE(parts.ok() && wholes.ok());
  const auto paste = MakeComposite(CompositeMode::kNatural);
  Image mouth(320, 320);
  for (int64_t index = 0; index < 8; ++index) {
    const auto part = parts.value()->Get(index, false);
    const auto whole = wholes.value()->Get(index, true);
    ASSERT_TRUE(part.ok() && whole.ok());
    YuvImage small = part.value()->picture.Clone();
    YuvImage large = whole.value()->picture.Clone();
    paste->Paste(part.value()->crop.view(), mouth.view(), part.value()->face, small.view());
    paste->Paste(whole.value()->crop.view(), mouth.view(), whole.value()->face, large.view());
    const Rect area = part.value()->area;
    EXPECT_EQ(area.x % 2 + area.y % 2, 0);
    for (int y = 0; y < area.height; ++y) {
      const uint8_t* row = std::as_const(large).view().y.Row(area.y + y) + area.x;
      ASSERT_TRUE(std::equal(row, row + area.width, std::as_const(small).view().y.Row(y))) << index << ", row " << y;
    }
    for (int y = 0; y < (area.height + 1) / 2; ++y) {
      const auto width = static_cast<ptrdiff_t>((area.width + 1) / 2);
      const uint8_t* u = std::as_const(large).view().u.Row(area.y / 2 + y) + area.x / 2;
      const uint8_t* v = std::as_const(large).view().v.Row(area.y / 2 + y) + area.x / 2;
      ASSERT_TRUE(std::equal(u, u + width, std::as_const(small).view().u.Row(y))) << index << ", row " << y;
      ASSERT_TRUE(std::equal(v, v + width, std::as_const(small).view().v.Row(y))) << index << ", row " << y;
    }
  }
}

TEST(FrameStore, KeepsWithinItsBudget) {
  auto avatar = Avatar::Open(SyntheticAvatar(), {});
  ASSERT_TRUE(avatar.ok());
  constexpr int64_t kBudget = 2'500'000;
  auto store = FrameStore::Open(avatar.value(), kBudget);
  ASSERT_TRUE(store.ok());
  for (int64_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(store.value()->Get(i % 30, i % 3 == 0).ok());
    EXPECT_LE(store.value()->bytes(), kBudget);
    EXPECT_GT(store.value()->bytes(), 0);
  }
}

}  // namespace
}  // namespace lips
