#include "client/server_address.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "net/http_parser.h"
#include "net/listener.h"

namespace lips {
namespace {

struct Scheme {
  const char* prefix;
  bool secure;
  int port;
};
constexpr std::array<Scheme, 4> kSchemes = {
    {{"http://", false, 80}, {"ws://", false, 80}, {"https://", true, 443}, {"wss://", true, 443}}};

Error NoUrl(const std::string& url) {
  return Error(ErrorCode::kInvalidInput, "'" + url + "' is no server address such as http://localhost:8080");
}

// Lives until its last callback has run.
struct Fetching : std::enable_shared_from_this<Fetching> {
  Fetching(Loop& loop, const FetchRequest& asked)
      : patience(loop), parser(HttpLimits{64 << 10, asked.answer_bytes}), buffer(64 << 10) {}

  void Begin(std::unique_ptr<Wire> opened) {
    wire = std::move(opened);
    WriteAll(*wire, {reinterpret_cast<const uint8_t*>(text.data()), text.size()},
             WireDone([self = shared_from_this()](WireEnd end, size_t) {
               // A server that refuses a request may answer before it has read all of it.
               if (end == WireEnd::kOk || end == WireEnd::kFailed) return self->Read();
               self->Finish(Error(ErrorCode::kIo, "the connection to " + self->name + " was lost"));
             }));
  }

  void Read() {
    wire->ReadSome(buffer, WireDone([self = shared_from_this()](WireEnd end, size_t bytes) {
                     if (end == WireEnd::kOk) {
                       self->parser.Feed(std::span(self->buffer).first(bytes));
                     } else if (end == WireEnd::kEnded) {
                       self->parser.FeedEnd();
                     }
                     if (self->parser.fault() != nullptr) {
                       return self->Finish(Error(ErrorCode::kCorrupted, self->name + " does not answer in HTTP: " +
                                                                            self->parser.fault()->why));
                     }
                     if (self->parser.complete()) return self->Finish(self->parser.Take());
                     if (end == WireEnd::kOk) return self->Read();
                     self->Finish(Error(ErrorCode::kIo, self->name + " ended the connection without an answer"));
                   }));
  }

  void Finish(Result<HttpResponse> result) {
    patience.Cancel();
    if (wire) wire->Close();
    if (done) done(std::move(result));
  }

  Timer patience;
  HttpResponseParser parser;
  std::vector<uint8_t> buffer;
  std::string name;
  std::string text;
  std::unique_ptr<Wire> wire;
  Once<void(Result<HttpResponse>)> done;
};

}  // namespace

std::string ServerAddress::host_header() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (secure ? 443 : 80) ? name : name + ":" + std::to_string(port);
}

Result<ServerAddress> ParseServerUrl(const std::string& url, const std::optional<Path>& authority) {
  const auto scheme = std::ranges::find_if(kSchemes, [&](const Scheme& s) { return url.starts_with(s.prefix); });
  if (scheme == kSchemes.end()) return NoUrl(url);
  ServerAddress address;
  address.secure = scheme->secure;
  address.port = scheme->port;
  std::string rest = url.substr(std::string(scheme->prefix).size());
  if (rest.ends_with('/')) rest.pop_back();
  size_t end = rest.find(':');
  if (rest.starts_with('[')) {
    const size_t close = rest.find(']');
    if (close == std::string::npos) return NoUrl(url);
    address.host = rest.substr(1, close - 1);
    end = close + 1;
  } else {
    end = std::min(end, rest.size());
    address.host = rest.substr(0, end);
  }
  if (address.host.empty() || address.host.find_first_of("/?#@ ") != std::string::npos) return NoUrl(url);
  if (end < rest.size()) {
    const char* last = rest.data() + rest.size();
    const auto [stop, error] = std::from_chars(rest.data() + end + 1, last, address.port);
    if (rest[end] != ':' || error != std::errc() || stop != last || address.port < 1 || address.port > 65535) {
      return NoUrl(url);
    }
  }
  if (address.secure) {
    ASSIGN_OR_RETURN(address.tls, LoadTlsClient(authority));
  }
  return address;
}

void OpenWire(Loop& loop, const ServerAddress& server, std::chrono::milliseconds limit,
              Once<void(Result<std::unique_ptr<Wire>>)> done) {
  Connect(loop, server.host, server.port, limit,
          [&loop, server, limit, done = std::move(done)](Result<Socket> socket) mutable {
            if (!socket.ok()) return done(std::move(socket).TakeError());
            if (!server.secure) {
              auto wire = MakeTcpWire(loop, std::move(socket).value());
              if (wire) return done(std::move(wire));
              return done(Error(ErrorCode::kIo, "the system gives no socket"));
            }
            ConnectTls(loop, std::move(socket).value(), server.tls, server.host, limit,
                       [done = std::move(done), name = server.host_header()](std::unique_ptr<Wire> wire) mutable {
                         if (wire) return done(std::move(wire));
                         done(Error(ErrorCode::kIo, name + " does not speak TLS, or its certificate is not trusted"));
                       });
          });
}

void Fetch(Loop& loop, const ServerAddress& server, const FetchRequest& request,
           Once<void(Result<HttpResponse>)> done) {
  const auto fetching = std::make_shared<Fetching>(loop, request);
  fetching->name = server.host_header();
  fetching->done = std::move(done);
  std::string& text = fetching->text;
  text = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + server.host_header() +
         "\r\nConnection: close\r\n";
  for (const auto& [key, value] : request.headers) text.append(key).append(": ").append(value).append("\r\n");
  if (!request.body.empty()) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  text.append("\r\n").append(request.body);
  fetching->patience.After(request.limit, [fetching] {
    fetching->Finish(Error(ErrorCode::kIo, fetching->name + " did not answer in time"));
  });
  OpenWire(loop, server, request.limit, [fetching](Result<std::unique_ptr<Wire>> wire) {
    if (!wire.ok()) return fetching->Finish(std::move(wire).TakeError());
    fetching->Begin(std::move(wire).value());
  });
}

Result<HttpResponse> FetchNow(const ServerAddress& server, const FetchRequest& request) {
  Loop loop;
  Result<HttpResponse> answer = Error(ErrorCode::kCancelled, "");
  Fetch(loop, server, request, [&](Result<HttpResponse> got) {
    answer = std::move(got);
    loop.Stop();
  });
  loop.Run();
  return answer;
}

Error ErrorOf(const HttpResponse& response) {
  const auto body = ParseJson(response.text());
  const Json* error = body.ok() ? body.value().Find("error") : nullptr;
  const Json* message = error != nullptr ? error->Find("message") : nullptr;
  std::string text =
      "the server answers " + std::to_string(response.status) + " " + std::string(ReasonOf(response.status));
  if (message != nullptr) text += ": " + message->as_string();
  if (const auto wait = response.Header("Retry-After"); !wait.empty())
    text += " (try again in " + std::string(wait) + " s)";
  const bool full = response.status == 503 || response.status == 429;
  return Error(full ? ErrorCode::kResourceLimit : ErrorCode::kInvalidInput, text);
}

}  // namespace lips
