// Answers in JSON: what was asked for, or what is wrong with asking for it.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "live/protocol_error.h"
#include "net/http_message.h"

namespace lips {

HttpResponse JsonAnswer(int status, const Json& body);

// {"error": {"type", "code", "message", "param", "request_id"}}. The type follows from the status.
HttpResponse ErrorAnswer(int status, std::string_view code, std::string_view message, std::string_view param = {});

// What the live host refuses, before a connection was upgraded; with Retry-After where trying again may help.
HttpResponse ErrorAnswer(const ProtocolError& error);

// "sha256:..." and the like are long; the first 32 characters tell versions apart.
std::string ShortEtag(std::string_view hash);

}  // namespace lips
