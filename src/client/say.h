// Says a sound file through a live server and writes what comes back as a video.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "base/stop.h"
#include "client/server_address.h"

namespace lips {

struct SayRequest {
  ServerAddress server;
  std::string avatar;  // empty: the only one there is
  std::string token, api_key;
  Path speech;                // any audio file
  Path video;                 // .mp4 to write; with the file's own sound, but for mode fmp4, which brings it
  std::string mode = "h264";  // h264, jpeg, patch, fmp4: how the server sends it
  std::function<void(int64_t done, int64_t total)> progress;  // frames
  const StopFlag* stop = nullptr;
};

struct SayReport {
  std::string avatar, session;
  int64_t frames = 0;             // written
  int64_t frames_dropped = 0;     // left out by the server, or lost on the way to a slow reader
  double seconds = 0;             // of speech
  double wall_s = 0;              // from the call to the finished file
  double connect_ms = 0;          // until session.created
  double first_frame_ms = 0;      // from the first sample sent to the first frame received
  double p50_ms = 0, p99_ms = 0;  // the server's own latencies of the frames
  Json ToJson() const;
};

// Sends as fast as the server renders. Errors: those of reading and writing, kIo (connection), what the server refused;
// kCancelled.
Result<SayReport> Say(const SayRequest& request);

}  // namespace lips
