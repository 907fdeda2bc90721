// A live session under any sequence of messages and pauses. The input is a list of steps, each an opening byte, a
// length of two bytes and as many bytes: text, audio, a pause, a lost connection. Whatever happens, nothing of an
// interrupted utterance follows, times do not go back within an utterance, and a closed session says nothing more.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "live/host.h"
#include "tests/testdata/synthetic_avatar.h"

namespace {

using namespace lips;  // NOLINT(google-build-using-namespace): a program of its own

class StepClock : public LiveClock {
 public:
  int64_t NowUs() const override { return now_us; }
  int64_t now_us = 1'000'000;
};

class CheckingSink : public SessionSink {
 public:
  void Send(const ServerEvent& event) override {
    if (closed) std::abort();
    if (const auto* cleared = std::get_if<OutputClearedEvent>(&event)) over = cleared->utterance;
    if (ToText(event).empty()) std::abort();
  }
  void Send(MediaMessage message) override {
    const MediaHeader& header = message.header;
    if (closed || (header.utterance != 0 && header.utterance <= over)) std::abort();
    if (!message.is_video()) return;
    if (header.utterance == utterance && header.pts_us < pts_us) std::abort();
    utterance = header.utterance;
    pts_us = header.pts_us;
  }
  void PauseInput(bool /*pause*/) override {}
  void Closed(CloseCode /*code*/, const std::string& /*reason*/) override { closed = true; }

  bool closed = false;
  uint32_t over = 0;
  uint32_t utterance = 0;
  int64_t pts_us = 0;
};

struct Stage {
  StepClock clock;
  std::unique_ptr<LiveHost> host;
};

Stage& TheStage() {
  static Stage* stage = [] {
    auto* made = new Stage;
    auto host = LiveHost::Create({.admit_all = true, .clock = &made->clock, .manual = true});
    if (!host.ok()) std::abort();
    made->host = std::move(host).value();
    LiveAvatarOptions options;
    options.engine.session.backend = Backend::kNull;
    options.frames_per_second = 1e6;
    options.fill = false;
    if (!made->host->LoadAvatar("anna", testdata::SyntheticAvatar(), options).ok()) std::abort();
    return made;
  }();
  return *stage;
}

void Run(Stage& stage, int64_t us) {
  const int64_t end_us = stage.clock.now_us + us;
  for (int rounds = 0; rounds < 1000; ++rounds) {
    const auto next_us = stage.host->RunDue();
    if (!next_us || *next_us > end_us) break;
    if (*next_us > stage.clock.now_us) stage.clock.now_us = *next_us;
  }
  stage.clock.now_us = end_us;
}

}  // namespace

// Drawing the avatar and opening it takes seconds, which are no input's fault.
extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  TheStage();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMostBytes = 32 << 10;  // a second of audio in all: frames are real work
  if (size > kMostBytes) return 0;
  Stage& stage = TheStage();
  auto sink = std::make_shared<CheckingSink>();
  SessionSettings settings;
  settings.avatar = "anna";
  auto opened = stage.host->OpenSession(settings, sink);
  if (!std::holds_alternative<std::shared_ptr<LiveSession>>(opened)) std::abort();
  const auto session = std::get<std::shared_ptr<LiveSession>>(opened);
  std::span<const uint8_t> rest(data, size);
  while (rest.size() >= 3) {
    const uint8_t what = rest[0];
    const size_t length = std::min<size_t>(size_t{rest[1]} << 8 | rest[2], rest.size() - 3);
    const auto body = rest.subspan(3, length);
    switch (what % 6) {
      case 0: session->HandleText({reinterpret_cast<const char*>(body.data()), body.size()}); break;
      case 1: session->Push(body); break;
      case 2: Run(stage, int64_t{what} * 4'000); break;
      case 3: session->Clear(); break;
      case 4: session->Commit(); break;
      default: {
        session->Detach();
        auto again = std::make_shared<CheckingSink>();
        again->over = sink->over;
        if (std::holds_alternative<std::shared_ptr<LiveSession>>(
                stage.host->Resume(session->resume_token(), 0, again))) {
          sink = again;
        }
        break;
      }
    }
    rest = rest.subspan(3 + length);
  }
  Run(stage, 500'000);
  session->Close(CloseCode::kNormal, "done");
  return 0;
}
