// What is behind a lips_avatar.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "avatar/avatar.h"
#include "base/stop.h"
#include "capi/boundary.h"
#include "live/host.h"
#include "render/job.h"

struct lips_avatar {
  explicit lips_avatar(lips::Avatar opened) : avatar(std::move(opened)) {}

  lips::Avatar avatar;
  std::string path;
  std::string layout;
  lips::JobRequest job;  // avatar, its options, engine and compositing as asked; no audio
  std::optional<int64_t> template_bytes;
  mutable lips::capi::ErrorText error;

  std::mutex mutex;
  std::unique_ptr<lips::LiveHost> host;  // guarded by mutex; made by the first session
  std::vector<lips::StopFlag*> running;  // guarded by mutex; of the renderings that run now
};
