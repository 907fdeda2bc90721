// A WebSocket client that sends any bytes after its upgrade, in pieces of any size: messages within the limits arrive,
// everything else ends the connection. The first byte says how large the pieces are.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "live/client_event.h"
#include "net/scripted_wire.h"
#include "net/web_socket.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  lips::WebSocketLimits limits;
  limits.text_bytes = 1000;
  limits.binary_bytes = 2000;
  lips::Loop loop;
  auto wire = std::make_unique<lips::ScriptedWire>(loop, std::vector<uint8_t>(data + 1, data + size), data[0]);
  lips::HttpRequest request;
  request.method = "GET";
  request.target = "/v1/stream";
  request.headers = {{"Host", "localhost"},
                     {"Connection", "Upgrade"},
                     {"Upgrade", "websocket"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  std::unique_ptr<lips::WebSocket> socket;
  bool ended = false;
  std::function<void()> read = [&] {
    socket->Read([&](lips::WebSocket::Incoming incoming) {
      if (incoming.ended) {
        ended = true;
        return;
      }
      const auto& bytes = incoming.message.bytes;
      if (bytes.size() > (incoming.message.text ? limits.text_bytes : limits.binary_bytes)) std::abort();
      if (incoming.message.text) {
        (void)lips::ParseClientEvent({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, {});
      }
      read();
    });
  };
  lips::WebSocket::Accept(loop, std::move(wire), request, {}, "lipsync.v1", limits,
                          [&](std::unique_ptr<lips::WebSocket> accepted) {
                            socket = std::move(accepted);
                            if (socket) read();
                          });
  while (loop.RunReady()) {
  }
  if (socket && !ended) std::abort();  // the bytes are finite, so the connection is over
  socket.reset();
  while (loop.RunReady()) {
  }
  return 0;
}
