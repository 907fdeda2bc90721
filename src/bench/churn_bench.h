// Opens and loses many sessions of a live server, and looks whether it gives everything back.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "bench/report.h"
#include "client/server_address.h"

namespace lips {

struct ChurnRequest {
  ServerAddress server;  // with --connect-rate 0, --admit-all, and a short --resume-seconds
  std::string avatar;    // empty: the only one there is
  std::string api_key;
  int connects = 500;
  int together = 16;  // at the same time
  std::string mode = "patch";
  BenchProgress progress;  // in connects
};

// Every session speaks for a moment; every other one is then dropped without a word, in the middle of its frames. Half
// of the connects, and 50 at least, go before, so that caches are full when memory is looked at first. Gives
//   {"connects", "refused", "aborted", "frames", "rss_before_bytes", "rss_after_bytes", "rss_growth_bytes",
//    "fds_before", "fds_after", "sessions_left", "connections_left", "settled_s"}
// where "after" is 1.5 s after the server has forgotten all sessions, or after a minute. Errors: kIo (no session could
// be opened; no /metrics); the progress callback's.
Result<Json> MeasureChurn(const ChurnRequest& request);

}  // namespace lips
