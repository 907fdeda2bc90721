// An avatar that is ready to speak live: opened once, shared by all its sessions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "avatar/avatar.h"
#include "base/result.h"
#include "composite/composite.h"
#include "engine/template_cache.h"
#include "engine/template_filler.h"
#include "live/frame_store.h"
#include "live/host.h"
#include "live/media_message.h"
#include "live/server_event.h"
#include "talker/networks.h"
#include "talker/packed_templates.h"

namespace lips {

// Networks, templates and decoded frames of one avatar. After Open only the host's compute thread uses what is not
// const; a thread of its own prepares templates at idle priority.
class LiveAvatar {
 public:
  // Opens, warms up and measures. Errors: those of every part.
  static Result<std::shared_ptr<LiveAvatar>> Open(const std::string& id, const Path& path,
                                                  const LiveAvatarOptions& options, CompositeMode composite);
  LiveAvatar(const LiveAvatar&) = delete;
  LiveAvatar& operator=(const LiveAvatar&) = delete;
  ~LiveAvatar();

  const std::string& id() const { return facts_.id; }
  const AvatarFacts& facts() const { return facts_; }  // without `sessions`
  const Avatar& avatar() const { return *avatar_; }
  std::shared_ptr<const Avatar> shared_avatar() const { return avatar_; }
  CompositeMode composite() const { return composite_; }
  double frames_per_second() const { return facts_.frames_per_second; }

  Generator& generator() { return *networks_.generator; }
  AudioEncoder* encoder() { return networks_.encoder.get(); }  // null: a host without networks
  FrameStore& frames() { return *frames_; }
  const FrameStore& frames() const { return *frames_; }
  // The network's template of a frame: kept, adopted from the pack, or prepared now. Errors: those of decoding and
  // preparing.
  Result<TemplateCache::Handle> TemplateOf(int64_t index);
  TemplateCache::Stats template_stats() const { return cache_->stats(); }

  // What the network hears in silence: a window; empty without networks.
  const std::vector<float>& rest_window() const { return rest_window_; }

  // Patches of the mouth at rest are the same for every session of the same settings, so they are made once. `bare`: of
  // the template's own mouth, not of the network's. Null when there is none. Kept within 64 MiB.
  const MediaMessage* FindRestPatch(int64_t index, const SessionSettings& settings, bool bare) const;
  void KeepRestPatch(int64_t index, const SessionSettings& settings, bool bare, const MediaMessage& patch);

 private:
  LiveAvatar() = default;
  Status OpenParts(const Path& path, const LiveAvatarOptions& options);
  Status MakeRestWindow();
  Status Calibrate(const LiveAvatarOptions& options);
  void BeginFilling();
  void DescribeTo(AvatarFacts& facts) const;

  CompositeMode composite_ = CompositeMode::kNatural;
  AvatarFacts facts_;
  std::shared_ptr<Avatar> avatar_;
  Networks networks_;
  std::optional<PackedTemplates> packed_;
  std::unique_ptr<TemplateCache> cache_;
  std::unique_ptr<FrameStore> frames_;
  std::vector<float> rest_window_;
  double row_ms_ = 0;      // of the audio encoder
  FrameStore::Face face_;  // scratch of TemplateOf
  // By frame, quality, compositing and whether it is bare.
  std::map<std::tuple<int64_t, int, CompositeMode, bool>, MediaMessage> rest_patches_;
  size_t rest_bytes_ = 0;

  std::unique_ptr<TemplateReader> filling_reader_;  // the filler's
  TemplateFace filling_face_;                       // the filler's
  std::unique_ptr<TemplateFiller> filler_;          // goes first
};

}  // namespace lips
