// Which sessions have had a connection, which have one now, and until when a token lets them speak.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace lips {

class StreamConnection;

// On the loop.
class SessionBook {
 public:
  void Connected(const std::string& session, std::weak_ptr<StreamConnection> connection) {
    entries_[session].connection = std::move(connection);
  }
  void Over(const std::string& session) { entries_.erase(session); }
  bool WasConnected(const std::string& session) const { return entries_.contains(session); }
  std::shared_ptr<StreamConnection> ConnectionOf(const std::string& session) const {
    const auto found = entries_.find(session);
    return found == entries_.end() ? nullptr : found->second.connection.lock();
  }
  // The limit of the token that a connected session was opened with; its later connections are held to it, too.
  void Limit(const std::string& session, int64_t until_us) { entries_[session].until_us = until_us; }
  std::optional<int64_t> UntilUs(const std::string& session) const {
    const auto found = entries_.find(session);
    return found == entries_.end() ? std::nullopt : found->second.until_us;
  }
  // Forgets those that are over without our having been told: `is_there` says which exist.
  template <typename IsThere>
  void Sweep(const IsThere& is_there) {
    std::erase_if(entries_,
                  [&](const auto& entry) { return entry.second.connection.expired() && !is_there(entry.first); });
  }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::weak_ptr<StreamConnection> connection;
    std::optional<int64_t> until_us;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace lips
