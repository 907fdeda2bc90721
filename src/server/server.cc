#include "server/server.h"

#include <algorithm>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/listener.h"
#include "net/tls.h"
#include "net/web_socket.h"
#include "server/access.h"
#include "server/admin.h"
#include "server/avatar_shelf.h"
#include "server/router.h"
#include "server/stream_connection.h"

namespace lips {
namespace {

constexpr auto kBeat = std::chrono::milliseconds(50);
constexpr auto kSweep = std::chrono::seconds(10);
constexpr int64_t kGoodbyeUs = 3'000'000;  // for the close handshakes of a drained server

std::optional<Path> OptionalPath(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<Path>(text);
}

class BeastServer : public Server {
 public:
  BeastServer(ServerOptions options, LiveHost& host, Access access, PageFiles page, Samples samples, TlsContext tls)
      : options_(std::move(options)),
        host_(host),
        access_(std::move(access)),
        page_(std::move(page)),
        samples_(std::move(samples)),
        tls_(std::move(tls)),
        shelf_(host, options_.avatar),
        router_({options_.settings, host_, shelf_, access_, page_, samples_, book_, counts_}),
        beat_(loop_),
        sweep_(loop_) {
    socket_limits_.text_bytes = static_cast<size_t>(options_.settings.Limits().text_bytes);
    // Ten seconds in the largest format; the session knows its own.
    socket_limits_.binary_bytes = size_t{10} * 48000 * 4;
  }

  ~BeastServer() override { CloseAll(); }

  Status Listen() {
    const ServeSettings& settings = options_.settings;
    ASSIGN_OR_RETURN(listener_, Listener::Open(loop_, settings.bind, settings.port,
                                               [this](Socket socket) { Accept(std::move(socket), /*admin=*/false); }));
    if (settings.admin_port == 0) return {};
    ASSIGN_OR_RETURN(admin_listener_, Listener::Open(loop_, "127.0.0.1", settings.admin_port, [this](Socket socket) {
                       Accept(std::move(socket), /*admin=*/true);
                     }));
    return {};
  }

  Status LoadAvatars() {
    ASSIGN_OR_RETURN(const auto avatars, FindAvatars(options_.settings.avatars));
    for (const auto& [id, path] : avatars) shelf_.Load(id, path, options_.loaded);
    return {};
  }

  int port() const override { return listener_->port(); }
  int admin_port() const override { return admin_listener_ ? admin_listener_->port() : 0; }
  std::string url() const override {
    const std::string& bind = options_.settings.bind;
    const bool any = bind == "0.0.0.0" || bind == "::";
    const std::string host = any || IsLoopback(bind)               ? "localhost"
                             : bind.find(':') == std::string::npos ? bind
                                                                   : "[" + bind + "]";
    return (tls_ ? "https://" : "http://") + host + ":" + std::to_string(port()) + "/";
  }

  void Run(const StopFlag* stop) override {
    Beat(stop);
    Sweep();
    loop_.Run();
    CloseAll();
  }

  void Drain(int64_t deadline_ms) override {
    loop_.Post([this, deadline_ms] { BeginDrain(deadline_ms); });
  }
  void Stop() override { loop_.Stop(); }

 private:
  void Accept(Socket socket, bool admin) {
    if (counts_.connections >= options_.max_connections) {
      ++counts_.refused_connections;
      return;
    }
    const std::string peer = socket.peer();
    if (!tls_ || admin) return Serve(MakeTcpWire(loop_, std::move(socket)), peer, admin, false);
    ++counts_.connections;  // while it shakes hands
    AcceptTls(loop_, std::move(socket), tls_, options_.http.request_limit, [this, peer](std::unique_ptr<Wire> wire) {
      --counts_.connections;
      Serve(std::move(wire), peer, false, true);
    });
  }

  void Serve(std::unique_ptr<Wire> wire, const std::string& peer, bool admin, bool secure) {
    if (!wire) return;
    HttpConnection::Handlers handlers;
    handlers.answer = [this, admin](const std::shared_ptr<Visit>& visit, Once<void(Answer)> done) {
      if (admin) return HandleAdmin(Admin(), *visit, std::move(done));
      done(router_.Handle(*visit));
    };
    handlers.upgrade = [this](std::unique_ptr<Wire> upgraded, std::vector<uint8_t> rest, const Visit& visit,
                              const StreamGrant& grant) {
      Upgrade(std::move(upgraded), std::move(rest), visit, grant);
    };
    handlers.answered = [this](int status) { ++counts_.responses[status]; };
    handlers.gone = [this](const HttpConnection* connection) {
      --counts_.connections;
      std::erase_if(connections_, [connection](const auto& held) { return held.get() == connection; });
    };
    ++counts_.connections;
    const auto connection =
        std::make_shared<HttpConnection>(loop_, std::move(wire), peer, secure, options_.http, handlers);
    connections_.insert(connection);
    connection->Start();
    if (draining_ && !admin) connection->Drain();
  }

  void Upgrade(std::unique_ptr<Wire> wire, std::vector<uint8_t> rest, const Visit& visit, const StreamGrant& grant) {
    ++counts_.connections;
    ++counts_.responses[101];
    WebSocket::Accept(loop_, std::move(wire), visit.request, std::move(rest), kLiveProtocol, socket_limits_,
                      [this, grant](std::unique_ptr<WebSocket> socket) {
                        if (socket) return Carry(std::move(socket), grant);
                        --counts_.connections;
                        if (const auto session = host_.FindSession(grant.session)) {
                          session->Close(CloseCode::kBadHello, "the WebSocket handshake failed");
                        }
                      });
  }

  void Carry(std::unique_ptr<WebSocket> socket, const StreamGrant& grant) {
    const StreamContext context{shared_loop_, host_, counts_, book_, options_.settings.Limits(), ServerLimits()};
    const auto key = std::make_shared<std::weak_ptr<StreamConnection>>();
    auto connection = std::make_shared<StreamConnection>(context, std::move(socket), [this, key] {
      if (const auto gone = key->lock()) streams_.erase(gone);
      --counts_.connections;
    });
    *key = connection;
    streams_.insert(connection);
    connection->Start(grant);
  }

  Json ServerLimits() const {
    return Json::Object({{"handshake_ms", static_cast<int64_t>(socket_limits_.handshake.count())},
                         {"write_ms", static_cast<int64_t>(socket_limits_.write.count())},
                         {"header_bytes", int64_t{options_.http.limits.header_bytes}},
                         {"connects_per_second", options_.settings.connect_rate},
                         {"key_sessions", options_.settings.key_sessions}});
  }

  AdminParts Admin() {
    return {loop_,
            host_,
            shelf_,
            counts_,
            [this](int64_t deadline_ms) { BeginDrain(deadline_ms); },
            options_.settings.drain_seconds * 1000};
  }

  void BeginDrain(int64_t deadline_ms) {
    if (std::exchange(draining_, true)) return;
    Log(LogLevel::kInfo, "draining",
        {{"sessions", static_cast<int64_t>(streams_.size())}, {"deadline_ms", deadline_ms}});
    drain_until_us_ = host_.now_us() + deadline_ms * 1000;
    host_.Drain(deadline_ms);
  }

  // Looks for a signal, and for the end of a drain.
  void Beat(const StopFlag* stop) {
    if (stop != nullptr && stop->raised()) BeginDrain(options_.settings.drain_seconds * 1000);
    if (draining_) {
      const int64_t now_us = host_.now_us();
      const bool all_gone = host_.drained() && streams_.empty();
      if (all_gone || now_us > drain_until_us_ + kGoodbyeUs) return loop_.Stop();
    }
    beat_.After(kBeat, [this, stop] { Beat(stop); });
  }

  void Sweep() {
    book_.Sweep([this](const std::string& id) { return host_.FindSession(id) != nullptr; });
    sweep_.After(kSweep, [this] { Sweep(); });
  }

  void CloseAll() {
    listener_.reset();
    admin_listener_.reset();
    const auto connections = connections_;
    for (const auto& connection : connections) connection->Close();
    const auto streams = streams_;
    for (const auto& stream : streams) stream->Abort();
    while (loop_.RunReady()) {
    }
  }

  // The loop goes last: what lives on it may hold timers and sockets of it.
  const std::shared_ptr<Loop> shared_loop_ = std::make_shared<Loop>();
  Loop& loop_ = *shared_loop_;
  const ServerOptions options_;
  LiveHost& host_;
  Access access_;
  const PageFiles page_;
  const Samples samples_;
  const TlsContext tls_;
  ServerCounts counts_;
  SessionBook book_;
  AvatarShelf shelf_;
  Router router_;
  WebSocketLimits socket_limits_;
  std::unique_ptr<Listener> listener_, admin_listener_;
  std::unordered_set<std::shared_ptr<HttpConnection>> connections_;
  std::unordered_set<std::shared_ptr<StreamConnection>> streams_;
  Timer beat_, sweep_;
  bool draining_ = false;
  int64_t drain_until_us_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Open(ServerOptions options, LiveHost& host) {
  const ServeSettings settings = options.settings;
  RETURN_IF_ERROR(CheckServeSettings(settings));
  ASSIGN_OR_RETURN(Access access, Access::Open(settings));
  ASSIGN_OR_RETURN(PageFiles page, PageFiles::Open(OptionalPath(settings.web)));
  ASSIGN_OR_RETURN(Samples samples, Samples::Open(OptionalPath(settings.samples)));
  TlsContext tls;
  if (!settings.tls_cert.empty()) {
    ASSIGN_OR_RETURN(tls, LoadTlsServer(settings.tls_cert, settings.tls_key));
  }
  auto server = std::make_unique<BeastServer>(std::move(options), host, std::move(access), std::move(page),
                                              std::move(samples), std::move(tls));
  RETURN_IF_ERROR(server->Listen());
  RETURN_IF_ERROR(server->LoadAvatars());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace lips
