// The live server: listens, serves the page and the HTTP addresses, and carries sessions over WebSockets.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/stop.h"
#include "live/host.h"
#include "server/http_connection.h"
#include "server/settings.h"

namespace lips {

struct ServerOptions {
  ServeSettings settings;
  LiveAvatarOptions avatar;  // how every avatar is opened
  HttpConnectionOptions http;
  int max_connections = 4096;
  // Called by the loading thread when an avatar is ready, or is not.
  std::function<void(const std::string& id, const Status&)> loaded;
};

class Server {
 public:
  // Opens keys, certificates, page and sockets, then begins to load the avatars. `host` outlives it. Errors:
  // kInvalidInput (settings), kIo (files, ports).
  static Result<std::unique_ptr<Server>> Open(ServerOptions options, LiveHost& host);
  virtual ~Server() = default;

  virtual int port() const = 0;
  virtual int admin_port() const = 0;  // 0: none
  virtual std::string url() const = 0;

  // Serves on the calling thread until Stop, or until `stop` is raised and all sessions have been told and ended (or
  // their time is up). One call.
  virtual void Run(const StopFlag* stop) = 0;
  // Any thread: no new sessions; Run returns when those there have ended, at the latest after `deadline_ms`.
  virtual void Drain(int64_t deadline_ms) = 0;
  virtual void Stop() = 0;  // any thread: at once
};

}  // namespace lips
