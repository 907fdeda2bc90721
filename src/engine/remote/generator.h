// A generator whose network runs in another process, on this host or another.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "engine/generator.h"

namespace lips::remote {

struct ClientOptions {
  std::string address;             // HOST:PORT of a GeneratorService
  std::string model_sha256;        // it must run this model; empty: whichever it has
  std::vector<uint8_t> used = {};  // as GeneratorOptions::used: only what encloses it is sent back
  int connect_ms = 5000;
  int answer_ms = 30'000;  // for a whole answer to begin, and for each piece of it
  int retry_ms = 10'000;   // how long a lost connection is sought anew
};

// Connects, and learns what the network is. What the pictures' names promise is kept here too, so that they can be sent
// again to a service that was restarted or made room. A lost connection is tried anew, at first at once, then after
// growing pauses; the request that was under way is repeated, and has the same answer. Errors: kInvalidInput (the
// address; another model than asked for), kIo (nobody there), kUnsupported (another version), kCorrupted (no generator
// at that address).
Result<std::unique_ptr<Generator>> OpenRemoteGenerator(ClientOptions options);

}  // namespace lips::remote
