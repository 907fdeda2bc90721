// A session's bounds and ends: what it takes, how long it lives, and who may go on with it.
#include "tests/live/live_fixture.h"

namespace lips {
namespace {

using testdata::LiveTest;
using testdata::RecordingSink;

class SessionLife : public LiveTest {};

TEST_F(SessionLife, AcknowledgesAudioTwiceASecond) {
  const Talk talk = Open(Settings());
  SpeakInRealTime(*talk.session, 3000);
  const auto acks = talk.sink->events<AudioAckEvent>();
  EXPECT_GE(acks.size(), 5U);
  EXPECT_LE(acks.size(), 7U);
  EXPECT_EQ(acks[2].samples - acks[1].samples, 8000);
}

TEST_F(SessionLife, TooMuchAudioPausesTheConnectionThenEndsIt) {
  const Talk talk = Open(Settings());
  for (int i = 0; i < 3; ++i) talk.session->PushSamples(Tone(10'000));
  EXPECT_FALSE(talk.sink->paused);
  talk.session->PushSamples(Tone(100));
  EXPECT_TRUE(talk.sink->paused);
  const auto warnings = talk.sink->events<WarningEvent>();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].code, "near_limit");
  Run(6'000'000);
  EXPECT_FALSE(talk.sink->paused) << "below 25 s it goes on";
  for (int i = 0; i < 3; ++i) talk.session->PushSamples(Tone(10'000));
  EXPECT_FALSE(talk.sink->closed().has_value());
  talk.session->PushSamples(Tone(10'000));
  EXPECT_EQ(talk.sink->closed(), CloseCode::kOverload);
  ASSERT_EQ(talk.sink->events<ProtocolError>().size(), 1U);
  EXPECT_EQ(talk.sink->events<ProtocolError>()[0].code, "audio_queue_full");
}

TEST_F(SessionLife, OneMessageMayHoldTenSeconds) {
  const Talk talk = Open(Settings());
  talk.session->PushSamples(Tone(10'001));
  EXPECT_EQ(talk.sink->closed(), CloseCode::kTooBig);
}

TEST_F(SessionLife, SettingsAreFixedOnceAudioHasCome) {
  const Talk talk = Open(Settings());
  talk.session->HandleText(
      R"({"type":"session.update","audio_in":{"rate":48000},"video":{"mode":"jpeg","quality":70}})");
  ASSERT_EQ(talk.sink->events<SessionUpdatedEvent>().size(), 1U);
  EXPECT_EQ(talk.session->settings().audio_rate_hz, 48000);
  talk.session->PushSamples(Tone(100, 48000));
  talk.session->HandleText(R"({"type":"session.update","video":{"quality":60},"max_lead_ms":200})");
  EXPECT_EQ(talk.session->settings().quality, 60);
  talk.session->HandleText(R"({"type":"session.update","event_id":"e7","video":{"mode":"patch"}})");
  const auto errors = talk.sink->events<ProtocolError>();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].code, "too_late");
  EXPECT_EQ(errors[0].event_id, "e7");
  EXPECT_FALSE(errors[0].fatal);
  EXPECT_EQ(talk.session->settings().mode, VideoMode::kJpeg);
}

TEST_F(SessionLife, ClosesWhenTheClientSaysSoAndAllIsSaid) {
  const Talk talk = Open(Settings());
  talk.session->PushSamples(Tone(1000));
  talk.session->HandleText(R"({"type":"session.close"})");
  Run(300'000);
  EXPECT_FALSE(talk.sink->closed().has_value());
  Run(1'000'000);
  EXPECT_EQ(talk.sink->closed(), CloseCode::kNormal);
  EXPECT_EQ(talk.sink->video().size(), 24U);
  const auto closed = talk.sink->events<SessionClosedEvent>();
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].frames_sent, 24);
  EXPECT_EQ(closed[0].audio_samples, 16000);
  EXPECT_EQ(host->capacity().used, 0);
}

TEST_F(SessionLife, EndsWhenNothingIsSaidForAMinute) {
  const Talk silent = Open(Settings());
  const Talk pinging = Open(Settings());
  for (int i = 0; i < 13; ++i) {
    pinging.session->HandleText(R"({"type":"ping","t":5})");
    Run(5'000'000);
    EXPECT_EQ(silent.sink->closed().has_value(), i >= 5) << i;
  }
  EXPECT_EQ(silent.sink->closed(), CloseCode::kIdle);
  EXPECT_FALSE(pinging.sink->closed().has_value());
  EXPECT_EQ(pinging.sink->events<PongEvent>().size(), 13U);
  Run(61'000'000);
  EXPECT_EQ(pinging.sink->closed(), CloseCode::kIdle);
}

TEST_F(SessionLife, EndsAtItsTimeLimitAfterAWarning) {
  LiveHostOptions options;
  options.limits.session_ms = 120'000;
  Start(options);
  const Talk talk = Open(Settings());
  for (int i = 0; i < 13; ++i) {
    talk.session->HandleText(R"({"type":"ping"})");
    Run(10'000'000);
  }
  const auto expiring = talk.sink->events<SessionExpiringEvent>();
  ASSERT_EQ(expiring.size(), 1U);
  EXPECT_EQ(expiring[0].deadline_ms, 60'000);
  EXPECT_EQ(talk.sink->closed(), CloseCode::kTimeLimit);
}

TEST_F(SessionLife, GoesOnWithAnotherConnection) {
  SessionSettings settings = Settings();
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(2000));
  Run(500'000);
  talk.session->Detach();
  const size_t before = talk.sink->all().size();
  Run(5'000'000);
  EXPECT_EQ(talk.sink->all().size(), before) << "nobody listens";
  const auto again = std::make_shared<RecordingSink>(clock);
  auto gap = host->Resume(talk.session->resume_token(), 32001, again);
  EXPECT_EQ(std::get<ProtocolError>(gap).code, "resume_gap");
  auto resumed = host->Resume(talk.session->resume_token(), 31000, again);
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<LiveSession>>(resumed));
  const auto created = again->events<SessionCreatedEvent>();
  ASSERT_EQ(created.size(), 1U);
  EXPECT_TRUE(created[0].resumed);
  EXPECT_EQ(created[0].next_sample, 32000);
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  Run(4'000'000);
  const auto first = talk.sink->video();
  const auto rest = again->video();
  ASSERT_FALSE(rest.empty());
  EXPECT_EQ(first.size() + rest.size(), 74U) << "all frames of 3 s, each once";
  EXPECT_NE(rest[0].header.flags & kMediaDiscontinuity, 0);
  EXPECT_EQ(rest[0].header.pts_us, first.back().header.pts_us + 40'000);
}

// Calls back when it codes its n-th picture.
class CountingEncoder : public LiveEncoder {
 public:
  CountingEncoder(int number, std::function<void()> then) : left_(number), then_(std::move(then)) {}
  Status Picture(ConstYuvView /*picture*/, Rect /*changed*/, int64_t pts_us, bool key,
                 std::vector<LivePacket>& out) override {
    if (--left_ == 0) then_();
    out.push_back({LivePacket::Kind::kPicture, {1}, pts_us, key});
    return {};
  }

 private:
  int left_;
  std::function<void()> then_;
};

TEST_F(SessionLife, WhoReturnsLearnsOfAnEndThatNobodyHeard) {
  Talk talk;
  LiveHostOptions options;
  options.picture_encoder = [&](const LiveEncoderRequest&) -> Result<std::unique_ptr<LiveEncoder>> {
    return std::unique_ptr<LiveEncoder>(std::make_unique<CountingEncoder>(24, [&] { talk.session->Detach(); }));
  };
  Start(options);
  talk = Open(Settings());
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  Run(2'000'000);
  EXPECT_EQ(talk.sink->video().size(), 23U);
  EXPECT_TRUE(talk.sink->events<UtteranceDoneEvent>().empty());
  const auto again = std::make_shared<RecordingSink>(clock);
  auto resumed = host->Resume(talk.session->resume_token(), 16000, again);
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<LiveSession>>(resumed));
  const auto done = again->events<UtteranceDoneEvent>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].frames_sent, 23);
  EXPECT_EQ(done[0].frames_dropped, 1);
}

TEST_F(SessionLife, IsForgottenWhenNobodyResumesIt) {
  const Talk talk = Open(Settings());
  talk.session->Detach();
  Run(29'000'000);
  EXPECT_FALSE(talk.session->closed());
  Run(2'000'000);
  EXPECT_TRUE(talk.session->closed());
  auto resumed = host->Resume(talk.session->resume_token(), 0, talk.sink);
  EXPECT_EQ(std::get<ProtocolError>(resumed).code, "resume_unknown");
}

TEST_F(SessionLife, IsTakenOverFromAConnectionThatIsStillThere) {
  const Talk talk = Open(Settings());
  const auto other = std::make_shared<RecordingSink>(clock);
  EXPECT_TRUE(std::holds_alternative<ProtocolError>(host->Attach(talk.session->id(), other)));
  auto resumed = host->Resume(talk.session->resume_token(), 0, other);
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<LiveSession>>(resumed));
  EXPECT_EQ(talk.sink->closed(), CloseCode::kResumed);
  EXPECT_FALSE(talk.session->closed());
}

TEST_F(SessionLife, ProgramsTakeFramesAtTheirOwnPace) {
  SessionSettings settings = Settings();
  settings.mode = VideoMode::kRaw;
  settings.pace = Pace::kFree;
  const Talk talk = Open(settings, true);
  talk.sink->room = 3;
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  host->RunDue();
  EXPECT_EQ(talk.sink->video().size(), 24U) << "room is what the sink says it is";
  Run(0);
  talk.sink->room = 0;
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  host->RunDue();
  EXPECT_EQ(talk.sink->video().size(), 24U);
  talk.sink->room = 100;
  talk.session->Wake();
  host->RunDue();
  const auto video = talk.sink->video();
  EXPECT_EQ(video.size(), 48U);
  ASSERT_NE(video[0].picture, nullptr);
  EXPECT_EQ(video[0].picture->width(), 480);
  auto refused = host->OpenSession(settings, talk.sink);
  EXPECT_EQ(std::get<ProtocolError>(refused).code, "unsupported_mode") << "not over a connection";
}

}  // namespace
}  // namespace lips
