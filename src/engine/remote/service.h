// The serving side of a remote generator: one network for clients elsewhere that composite and encode.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/stop.h"
#include "engine/generator.h"

namespace lips::remote {

struct ServiceOptions {
  std::string bind = "127.0.0.1";             // no client is asked who it is: bind where only trusted ones come
  int port = 0;                               // 0: any free one
  std::string model_sha256;                   // of what the generator runs; clients that want another are refused
  int64_t template_bytes = int64_t{1} << 30;  // memory for prepared template frames; what was used last stays
  // The generator was opened with these GeneratorOptions::used; clients that use other pixels are refused.
  std::vector<uint8_t> used = {};
  int max_connections = 16;
  int piece_ms = 30'000;  // a client that stops in the middle of a message is let go
};

struct ServiceStats {
  int64_t connections = 0;  // now
  int64_t refused = 0;      // greetings
  int64_t templates = 0;    // prepared so far
  int64_t frames = 0;       // generated so far
};

// A thread for each connection; the network itself works for one of them at a time. Any thread may ask it.
class GeneratorService {
 public:
  // Listens when it returns. `generator` outlives it. Errors: kIo (the port is taken, ...), kInvalidInput.
  static Result<std::unique_ptr<GeneratorService>> Start(Generator& generator, ServiceOptions options);
  ~GeneratorService();  // ends every connection

  int port() const;
  // Waits until `stop` is raised.
  void RunUntil(const StopFlag& stop) const;
  ServiceStats stats() const;

 private:
  struct State;
  explicit GeneratorService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace lips::remote
