// A client of the live protocol: makes a session, sends sound and events, receives pictures and events.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/json.h"
#include "client/server_address.h"
#include "live/media_message.h"
#include "net/web_socket.h"

namespace lips {

struct LiveClientOptions {
  ServerAddress server;
  std::string avatar;              // empty: the only one there is
  std::string token;               // for a session at once, without POST /v1/sessions ...
  std::string api_key;             // ... or what that asks for
  Json settings = Json::Object();  // as session.update: audio_in, video, audio_out, pace, idle, ...
  std::chrono::milliseconds limit = std::chrono::seconds(10);
};

// Everything happens on the loop. Calls before Opened are kept until then.
class LiveClient {
 public:
  struct Handlers {
    std::function<void(const Json& event)> event;  // session.created is the first
    std::function<void(const DecodedMedia& media)> media;
    // Once, however it ends: a refusal, a lost connection, a close code. kEndOfStream for a normal close.
    std::function<void(const Error& why, uint16_t code)> ended;
  };
  LiveClient(Loop& loop, LiveClientOptions options, Handlers handlers);
  ~LiveClient();
  LiveClient(const LiveClient&) = delete;
  LiveClient& operator=(const LiveClient&) = delete;

  void Open();
  // Samples in the session's format, 16 bits by default.
  void SendAudio(std::span<const int16_t> samples);
  void Send(const Json& event);
  // Stops reading: what a client that never reads looks like to the server.
  void PauseReading();
  void Close();  // session.close; `ended` follows
  void Abort();  // drops the connection; nothing follows

  size_t unsent_bytes() const;
  const std::string& session_id() const;
  const std::string& resume_token() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lips
