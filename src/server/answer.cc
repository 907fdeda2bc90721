#include "server/answer.h"

#include "base/hmac.h"

namespace lips {
namespace {

std::string_view TypeOf(int status) {
  switch (status) {
    case 401: return "authentication";
    case 403: return "permission";
    case 429: return "limit";
    case 503: return "overload";
    default: return status >= 500 ? "server" : "invalid_request";
  }
}

int StatusOf(CloseCode code) {
  switch (code) {
    case CloseCode::kBadHello: return 400;
    case CloseCode::kAuth: return 401;
    case CloseCode::kForbidden: return 403;
    case CloseCode::kNoAvatar: return 404;
    case CloseCode::kResumed: return 409;
    case CloseCode::kTooBig: return 413;
    case CloseCode::kRate: return 429;
    case CloseCode::kRestart:
    case CloseCode::kOverload: return 503;
    default: return 500;
  }
}

}  // namespace

HttpResponse JsonAnswer(int status, const Json& body) {
  HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  response.body = TextBody(body.Dump(/*compact=*/true) + "\n");
  return response;
}

HttpResponse ErrorAnswer(int status, std::string_view code, std::string_view message, std::string_view param) {
  Json error = Json::Object({{"type", TypeOf(status)}, {"code", code}, {"message", message}});
  error.Set("param", param.empty() ? Json() : Json(param));
  error.Set("request_id", RandomName(9));
  return JsonAnswer(status, Json::Object({{"error", std::move(error)}}));
}

HttpResponse ErrorAnswer(const ProtocolError& error) {
  // What is not fatal says no close code: it is the request that is wrong.
  const int status = error.fatal ? StatusOf(error.close) : error.type == "invalid_request" ? 400 : 500;
  HttpResponse response = ErrorAnswer(status, error.code, error.message, error.param);
  if (status == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

std::string ShortEtag(std::string_view hash) { return std::string(hash.substr(0, 32)); }

}  // namespace lips
