// The addresses of the admin port, which only this machine reaches: drain, load and unload avatars, metrics.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/loop.h"
#include "net/once.h"
#include "server/avatar_shelf.h"
#include "server/http_connection.h"
#include "server/metrics.h"

namespace lips {

struct AdminParts {
  Loop& loop;
  LiveHost& host;
  AvatarShelf& shelf;
  ServerCounts& counts;
  std::function<void(int64_t deadline_ms)> drain;
  int default_drain_ms = 20'000;
};

// POST /admin/drain {"deadline_ms"}, POST /admin/avatars/load {"path", "id"}, POST /admin/avatars/unload {"id"},
// GET /metrics. A page in a browser of this machine must not be able to: bodies are JSON, no Origin is accepted, and
// the Host must be local. Loading answers when the avatar can be spoken through.
void HandleAdmin(const AdminParts& parts, const Visit& visit, Once<void(Answer)> done);

}  // namespace lips
