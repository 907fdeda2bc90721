// A wire between a client and a service that can be cut, spoiled and blocked.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace lips::remote {

// Listens on the loopback. A socket; -1 when it cannot.
int ListenOnLoopback(int& port);

// Hands bytes on in both directions until it is told otherwise, for one connection after the other.
class Relay {
 public:
  explicit Relay(int service_port);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void PointTo(int service_port) { service_port_ = service_port; }
  // The connection is cut after that many more bytes of answers; then the relay works again.
  void CutAnswersAfter(int64_t bytes) { cut_after_ = bytes; }
  // That many bytes of answers become something else.
  void SpoilAnswers(int64_t bytes) { spoil_ = bytes; }
  // Answers are kept back altogether.
  void Hold(bool hold) { hold_ = hold; }
  int connections() const { return connections_; }
  int refused() const { return refused_; }  // nobody there to hand on to

 private:
  void Run();
  void HandOn(int client, int service);
  bool Copy(int from, int to, std::vector<uint8_t>& bytes, bool answer);

  int port_ = 0;  // set by what makes the next one
  int listener_ = -1;
  std::atomic<int> service_port_;
  std::atomic<bool> stop_ = false, hold_ = false;
  std::atomic<int64_t> cut_after_ = -1, spoil_ = 0;
  std::atomic<int> connections_ = 0, refused_ = 0;
  std::thread thread_;
};

}  // namespace lips::remote
