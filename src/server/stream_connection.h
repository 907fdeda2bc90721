// A WebSocket and the live session it carries: sound and events in, pictures and events out.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "live/host.h"
#include "live/outbox.h"
#include "live/session_sink.h"
#include "net/loop.h"
#include "net/web_socket.h"
#include "server/http_connection.h"
#include "server/metrics.h"
#include "server/session_book.h"
#include "server/stream_watcher.h"

namespace lips {

struct StreamContext {
  std::shared_ptr<Loop> loop;  // shared with what the session's threads still hold when the server has ended
  LiveHost& host;
  ServerCounts& counts;
  SessionBook& book;
  SessionLimits limits;
  Json server_limits;  // those that are not a session's, for session.created
};

// What belongs to the loop is used on it alone; what the session calls from its threads is handed over to it. Lives
// until both the socket and the session are done with it.
class StreamConnection : public std::enable_shared_from_this<StreamConnection> {
 public:
  StreamConnection(const StreamContext& context, std::unique_ptr<WebSocket> socket, std::function<void()> gone);
  ~StreamConnection();

  // Attaches to the granted session, or waits for the client to resume one.
  void Start(const StreamGrant& grant);

  // Watchers get every media message of the session until it or they are over.
  void AddWatcher(const std::shared_ptr<StreamWatcher>& watcher);
  // The beginning of the session's MP4; without a payload when there was none yet.
  const MediaMessage& mp4_init() const { return mp4_init_; }
  void RequestKeyframe();
  // Drops the connection; the session waits to be resumed.
  void Abort();

 private:
  class Sink;

  void Adopt(const LiveHost::Opened& opened);
  void KeepLimit();
  void Read();
  void OnMessage(WebSocket::Incoming incoming);
  void OnText(std::string_view text);
  void CountPlayback(const PlaybackReportEvent& report);
  void Resume(const ResumeEvent& resume);
  std::optional<ProtocolError> CheckResume(const ResumeEvent& resume) const;
  void OnEnd(const WebSocketEnd& end);

  void OnEvent(const ServerEvent& event);
  void OnMedia(MediaMessage message);
  void OnPause(bool pause);
  void OnClosed(CloseCode code, const std::string& reason);

  void FollowMode(VideoMode mode);
  void RenewOutbox();
  std::string CreatedText(const SessionCreatedEvent& created);
  void Pump();
  void Mind();  // the outbox's wishes
  void Watch();
  void CloseSocket(CloseCode code, const std::string& reason);
  void Refuse(const ProtocolError& error);
  void Gone();
  int64_t now_us() const { return context_.host.now_us(); }

  StreamContext context_;
  std::unique_ptr<WebSocket> socket_;
  std::function<void()> gone_;
  std::shared_ptr<Sink> sink_;
  std::shared_ptr<LiveSession> session_;
  VideoMode mode_ = VideoMode::kPatch;
  std::optional<Outbox> outbox_;   // always there
  std::deque<std::string> first_;  // goes out before the outbox
  std::vector<std::weak_ptr<StreamWatcher>> watchers_;
  MediaMessage mp4_init_;
  Timer tick_;
  Timer limit_;  // the token's; before a session is there, the client's patience to name it
  StreamGrant grant_;
  bool must_resume_ = false;
  bool heard_ = false;  // the client has said something
  bool reading_ = false;
  bool paused_ = false;
  bool writing_ = false;
  bool session_over_ = false;
  bool ended_ = false;  // the socket is
  bool close_asked_ = false;
  bool closing_ = false;
  CloseCode close_code_ = CloseCode::kNormal;
  std::string close_reason_;
  int64_t dropped_counted_ = 0;
  std::optional<int64_t> client_dropped_ = 0;  // as the client last said; nothing: it counts from another connection
};

}  // namespace lips
