// One request on its way through the server, with what is known about who sent it.
#pragma once

#include <string>

#include "net/http_message.h"
#include "server/target.h"

namespace lips {

struct Visit {
  HttpRequest request;
  HttpTarget target;
  std::string peer;     // numeric address
  bool secure = false;  // came by TLS

  bool Is(const char* method) const { return request.method == method; }
  bool Reads() const { return Is("GET") || Is("HEAD"); }
};

}  // namespace lips
