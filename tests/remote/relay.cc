#include "tests/remote/relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace lips::remote {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in place = {};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  place.sin_port = htons(static_cast<uint16_t>(port));
  return place;
}

}  // namespace

int ListenOnLoopback(int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in place = Loopback(0);
  socklen_t size = sizeof(place);
  const bool listens = ::bind(listener, reinterpret_cast<sockaddr*>(&place), size) == 0 && ::listen(listener, 4) == 0 &&
                       ::getsockname(listener, reinterpret_cast<sockaddr*>(&place), &size) == 0;
  port = ntohs(place.sin_port);
  return listens ? listener : -1;
}

Relay::Relay(int service_port) : listener_(ListenOnLoopback(port_)), service_port_(service_port) {
  thread_ = std::thread([this] { Run(); });
}

Relay::~Relay() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

void Relay::Run() {
  while (!stop_) {
    pollfd waiting = {listener_, POLLIN, 0};
    if (::poll(&waiting, 1, 10) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const int service = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in place = Loopback(service_port_);
    if (::connect(service, reinterpret_cast<const sockaddr*>(&place), sizeof(place)) == 0) {
      ++connections_;
      HandOn(client, service);
    } else {
      ++refused_;
    }
    ::close(client);
    ::close(service);
  }
}

void Relay::HandOn(int client, int service) {
  std::vector<uint8_t> bytes(1 << 16);
  while (!stop_) {
    std::array<pollfd, 2> waiting = {pollfd{client, POLLIN, 0}, pollfd{hold_ ? -1 : service, POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), 10) < 0) return;
    if ((waiting[0].revents & (POLLIN | POLLHUP)) != 0 && !Copy(client, service, bytes, false)) return;
    if ((waiting[1].revents & (POLLIN | POLLHUP)) != 0 && !Copy(service, client, bytes, true)) return;
  }
}

bool Relay::Copy(int from, int to, std::vector<uint8_t>& bytes, bool answer) {
  const ssize_t n = ::recv(from, bytes.data(), bytes.size(), 0);
  if (n <= 0) return false;
  int64_t keep = n;
  bool cut = false;
  if (answer) {
    if (const int64_t left = cut_after_; left >= 0) {
      keep = std::min<int64_t>(left, n);
      cut = keep == left;
      cut_after_ = cut ? -1 : left - keep;
    }
    for (int64_t i = 0; i < keep && spoil_ > 0; ++i, --spoil_) bytes[static_cast<size_t>(i)] ^= 0x5A;
  }
  for (int64_t sent = 0; sent < keep;) {
    const ssize_t m = ::send(to, bytes.data() + sent, static_cast<size_t>(keep - sent), MSG_NOSIGNAL);
    if (m <= 0) return false;
    sent += m;
  }
  return !cut;
}

}  // namespace lips::remote
