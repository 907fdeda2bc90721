// Loads a live server with sessions that speak in real time, and measures what comes back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "bench/report.h"
#include "client/server_address.h"

namespace lips {

struct LiveBenchRequest {
  ServerAddress server;
  std::string avatar;  // empty: the only one there is
  std::string token, api_key;
  int sessions = 1;
  double seconds = 30;
  double connects_per_second = 8;  // below what a server takes from one address
  double interrupt_every_s = 5;    // each session; 0: never
  std::string mode = "patch";
  bool silent = false;         // connected and saying nothing: what idle sessions cost
  std::optional<Path> speech;  // default: a built-in test signal
  BenchProgress progress;      // in seconds
};

// One object:
//   {"sessions", "connected", "refused", "lost", "seconds", "frames", "fps_per_session",
//    "latency_ms": {...}  last needed sample sent -> frame received, of all frames but each session's first,
//    "server_latency_ms": {...}  as the frames' headers state it,
//    "late", "late_share": frames more than 100 ms after their last needed sample,
//    "seq_gaps": frames the server dropped, "dropped_server": as it counted,
//    "interrupts", "interrupt_ms": {...}  clear sent -> output.cleared received, "violations": media of an utterance
//    received after its output.cleared,
//    "warnings": by code, "errors": by message,
//    "server": {"cpu_cores", "rss_bytes", "rss_growth_bytes", "open_fds"} from its /metrics, or null,
//    "client_cpu_cores"}
// Errors: kIo when no session could be opened; the progress callback's.
Result<Json> MeasureLive(const LiveBenchRequest& request);

}  // namespace lips
