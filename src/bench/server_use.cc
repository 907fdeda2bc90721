#include "bench/server_use.h"

#include <charconv>

namespace lips {
namespace {

// A sample of a Prometheus page, by its name with labels.
std::optional<double> MetricOf(const std::string& page, const std::string& name) {
  const size_t at = page.find("\n" + name + " ");
  if (at == std::string::npos) return std::nullopt;
  const char* start = page.data() + at + name.size() + 2;
  double value = 0;
  if (std::from_chars(start, page.data() + page.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ServerUse> AskServer(const ServerAddress& server, const std::string& api_key) {
  FetchRequest ask;
  ask.target = "/metrics";
  if (!api_key.empty()) ask.headers = {{"Authorization", "Bearer " + api_key}};
  const auto answer = FetchNow(server, ask);
  if (!answer.ok() || answer.value().status != 200) return std::nullopt;
  const std::string page(answer.value().text());
  const auto cpu = MetricOf(page, "process_cpu_seconds_total");
  const auto rss = MetricOf(page, "process_resident_memory_bytes");
  const auto fds = MetricOf(page, "process_open_fds");
  if (!cpu || !rss || !fds) return std::nullopt;
  ServerUse use{*cpu, *rss, *fds};
  for (const char* state : {"speaking", "idle", "detached"}) {
    use.sessions += MetricOf(page, "lipsync_sessions{state=\"" + std::string(state) + "\"}").value_or(0);
  }
  use.websockets = MetricOf(page, "lipsync_connections{kind=\"websocket\"}").value_or(0);
  return use;
}

}  // namespace lips
