// Every address of the public port: what is asked for, by whom, and the answer.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "live/host.h"
#include "server/access.h"
#include "server/avatar_shelf.h"
#include "server/connect_rate.h"
#include "server/http_connection.h"
#include "server/metrics.h"
#include "server/page_files.h"
#include "server/samples.h"
#include "server/session_book.h"
#include "server/settings.h"

namespace lips {

// What the addresses are made of; all of it outlives the router.
struct RouterParts {
  const ServeSettings& settings;
  LiveHost& host;
  AvatarShelf& shelf;
  Access& access;
  const PageFiles& page;
  const Samples& samples;
  SessionBook& book;
  ServerCounts& counts;
};

// On the loop; answers at once.
class Router {
 public:
  explicit Router(const RouterParts& parts)
      : parts_(parts), session_rate_(parts.settings.connect_rate), stream_rate_(parts.settings.connect_rate) {}

  Answer Handle(const Visit& visit);

 private:
  Answer Dispatch(const Visit& visit);
  Answer Page(const Visit& visit) const;
  Answer Health() const;
  Answer Ready() const;
  Answer Metrics(const Visit& visit) const;
  Answer Avatars(const Visit& visit) const;
  Answer SampleFiles(const Visit& visit) const;
  Answer MakeSession(const Visit& visit);
  Answer Sessions(const Visit& visit);
  Answer WatchSession(const Visit& visit, const std::string& session, WatchStream::Kind kind);
  Answer Stream(const Visit& visit);
  Answer OpenStream(const Visit& visit, const Access::Pass& pass);
  Json CapacityJson() const;
  // Whether a key has as many sessions as it may; `key` as in Access::Pass.
  bool Crowded(const std::string& key) const;
  void Remember(const std::string& key, const std::string& session);

  RouterParts parts_;
  ConnectRate session_rate_;
  ConnectRate stream_rate_;
  std::map<std::string, std::vector<std::string>> key_sessions_;  // those that were opened, by key
};

// Text of WebSocket's subprotocol for this version of the live protocol.
inline constexpr const char* kLiveProtocol = "lipsync.v1";

}  // namespace lips
