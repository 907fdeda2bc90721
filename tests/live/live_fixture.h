// A live host with a clock of the test's own, and a sink that remembers everything.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "live/host.h"
#include "tests/testdata/synthetic_avatar.h"

namespace lips::testdata {

class FakeClock : public LiveClock {
 public:
  int64_t NowUs() const override { return now_us_; }
  void Advance(int64_t us) { now_us_ += us; }
  void Set(int64_t us) { now_us_ = std::max<int64_t>(us, now_us_); }

 private:
  std::atomic<int64_t> now_us_ = 1'000'000;
};

struct Received {
  int64_t at_us = 0;
  std::variant<ServerEvent, MediaMessage> what;

  const MediaMessage* media() const { return std::get_if<MediaMessage>(&what); }
  template <typename Event>
  const Event* event() const {
    const auto* any = std::get_if<ServerEvent>(&what);
    return any == nullptr ? nullptr : std::get_if<Event>(any);
  }
};

class RecordingSink : public SessionSink {
 public:
  explicit RecordingSink(const LiveClock& clock) : clock_(clock) {}

  void Send(const ServerEvent& event) override { Add(event); }
  void Send(MediaMessage message) override { Add(std::move(message)); }
  void PauseInput(bool pause) override { paused = pause; }
  void Closed(CloseCode code, const std::string& /*reason*/) override {
    const std::lock_guard lock(mutex_);
    closed_ = code;
  }
  int FrameRoom() const override { return room; }

  std::vector<Received> all() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  std::optional<CloseCode> closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  std::vector<MediaMessage> video() const { return MediaOf(true); }
  std::vector<MediaMessage> audio() const { return MediaOf(false); }
  template <typename Event>
  std::vector<Event> events() const {
    std::vector<Event> events;
    for (const Received& one : all()) {
      if (const Event* event = one.event<Event>()) events.push_back(*event);
    }
    return events;
  }

  std::atomic<bool> paused = false;
  std::atomic<int> room = 1'000'000;

 private:
  template <typename T>
  void Add(T what) {
    const std::lock_guard lock(mutex_);
    received_.push_back({clock_.NowUs(), std::move(what)});
  }
  std::vector<MediaMessage> MediaOf(bool video) const {
    std::vector<MediaMessage> list;
    for (const Received& one : all()) {
      if (const MediaMessage* media = one.media(); media != nullptr && media->is_video() == video)
        list.push_back(*media);
    }
    return list;
  }

  const LiveClock& clock_;
  mutable std::mutex mutex_;
  std::vector<Received> received_;
  std::optional<CloseCode> closed_;
};

// Takes some of the test's time for every picture, and gives a byte for it.
class SlowEncoder : public LiveEncoder {
 public:
  SlowEncoder(FakeClock& clock, const std::atomic<int64_t>& cost_us) : clock_(clock), cost_us_(cost_us) {}
  Status Picture(ConstYuvView /*picture*/, Rect /*changed*/, int64_t pts_us, bool key,
                 std::vector<LivePacket>& out) override {
    clock_.Advance(cost_us_);
    out.push_back({LivePacket::Kind::kPicture, {1}, pts_us, key});
    return {};
  }

 private:
  FakeClock& clock_;
  const std::atomic<int64_t>& cost_us_;
};

// A host without networks (their mouths are the template's), run by the test.
class LiveTest : public testing::Test {
 protected:
  void SetUp() override { Start({}); }

  void Start(LiveHostOptions options) {
    options.clock = &clock;
    options.manual = true;
    if (options.threads == 0) options.threads = 1;
    if (!options.picture_encoder) {
      options.picture_encoder = [this](const LiveEncoderRequest&) -> Result<std::unique_ptr<LiveEncoder>> {
        return std::unique_ptr<LiveEncoder>(std::make_unique<SlowEncoder>(clock, cost_us));
      };
    }
    auto made = LiveHost::Create(std::move(options));
    ASSERT_TRUE(made.ok()) << made.error().message();
    host = std::move(made).value();
    const Status loaded = host->LoadAvatar("anna", SyntheticAvatar(), NullAvatar());
    ASSERT_TRUE(loaded.ok()) << loaded.error().message();
  }

  static LiveAvatarOptions NullAvatar() {
    LiveAvatarOptions options;
    options.engine.session.backend = Backend::kNull;
    options.frames_per_second = 1e6;
    options.fill = false;
    return options;
  }

  static SessionSettings Settings() {
    SessionSettings settings;
    settings.avatar = "anna";
    settings.silence = SilenceMode::kKeep;
    settings.idle = IdleMode::kClient;
    return settings;
  }

  struct Talk {
    std::shared_ptr<LiveSession> session;
    std::shared_ptr<RecordingSink> sink;
  };
  Talk Open(const SessionSettings& settings, bool in_process = false) {
    Talk talk;
    talk.sink = std::make_shared<RecordingSink>(clock);
    auto opened = host->OpenSession(settings, talk.sink, in_process);
    if (const auto* error = std::get_if<ProtocolError>(&opened)) {
      ADD_FAILURE() << error->message;
      return talk;
    }
    talk.session = std::get<std::shared_ptr<LiveSession>>(opened);
    return talk;
  }

  // Lets `us` pass, and everything happen that is due meanwhile.
  void Run(int64_t us) {
    const int64_t end_us = clock.NowUs() + us;
    while (true) {
      const auto next_us = host->RunDue();
      ++run_due_calls;
      if (!next_us || *next_us > end_us) break;
      clock.Set(*next_us);
    }
    clock.Set(end_us);
    host->RunDue();
  }

  // Speaks for `ms` of a tone in real time, a chunk every 20 ms.
  void SpeakInRealTime(LiveSession& session, int64_t ms) {
    for (int64_t done = 0; done < ms; done += 20) {
      session.PushSamples(Tone(20, session.settings().audio_rate_hz));
      Run(20'000);
    }
  }

  static std::vector<float> Tone(int64_t ms, int rate_hz = 16000, float loudness = 0.3f) {
    std::vector<float> samples(static_cast<size_t>(ms * rate_hz / 1000));
    for (size_t i = 0; i < samples.size(); ++i) {
      samples[i] = loudness * std::sin(static_cast<float>(i) * 1400.0f / static_cast<float>(rate_hz));
    }
    return samples;
  }

  FakeClock clock;
  std::atomic<int64_t> cost_us = 0;  // of making a picture
  int64_t run_due_calls = 0;
  std::unique_ptr<LiveHost> host;
};

}  // namespace lips::testdata
