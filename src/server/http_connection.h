// One HTTP connection of the server: requests in, answers out, until it ends or becomes a WebSocket.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/loop.h"
#include "net/wire.h"
#include "server/visit.h"
#include "server/watch_stream.h"

namespace lips {

// Permission to become the connection of a session.
struct StreamGrant {
  std::string session;       // to be attached to; empty: the client will say which one it resumes
  int64_t max_s = 0;         // the token's limit; 0: none
  std::string only_session;  // the one it may resume; empty: any whose resume token it has
  std::string avatar;        // the only one it may resume a session of; empty: any
};

// An answer whose body goes on as long as a session does.
struct WatchGrant {
  HttpResponse head;
  std::shared_ptr<WatchStream> body;
};

using Answer = std::variant<HttpResponse, StreamGrant, WatchGrant>;

struct HttpConnectionOptions {
  HttpLimits limits;
  // A whole request must be there so soon after its first byte (or after the connection began), ...
  std::chrono::milliseconds request_limit = std::chrono::seconds(10);
  std::chrono::milliseconds idle_limit =
      std::chrono::seconds(30);  // ... the next one begin so soon after the last, ...
  std::chrono::milliseconds write_limit = std::chrono::seconds(10);  // ... and some of an answer be taken so soon.
};

// Lives until its last callback has run. On the loop.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  struct Handlers {
    std::function<void(const std::shared_ptr<Visit>&, Once<void(Answer)>)> answer;
    // Takes the wire over, with what came after the request; after it the connection is gone.
    std::function<void(std::unique_ptr<Wire>, std::vector<uint8_t>, const Visit&, const StreamGrant&)> upgrade;
    std::function<void(int status)> answered;
    std::function<void(const HttpConnection*)> gone;  // once
  };

  HttpConnection(Loop& loop, std::unique_ptr<Wire> wire, std::string peer, bool secure,
                 const HttpConnectionOptions& options, const Handlers& handlers);

  void Start();
  // Ends it: at once when it waits for a request, else after the answer.
  void Drain();
  void Close();

 private:
  void Read();
  void OnRead(WireEnd end, size_t bytes);
  void OnRequest();
  void Reply(Answer answer);
  void Send(HttpResponse response);
  void SendWatch(WatchGrant grant);
  void NextChunk();
  // Writes parts in order, then goes on.
  void WriteParts(std::vector<OwnedBytes> parts, std::function<void()> then);
  void WriteSome();
  void AfterAnswer();
  void End();

  Wire& wire() { return *wire_; }

  std::unique_ptr<Wire> wire_;
  const std::string peer_;
  const bool secure_;
  const HttpConnectionOptions options_;
  const Handlers handlers_;
  HttpRequestParser parser_;
  std::vector<uint8_t> buffer_;
  Timer patience_;
  std::shared_ptr<Visit> visit_;
  std::shared_ptr<WatchStream> watched_;
  std::vector<OwnedBytes> parts_;
  std::function<void()> then_;
  bool continued_ = false;        // "100 Continue" was sent for this request
  bool reading_ = false;          // a read is under way
  bool reading_request_ = false;  // some of a request is here
  bool finishing_ = false;        // the last answer was given; what still comes is thrown away
  bool keep_alive_ = true;
  bool draining_ = false;
  bool ended_ = false;
};

}  // namespace lips
