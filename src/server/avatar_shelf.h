// The avatars a server offers: loaded one after the other in the background, each with its background video.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/file_part.h"
#include "base/json.h"
#include "base/result.h"
#include "live/host.h"

namespace lips {

// A package or pack each, or folders that hold some, by the names they are served under: the folder's or file's name,
// with what IsId does not allow replaced. Errors: kInvalidInput when a place holds no avatar or two have one name.
Result<std::vector<std::pair<std::string, Path>>> FindAvatars(const std::vector<std::string>& places);

// Any thread.
class AvatarShelf {
 public:
  using Loaded = std::function<void(const std::string& id, const Status&)>;

  AvatarShelf(LiveHost& host, LiveAvatarOptions options);
  ~AvatarShelf();  // waits for what is being loaded
  AvatarShelf(const AvatarShelf&) = delete;
  AvatarShelf& operator=(const AvatarShelf&) = delete;

  // Returns at once; `done` is called by the loading thread.
  void Load(const std::string& id, const Path& path, Loaded done);
  Status Unload(const std::string& id);

  bool loading() const;  // something waits or is being loaded
  bool any_ready() const;
  // AvatarFacts::ToJson of every loaded avatar with "ready", and {"id", "ready": false, "error"} of the others.
  Json ToJson() const;
  std::optional<Json> ToJson(const std::string& id) const;
  bool IsReady(const std::string& id) const;
  // Of the ready avatars the only one; empty otherwise.
  std::string OnlyOne() const;

  struct Background {
    OwnedBytes bytes;
    std::string etag;
  };
  std::optional<Background> BackgroundOf(const std::string& id) const;

 private:
  struct Entry {
    Path path;
    bool ready = false;
    std::string error;
    Background background;
  };
  struct Order {
    std::string id;
    Path path;
    Loaded done;
  };
  void Run();
  Result<Background> LoadNow(const std::string& id, const Path& path);
  Json FactsOf(const std::string& id, const Entry& entry) const;

  LiveHost& host_;
  const LiveAvatarOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_
  std::deque<Order> orders_;              // guarded by mutex_
  bool busy_ = false;                     // guarded by mutex_
  bool ending_ = false;                   // guarded by mutex_
  std::thread loader_;
};

}  // namespace lips
