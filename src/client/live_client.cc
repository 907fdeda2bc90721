#include "client/live_client.h"

#include <cstring>
#include <utility>
#include <vector>

namespace lips {
namespace {

HttpHeaders WithBearer(const std::string& token, HttpHeaders headers) {
  if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
  return headers;
}

WebSocketLimits ClientLimits(std::chrono::milliseconds handshake) {
  WebSocketLimits limits;
  limits.text_bytes = 1 << 20;
  limits.binary_bytes = 64 << 20;
  limits.handshake = handshake;
  limits.write = std::chrono::seconds(30);
  return limits;
}

std::string TextOf(const Json& object, const char* key) {
  const Json* value = object.Find(key);
  return value != nullptr ? value->as_string() : "";
}

}  // namespace

struct LiveClient::State : std::enable_shared_from_this<State> {
  State(Loop& the_loop, LiveClientOptions the_options, Handlers the_handlers)
      : loop(the_loop), options(std::move(the_options)), handlers(std::move(the_handlers)) {}

  void MakeSession();
  void Connect(const std::string& target, const std::string& token);
  void Read();
  void OnMessage(WebSocket::Incoming incoming);
  void OnText(std::string_view text);
  void Queue(bool text, std::string bytes);
  void Pump();
  void End(const Error& why, uint16_t code);

  struct Outgoing {
    bool text;
    std::string bytes;
  };

  Loop& loop;
  LiveClientOptions options;
  Handlers handlers;
  std::unique_ptr<WebSocket> socket;
  std::deque<Outgoing> outgoing;
  size_t unsent = 0;
  bool update_first = false;  // the settings were not part of the request
  bool writing = false;
  bool paused = false;
  bool over = false;
  std::string session_id, resume_token;
  std::string last_error;  // the message of the last `error` event
};

void LiveClient::State::MakeSession() {
  Json body = options.settings;
  if (!options.avatar.empty()) body.Set("avatar", options.avatar);
  FetchRequest request;
  request.method = "POST";
  request.target = "/v1/sessions";
  request.headers = WithBearer(options.api_key, {{"Content-Type", "application/json"}});
  request.body = body.Dump(/*compact=*/true);
  request.limit = options.limit;
  Fetch(loop, options.server, request, [self = shared_from_this()](Result<HttpResponse> answer) {
    if (self->over) return;
    if (!answer.ok()) return self->End(answer.error(), 0);
    if (answer.value().status != 201) return self->End(ErrorOf(answer.value()), 0);
    const auto made = ParseJson(answer.value().text());
    const std::string target = made.ok() ? TextOf(made.value(), "ws_url") : "";
    if (!target.starts_with('/'))
      return self->End(Error(ErrorCode::kCorrupted, "the server's answer has no ws_url"), 0);
    self->Connect(target, TextOf(made.value(), "token"));
  });
}

void LiveClient::State::Connect(const std::string& target, const std::string& token) {
  OpenWire(loop, options.server, options.limit,
           [self = shared_from_this(), target, token](Result<std::unique_ptr<Wire>> wire) {
             if (self->over) return;
             if (!wire.ok()) return self->End(wire.error(), 0);
             const HttpHeaders headers = {
                 {"Sec-WebSocket-Protocol", token.empty() ? "lipsync.v1" : "lipsync.v1, bearer." + token},
                 {"User-Agent", "lipstream"}};
             WebSocket::Request(self->loop, std::move(wire).value(), self->options.server.host_header(), target,
                                headers, ClientLimits(self->options.limit),
                                [self](std::unique_ptr<WebSocket> opened, std::unique_ptr<WebSocket::Refusal> refusal) {
                                  if (self->over) return;
                                  if (!opened) {
                                    return self->End(
                                        refusal->response.status != 0 ? ErrorOf(refusal->response) : refusal->error, 0);
                                  }
                                  self->socket = std::move(opened);
                                  self->Read();
                                  self->Pump();
                                });
           });
}

void LiveClient::State::Read() {
  if (paused || over || !socket) return;
  socket->Read([weak = weak_from_this()](WebSocket::Incoming incoming) {
    if (const auto self = weak.lock(); self && !self->over) self->OnMessage(std::move(incoming));
  });
}

void LiveClient::State::OnMessage(WebSocket::Incoming incoming) {
  if (incoming.ended) {
    const WebSocketEnd& end = incoming.end;
    if (end.code == kCloseNormal) return End(Error(ErrorCode::kEndOfStream, "the session ended"), end.code);
    std::string why = "the connection ended with code " + std::to_string(end.code);
    if (!last_error.empty())
      why += ": " + last_error;
    else if (!end.reason.empty())
      why += ": " + end.reason;
    return End(Error(ErrorCode::kIo, why), end.code);
  }
  const auto& bytes = incoming.message.bytes;
  if (incoming.message.text) {
    OnText({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  } else {
    const auto media = DecodeMedia(bytes);
    if (!media.ok()) return End(media.error(), 0);
    if (handlers.media) handlers.media(media.value());
  }
  if (!over) Read();
}

void LiveClient::State::OnText(std::string_view text) {
  const auto event = ParseJson(text);
  if (!event.ok() || !event.value().is_object()) {
    return End(Error(ErrorCode::kCorrupted, "the server sent text that is no event"), 0);
  }
  const std::string type = TextOf(event.value(), "type");
  if (type == "session.created") {
    session_id = TextOf(event.value(), "session_id");
    resume_token = TextOf(event.value(), "resume_token");
    if (std::exchange(update_first, false) && !options.settings.members().empty()) {
      Json update = options.settings;
      update.Set("type", "session.update");
      outgoing.push_front({true, update.Dump(/*compact=*/true)});
      unsent += outgoing.front().bytes.size();
    }
    Pump();
  }
  if (type == "error") {
    const Json* error = event.value().Find("error");
    if (error != nullptr) last_error = TextOf(*error, "message");
  }
  if (handlers.event) handlers.event(event.value());
}

void LiveClient::State::Queue(bool text, std::string bytes) {
  if (over) return;
  unsent += bytes.size();
  outgoing.push_back({text, std::move(bytes)});
  Pump();
}

void LiveClient::State::Pump() {
  if (writing || over || !socket || session_id.empty() || outgoing.empty()) return;
  writing = true;
  Outgoing next = std::move(outgoing.front());
  outgoing.pop_front();
  const size_t bytes = next.bytes.size();
  socket->Write(next.text, std::move(next.bytes), {}, [weak = weak_from_this(), bytes](bool ok) {
    const auto self = weak.lock();
    if (!self || self->over) return;
    self->writing = false;
    self->unsent -= bytes;
    if (ok) self->Pump();  // else Read says how it ended
  });
}

void LiveClient::State::End(const Error& why, uint16_t code) {
  if (std::exchange(over, true)) return;
  if (handlers.ended) handlers.ended(why, code);
}

LiveClient::LiveClient(Loop& loop, LiveClientOptions options, Handlers handlers)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(handlers))) {}

LiveClient::~LiveClient() { Abort(); }

void LiveClient::Open() {
  if (state_->options.token.empty()) return state_->MakeSession();
  state_->update_first = true;
  const std::string& avatar = state_->options.avatar;
  state_->Connect(avatar.empty() ? "/v1/stream" : "/v1/stream?avatar=" + avatar, state_->options.token);
}

void LiveClient::SendAudio(std::span<const int16_t> samples) {
  state_->Queue(false, std::string(reinterpret_cast<const char*>(samples.data()), samples.size_bytes()));
}

void LiveClient::Send(const Json& event) { state_->Queue(true, event.Dump(/*compact=*/true)); }
void LiveClient::PauseReading() { state_->paused = true; }
void LiveClient::Close() { Send(Json::Object({{"type", "session.close"}})); }

void LiveClient::Abort() {
  state_->over = true;
  state_->socket.reset();
}

size_t LiveClient::unsent_bytes() const { return state_->unsent; }
const std::string& LiveClient::session_id() const { return state_->session_id; }
const std::string& LiveClient::resume_token() const { return state_->resume_token; }

}  // namespace lips
