// What a live server's /metrics say of its process.
#pragma once

#include <optional>
#include <string>

#include "client/server_address.h"

namespace lips {

struct ServerUse {
  double cpu_s = 0, rss = 0, fds = 0;
  double sessions = 0, websockets = 0;  // now; sessions that wait for their client included
};

// Nothing where it does not say.
std::optional<ServerUse> AskServer(const ServerAddress& server, const std::string& api_key);

}  // namespace lips
