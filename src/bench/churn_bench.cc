#include "bench/churn_bench.h"

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "base/stats.h"
#include "bench/server_use.h"
#include "client/live_client.h"

namespace lips {
namespace {

constexpr int kRateHz = 16000;
constexpr int kFramesBeforeEnd = 3;
constexpr double kPatienceMs = 20'000;
constexpr double kSettleS = 60;
constexpr auto kTick = std::chrono::milliseconds(10);

struct Totals {
  int64_t connects = 0, refused = 0, aborted = 0, frames = 0;
  std::string error;  // the first
};

// A client that says a second and leaves when it has seen some frames.
class Visitor {
 public:
  Visitor(Loop& loop, const ChurnRequest& request, bool rude, Totals& totals) : rude_(rude), totals_(totals) {
    LiveClientOptions options;
    options.server = request.server;
    options.avatar = request.avatar;
    options.api_key = request.api_key;
    options.settings = Json::Object({{"video", Json::Object({{"mode", request.mode}})}, {"idle", "server"}});
    LiveClient::Handlers handlers;
    handlers.event = [this](const Json& event) { OnEvent(event); };
    handlers.media = [this](const DecodedMedia&) { ++frames_; };
    handlers.ended = [this](const Error& why, uint16_t) { OnEnd(why); };
    client_ = std::make_unique<LiveClient>(loop, std::move(options), std::move(handlers));
    client_->Open();
  }

  // Whether it is gone.
  bool Advance() {
    if (over_) return true;
    if (leaving_ || (frames_ < kFramesBeforeEnd && since_.ElapsedMs() < kPatienceMs)) return false;
    leaving_ = true;
    totals_.frames += frames_;
    if (!rude_) {
      client_->Close();
      return false;
    }
    ++totals_.aborted;
    client_->Abort();
    return over_ = true;
  }

 private:
  void OnEvent(const Json& event) {
    const Json* type = event.Find("type");
    if (type == nullptr || type->as_string() != "session.created") return;
    ++totals_.connects;
    client_->SendAudio(std::vector<int16_t>(kRateHz, 1000));
    if (!rude_) client_->Send(Json::Object({{"type", "input_audio.commit"}}));
  }
  void OnEnd(const Error& why) {
    over_ = true;
    if (leaving_) return;
    ++totals_.refused;
    if (totals_.error.empty()) totals_.error = why.message();
  }

  const bool rude_;
  Totals& totals_;
  Stopwatch since_;
  int64_t frames_ = 0;
  bool leaving_ = false, over_ = false;
  std::unique_ptr<LiveClient> client_;
};

class Crowd {
 public:
  Crowd(const ChurnRequest& request, int connects, Totals& totals)
      : request_(request), connects_(connects), totals_(totals), tick_(loop_) {}

  Status Run() {
    Tick();
    loop_.Run();
    return status_;
  }

 private:
  void Tick() {
    std::erase_if(visitors_, [](const auto& visitor) { return visitor->Advance(); });
    while (begun_ < connects_ && static_cast<int>(visitors_.size()) < request_.together) {
      visitors_.push_back(std::make_unique<Visitor>(loop_, request_, begun_ % 2 == 1, totals_));
      ++begun_;
    }
    if (request_.progress) {
      status_ = request_.progress(begun_ - static_cast<int64_t>(visitors_.size()), connects_);
    }
    if (!status_.ok() || visitors_.empty()) return loop_.Stop();
    tick_.After(kTick, [this] { Tick(); });
  }

  const ChurnRequest& request_;
  const int connects_;
  Totals& totals_;
  Loop loop_;
  Timer tick_;
  std::list<std::unique_ptr<Visitor>> visitors_;
  int begun_ = 0;
  Status status_;
};

// Waits until no session and no connection but our own is left, and for the memory that the server then gives back.
std::optional<ServerUse> Settle(const ChurnRequest& request) {
  const Stopwatch watch;
  Loop loop;
  for (;;) {
    const auto use = AskServer(request.server, request.api_key);
    if (!use || watch.ElapsedMs() > kSettleS * 1000) return use;
    if (use->sessions == 0 && use->websockets == 0) {
      loop.RunFor(std::chrono::milliseconds(1500));
      return AskServer(request.server, request.api_key);
    }
    loop.RunFor(std::chrono::milliseconds(200));
  }
}

}  // namespace

Result<Json> MeasureChurn(const ChurnRequest& request) {
  Totals before_totals, totals;
  RETURN_IF_ERROR(Crowd(request, std::max(50, request.connects / 2), before_totals).Run());
  if (before_totals.connects == 0) return Error(ErrorCode::kIo, "no session could be opened: " + before_totals.error);
  const auto before = Settle(request);
  if (!before) return Error(ErrorCode::kIo, "the server does not show its /metrics");
  RETURN_IF_ERROR(Crowd(request, request.connects, totals).Run());
  const Stopwatch settling;
  const auto after = Settle(request);
  if (!after) return Error(ErrorCode::kIo, "the server does not show its /metrics any more");
  const auto number = [](double value) { return static_cast<int64_t>(value); };
  return Json::Object({{"connects", totals.connects},
                       {"refused", totals.refused},
                       {"aborted", totals.aborted},
                       {"frames", totals.frames},
                       {"rss_before_bytes", number(before->rss)},
                       {"rss_after_bytes", number(after->rss)},
                       {"rss_growth_bytes", number(after->rss - before->rss)},
                       {"fds_before", number(before->fds)},
                       {"fds_after", number(after->fds)},
                       {"sessions_left", number(after->sessions)},
                       {"connections_left", number(after->websockets)},
                       {"settled_s", settling.ElapsedMs() / 1000}});
}

}  // namespace lips
