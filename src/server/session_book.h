// Which sessions have had a connection, and which have one now.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace lips {

class StreamConnection;

// On the loop.
class SessionBook {
 public:
  void Connected(const std::string& session, std::weak_ptr<StreamConnection> connection) {
    connections_[session] = std::move(connection);
  }
  void Over(const std::string& session) { connections_.erase(session); }
  bool WasConnected(const std::string& session) const { return connections_.contains(session); }
  std::shared_ptr<StreamConnection> ConnectionOf(const std::string& session) const {
    const auto found = connections_.find(session);
    return found == connections_.end() ? nullptr : found->second.lock();
  }
  // Forgets those that are over without our having been told: `is_there` says which exist.
  template <typename IsThere>
  void Sweep(const IsThere& is_there) {
    std::erase_if(connections_, [&](const auto& entry) { return entry.second.expired() && !is_there(entry.first); });
  }
  size_t size() const { return connections_.size(); }

 private:
  std::map<std::string, std::weak_ptr<StreamConnection>> connections_;
};

}  // namespace lips
