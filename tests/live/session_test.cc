#include <random>

#include "live/frame_clock.h"
#include "tests/live/live_fixture.h"

namespace lips {
namespace {

using testdata::LiveTest;
using testdata::Received;
using testdata::RecordingSink;

class Session : public LiveTest {};

std::vector<int64_t> PtsOf(const std::vector<MediaMessage>& messages) {
  std::vector<int64_t> pts;
  for (const MediaMessage& message : messages) pts.push_back(message.header.pts_us);
  return pts;
}

TEST_F(Session, BeginsWithTheFactsAClientNeeds) {
  const Talk talk = Open(Settings());
  const auto created = talk.sink->events<SessionCreatedEvent>();
  ASSERT_EQ(created.size(), 1U);
  EXPECT_EQ(created[0].session_id, talk.session->id());
  EXPECT_EQ(created[0].resume_token.size(), 32U);
  EXPECT_EQ(created[0].avatar.width, 480);
  EXPECT_EQ(created[0].settings.height, 360);
  EXPECT_EQ(created[0].settings.fps, (FrameRate{25, 1}));
  EXPECT_GT(created[0].avatar.patch_max_w, 0);
}

// A second of audio: 81 mel columns, 24 feature rows, 24 frames.
TEST_F(Session, CommitFlushesTheLookAheadAtOnce) {
  const Talk talk = Open(Settings());
  talk.session->PushSamples(Tone(1000));
  Run(300'000);
  const size_t before = talk.sink->video().size();
  EXPECT_GT(before, 0U);
  EXPECT_LE(before, 14U) << "frames 14 to 23 hear samples that have not come";
  talk.session->Commit("hello");
  Run(1'000'000);
  const auto video = talk.sink->video();
  ASSERT_EQ(video.size(), 24U);
  for (size_t n = 0; n < video.size(); ++n) {
    EXPECT_EQ(video[n].header.pts_us, static_cast<int64_t>(n) * 40'000);
    EXPECT_EQ(video[n].header.seq, n);
    EXPECT_EQ(video[n].header.utterance, 1U);
    EXPECT_EQ(video[n].header.template_frame, n);
    EXPECT_EQ((video[n].header.flags & kMediaLast) != 0, n == 23);
  }
  const auto done = talk.sink->events<UtteranceDoneEvent>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].name, "hello");
  EXPECT_EQ(done[0].frames_sent, 24);
  EXPECT_EQ(done[0].audio_samples, 16000);
  EXPECT_EQ(done[0].last_pts_us, 23 * 40'000);
  EXPECT_FALSE(done[0].interrupted);
}

TEST_F(Session, WhatIsTooShortForTheNetworkIsFilledWithSilence) {
  const Talk talk = Open(Settings());
  talk.session->PushSamples(std::vector<float>{0.5f});
  talk.session->Commit();
  Run(1'000'000);
  EXPECT_EQ(talk.sink->events<UtteranceDoneEvent>().size(), 1U);
  EXPECT_EQ(talk.sink->events<ProtocolError>().size(), 0U);
  EXPECT_GT(talk.sink->video().size(), 0U);
}

TEST_F(Session, AFrameLeavesAsSoonAsItsLastSampleCame) {
  SessionSettings settings = Settings();
  settings.pace = Pace::kRealtime;
  const Talk talk = Open(settings);
  const int64_t start_us = clock.NowUs();
  SpeakInRealTime(*talk.session, 2000);
  std::vector<Received> frames;
  for (const Received& one : talk.sink->all()) {
    if (one.media() != nullptr) frames.push_back(one);
  }
  ASSERT_GT(frames.size(), 30U);
  // Frame 0 needs 7,240 - 640 - 0 samples: feature row 7 is decided with sample 200 * 19 + 3400 = 7,200 (450 ms).
  EXPECT_EQ(frames[0].at_us - start_us, 440'000) << "the chunk with sample 7,200 comes at 440 ms";
  for (size_t n = 0; n < frames.size(); ++n) {
    const int64_t needed_us = static_cast<int64_t>(n) * 40'000 + 452'500;
    EXPECT_LE(frames[n].at_us - start_us, needed_us + 20'000) << n;
    EXPECT_EQ(frames[n].media()->header.server_latency_us, 0U) << n;
  }
  EXPECT_EQ(host->metrics().frames_late, 0);
}

TEST_F(Session, FastAudioRunsAheadByMaxLeadAndNoMore) {
  SessionSettings settings = Settings();
  settings.max_lead_ms = 400;
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(5000));
  talk.session->Commit();
  Run(6'000'000);
  std::vector<Received> frames;
  for (const Received& one : talk.sink->all()) {
    if (one.media() != nullptr) frames.push_back(one);
  }
  ASSERT_EQ(frames.size(), 124U);
  // The client hears media time 0 a hundred milliseconds after the first frame came.
  const int64_t origin_us = frames[0].at_us + 100'000;
  EXPECT_EQ(frames[7].at_us, frames[0].at_us) << "280 ms of video at once";
  for (const Received& frame : frames) {
    const int64_t lead_us = origin_us + frame.media()->header.pts_us - frame.at_us;
    EXPECT_LE(lead_us, 400'000);
    EXPECT_GE(lead_us, 100'000);
  }
}

TEST_F(Session, FramesAreExactFractionsOfASecondAtAnyRate) {
  SessionSettings settings = Settings();
  settings.fps = {30000, 1001};
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(4000));
  talk.session->Commit();
  Run(5'000'000);
  const auto video = talk.sink->video();
  ASSERT_GT(video.size(), 100U);
  for (size_t n = 0; n < video.size(); ++n) {
    EXPECT_EQ(video[n].header.pts_us, static_cast<int64_t>(n) * 1'001'000'000 / 30'000);
  }
}

TEST_F(Session, DoesNotDriftInADay) {
  LiveHostOptions options;
  options.limits.session_ms = 2'000'000'000;
  options.limits.idle_ms = 2'000'000'000;
  Start(options);
  SessionSettings settings = Settings();
  settings.fps = {30000, 1001};
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  Run(2'000'000);
  const int64_t first_us = talk.sink->all()[2].at_us;
  ASSERT_NE(talk.sink->all()[2].media(), nullptr);
  constexpr int64_t kDayUs = int64_t{24} * 3600 * 1'000'000;
  Run(kDayUs);
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  const int64_t now_us = clock.NowUs();
  Run(2'000'000);
  const auto started = talk.sink->events<UtteranceStartedEvent>();
  ASSERT_EQ(started.size(), 2U);
  const int64_t pts_us = started[1].first_pts_us;
  const FrameClock frames({30000, 1001});
  EXPECT_EQ(frames.PtsUs(frames.FrameFrom(pts_us)), pts_us) << "still on the grid";
  // It is heard 100 ms after it was sent, to the frame.
  const int64_t expected_us = now_us - (first_us + 100'000) + 100'000;
  EXPECT_GE(pts_us, expected_us);
  EXPECT_LT(pts_us, expected_us + 33'367);
}

TEST_F(Session, SoundComesBackWithTheSameSamplesAndTimes) {
  for (const int rate : {16000, 24000, 44100, 48000}) {
    SessionSettings settings = Settings();
    settings.audio_rate_hz = rate;
    settings.audio_out = AudioOut::kPcmS16;
    const Talk talk = Open(settings);
    std::mt19937 random(3);
    std::vector<uint8_t> pcm(static_cast<size_t>(rate) * 2);
    for (uint8_t& byte : pcm) byte = static_cast<uint8_t>(random());
    for (size_t at = 0; at < pcm.size();) {
      const size_t take = std::min<size_t>(2 * (random() % 2000), pcm.size() - at);
      talk.session->Push(std::span(pcm).subspan(at, take));
      at += take;
      Run(10'000);
    }
    talk.session->Commit();
    Run(2'000'000);
    std::vector<uint8_t> echoed;
    for (const MediaMessage& message : talk.sink->audio()) {
      EXPECT_EQ(message.header.pts_us, static_cast<int64_t>(echoed.size()) / 2 * 1'000'000 / rate);
      echoed.insert(echoed.end(), message.payload->begin(), message.payload->end());
    }
    EXPECT_EQ(echoed, pcm) << rate;
  }
}

TEST_F(Session, UtterancesFollowEachOtherWithoutOverlap) {
  SessionSettings settings = Settings();
  settings.audio_out = AudioOut::kPcmS16;
  const Talk talk = Open(settings);
  for (int i = 0; i < 3; ++i) {
    talk.session->PushSamples(Tone(1010));
    talk.session->Commit();
  }
  Run(5'000'000);
  const auto started = talk.sink->events<UtteranceStartedEvent>();
  ASSERT_EQ(started.size(), 3U);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(started[i].start_sample, static_cast<int64_t>(i) * 16160);
    EXPECT_EQ(started[i].first_pts_us, static_cast<int64_t>(i) * 1'040'000) << "1,010 ms end within frame 25";
  }
  const auto pts = PtsOf(talk.sink->video());
  EXPECT_TRUE(std::ranges::is_sorted(pts));
  EXPECT_EQ(talk.sink->events<UtteranceDoneEvent>().size(), 3U);
}

TEST_F(Session, NothingOfAnInterruptedUtteranceFollows) {
  SessionSettings settings = Settings();
  settings.audio_out = AudioOut::kPcmS16;
  LiveHostOptions options;
  options.limits.session_ms = 2'000'000'000;
  Start(options);
  const Talk talk = Open(settings);
  std::mt19937 random(11);
  cost_us = 3000;
  constexpr int kTries = 200;
  for (int i = 0; i < kTries; ++i) {
    talk.session->PushSamples(Tone(1000 + random() % 3000));
    if (random() % 2 == 0) talk.session->Commit();
    if (random() % 4 == 0) talk.session->PushSamples(Tone(500));
    Run(random() % 500'000);
    talk.session->Clear();
    const auto all = talk.sink->all();
    // The event is there when the call returns, then what the utterance came to.
    const auto cleared = std::find_if(all.rbegin(), all.rend(),
                                      [](const Received& r) { return r.event<OutputClearedEvent>() != nullptr; });
    ASSERT_NE(cleared, all.rend());
    EXPECT_EQ(cleared->at_us, clock.NowUs());
    Run(random() % 150'000);
  }
  uint32_t over = 0;
  int cleared = 0;
  int violations = 0;
  for (const Received& one : talk.sink->all()) {
    if (const auto* event = one.event<OutputClearedEvent>()) {
      over = event->utterance;
      ++cleared;
      EXPECT_LE(event->audio_end_ms, 4500);
    }
    if (const auto* media = one.media(); media != nullptr && media->header.utterance != 0) {
      violations += media->header.utterance <= over ? 1 : 0;
    }
  }
  EXPECT_EQ(cleared, kTries);
  EXPECT_EQ(violations, 0);
  EXPECT_EQ(host->metrics().barge_in.count(), kTries);
  EXPECT_EQ(talk.session->buffered_ms(), 0);
}

// The bytes of a frame are made while the client interrupts: they die.
TEST_F(Session, AFrameThatIsBeingMadeDiesWithItsUtterance) {
  class Interrupting : public LiveEncoder {
   public:
    explicit Interrupting(std::function<void()> interrupt) : interrupt_(std::move(interrupt)) {}
    Status Picture(ConstYuvView, Rect, int64_t pts_us, bool, std::vector<LivePacket>& out) override {
      interrupt_();
      out.push_back({LivePacket::Kind::kPicture, {1}, pts_us, true});
      return {};
    }

   private:
    std::function<void()> interrupt_;
  };
  std::shared_ptr<LiveSession> session;
  int pictures = 0;
  LiveHostOptions options;
  options.picture_encoder = [&](const LiveEncoderRequest&) -> Result<std::unique_ptr<LiveEncoder>> {
    return std::unique_ptr<LiveEncoder>(std::make_unique<Interrupting>([&] {
      if (++pictures == 5) session->Clear();
    }));
  };
  Start(options);
  const Talk talk = Open(Settings());
  session = talk.session;
  session->PushSamples(Tone(2000));
  session->Commit();
  Run(3'000'000);
  int speech = 0;
  int rest = 0;
  for (const MediaMessage& message : talk.sink->video()) ++(message.header.utterance != 0 ? speech : rest);
  EXPECT_EQ(speech, 4);
  EXPECT_EQ(rest, 3) << "the mouth is eased to rest";
  EXPECT_EQ(host->metrics().frames_stale, 1);
  session.reset();
}

TEST_F(Session, AnInterruptionEasesToRestFromWhatWasSeen) {
  const Talk talk = Open(Settings());
  talk.session->PushSamples(Tone(3000));
  talk.session->Commit();
  Run(1'000'000);  // 900 ms were heard, 1,300 ms were sent
  const auto before = talk.sink->video();
  talk.session->Clear();
  const auto cleared = talk.sink->events<OutputClearedEvent>();
  ASSERT_EQ(cleared.size(), 1U);
  EXPECT_EQ(cleared[0].cut_pts_us, 900'000);
  EXPECT_EQ(cleared[0].audio_end_ms, 900);
  const auto done = talk.sink->events<UtteranceDoneEvent>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_TRUE(done[0].interrupted);
  EXPECT_EQ(done[0].playback_position_ms, 900);
  Run(1'000'000);
  const auto after = talk.sink->video();
  ASSERT_EQ(after.size(), before.size() + 3);
  const MediaHeader& first = after[before.size()].header;
  EXPECT_EQ(first.flags & (kMediaIdle | kMediaDiscontinuity), kMediaIdle | kMediaDiscontinuity);
  EXPECT_GT(first.pts_us, before.back().header.pts_us);
  EXPECT_EQ(first.template_frame, 23U) << "frame 22 was the last to be seen; the head does not jump";
}

TEST_F(Session, TheServerIdlesWhereItIsAskedTo) {
  SessionSettings settings = Settings();
  settings.idle = IdleMode::kServer;
  const Talk talk = Open(settings);
  Run(1'000'000);
  EXPECT_TRUE(talk.sink->video().empty()) << "media time begins with the first sample";
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  Run(4'000'000);
  const auto video = talk.sink->video();
  ASSERT_GE(video.size(), 98U);
  for (size_t n = 0; n < video.size(); ++n) {
    EXPECT_EQ(video[n].header.pts_us, static_cast<int64_t>(n) * 40'000);
    EXPECT_EQ((video[n].header.flags & kMediaIdle) != 0, n >= 24) << n;
  }
  EXPECT_EQ(host->metrics().frames_late, 0);
}

TEST_F(Session, SilenceRestsTheMouthAndSpeechWakesItInTime) {
  SessionSettings settings = Settings();
  settings.silence = SilenceMode::kGate;
  settings.idle = IdleMode::kServer;
  const Talk talk = Open(settings);
  talk.session->PushSamples(Tone(1000));
  talk.session->PushSamples(std::vector<float>(32000));  // two seconds of nothing: frames 25 to 74
  talk.session->PushSamples(Tone(1000));
  talk.session->Commit();
  Run(5'000'000);
  const auto video = talk.sink->video();
  ASSERT_GE(video.size(), 99U);
  for (const size_t n : {0U, 20U, 26U, 76U, 90U}) EXPECT_EQ(video[n].header.flags & kMediaIdle, 0) << n;
  for (const size_t n : {50U, 55U, 60U}) EXPECT_NE(video[n].header.flags & kMediaIdle, 0) << n;
}

TEST_F(Session, AudioThatComesTooLateMovesTheClockAndIsReported) {
  SessionSettings settings = Settings();
  settings.pace = Pace::kRealtime;
  const Talk talk = Open(settings);
  SpeakInRealTime(*talk.session, 2000);
  Run(700'000);  // the network was away
  SpeakInRealTime(*talk.session, 2000);
  talk.session->Commit();
  Run(2'000'000);
  const auto warnings = talk.sink->events<WarningEvent>();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].code, "audio_underrun");
  const auto video = talk.sink->video();
  EXPECT_EQ(video.size(), 99U) << "all frames of 4 s";
  EXPECT_EQ(host->metrics().frames_late, 0) << "the host was in time";
  EXPECT_EQ(host->metrics().frames_dropped, 0);
  EXPECT_EQ(std::ranges::count_if(video, [](const auto& m) { return (m.header.flags & kMediaDiscontinuity) != 0; }), 1);
}

// A client whose sound stands still, with all it may have lying before it, is believed at once. One that says the same
// and has nothing may be wrong about its clock, and is believed a little at a time.
TEST_F(Session, AFullClientThatStandsStillGetsNoMore) {
  std::vector<size_t> sent;
  for (const int buffered_ms : {400, 0}) {
    const Talk talk = Open(Settings());
    talk.session->PushSamples(Tone(9000));
    talk.session->Commit();
    Run(1'000'000);
    for (int i = 0; i < 6; ++i) {
      talk.session->Report({.pts_us = 600'000, .buffered_ms = buffered_ms, .dropped = 0});
      Run(500'000);
    }
    sent.push_back(talk.sink->video().size());
    talk.session->Close(CloseCode::kNormal, "done");
  }
  EXPECT_LE(sent[0], 38U) << "600 ms, the half second to the next report, and 400 ms ahead";
  EXPECT_GE(sent[1], 60U);
}

TEST_F(Session, AClientThatShowsLessThanHalfIsSentHalf) {
  SessionSettings settings = Settings();
  settings.pace = Pace::kRealtime;
  const Talk talk = Open(settings);
  int64_t shown = 0;
  for (int i = 0; i < 24; ++i) {
    SpeakInRealTime(*talk.session, 500);
    const auto got = talk.sink->video();
    const auto sent = static_cast<int64_t>(got.size());
    shown = std::min(sent, shown + 5);  // it manages ten a second
    const int64_t now_shown_us = got.empty() ? 0 : got.back().header.pts_us - 100'000;
    talk.session->Report({.pts_us = now_shown_us, .buffered_ms = 100, .dropped = sent - shown});
  }
  const auto warnings = talk.sink->events<WarningEvent>();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].code, "slow_client");
  EXPECT_FALSE(talk.sink->closed().has_value()) << "a client that says so is not given up";
  const auto video = talk.sink->video();
  ASSERT_GT(video.size(), 12U);
  for (size_t i = video.size() - 10; i < video.size(); ++i) {
    EXPECT_EQ(video[i].header.pts_us - video[i - 1].header.pts_us, 80'000) << "every other frame";
  }
}

TEST_F(Session, AnUtteranceWhoseAudioStaysAwayEnds) {
  const Talk talk = Open(Settings());
  talk.session->PushSamples(Tone(1000));
  Run(1'900'000);
  EXPECT_TRUE(talk.sink->events<UtteranceDoneEvent>().empty());
  Run(2'000'000);
  EXPECT_EQ(talk.sink->events<UtteranceDoneEvent>().size(), 1U);
  EXPECT_EQ(talk.sink->video().size(), 24U);
  talk.session->Commit();  // too late, and nobody's fault
  EXPECT_TRUE(talk.sink->events<ProtocolError>().empty());
  talk.session->Commit();
  ASSERT_EQ(talk.sink->events<ProtocolError>().size(), 1U);
  EXPECT_EQ(talk.sink->events<ProtocolError>()[0].code, "nothing_to_commit");
}

}  // namespace
}  // namespace lips
