// Wires for tests: the two ends of a pair of sockets.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <utility>

#include "net/wire.h"

namespace lips {

inline std::pair<std::unique_ptr<Wire>, std::unique_ptr<Wire>> WirePair(Loop& loop) {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  return {MakeTcpWire(loop, Socket(ends[0], "127.0.0.1")), MakeTcpWire(loop, Socket(ends[1], "127.0.0.1"))};
}

}  // namespace lips
