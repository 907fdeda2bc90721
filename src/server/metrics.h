// GET /metrics: what the live host and the server count, in Prometheus' text format.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "live/host.h"

namespace lips {

// What the server counts itself. Used on the loop alone.
struct ServerCounts {
  int64_t connections = 0;  // open now
  int64_t streams = 0;      // of them: WebSockets
  int64_t bytes_in = 0;     // of WebSocket messages
  int64_t bytes_out = 0;
  int64_t frames_dropped = 0;  // never sent, because the client was slow
  int64_t client_dropped = 0;  // sent, but not shown, as clients say
  Histogram client_buffer;     // media that clients have ahead of what they show, in seconds, by their reports
  Histogram send;              // of media: handed over by its session -> taken by the socket
  int64_t refused_connections = 0;
  std::map<int, int64_t> responses;              // HTTP status -> number
  std::map<std::string, int64_t> auth_failures;  // error code -> number
  std::map<int, int64_t> closes;                 // close code -> number
};

// Writes metrics one family after the other: HELP, TYPE, samples.
class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string>>;
  void Family(std::string_view name, std::string_view type, std::string_view help);
  void Sample(const Labels& labels, double value);
  // A whole histogram under the last family's name.
  void Add(const Labels& labels, const Histogram& histogram);
  std::string Take() { return std::move(text_); }

 private:
  void Line(std::string_view suffix, const Labels& labels, double value);
  std::string name_;
  std::string text_;
};

std::string MetricsPage(const LiveHost& host, const ServerCounts& counts);

}  // namespace lips
