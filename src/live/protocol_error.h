// An error as the live protocol tells it to a client.
#pragma once

#include <string>

namespace lips {

// WebSocket close codes of the protocol; docs/protocol.md has the table.
enum class CloseCode : int {
  kNormal = 1000,
  kUnsupportedData = 1003,
  kBadText = 1007,
  kTooBig = 1009,
  kInternal = 1011,
  kRestart = 1012,
  kOverload = 1013,
  kBadHello = 4400,
  kAuth = 4401,
  kForbidden = 4403,
  kNoAvatar = 4404,
  kIdle = 4408,
  kResumed = 4409,
  kTimeLimit = 4410,
  kRate = 4429,
  kSlowClient = 4430,
};

// `type` is the family (invalid_request, limit, overload, server), `code` what programs compare, `message` one sentence
// for people. `param` names the field at fault, `event_id` the client's event; both may be empty. A fatal error closes
// the connection with `close`.
struct ProtocolError {
  std::string type = "invalid_request";
  std::string code;
  std::string message;
  std::string param = {};
  std::string event_id = {};
  bool fatal = false;
  CloseCode close = CloseCode::kInternal;
};

}  // namespace lips
