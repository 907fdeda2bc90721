// Decoded template frames of one avatar, shared by all who speak through it, within a memory budget.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "avatar/avatar.h"
#include "base/result.h"
#include "composite/label.h"
#include "image/image.h"

namespace lips {

// What pasting a mouth needs of a template frame. Immutable.
struct StoredFrame {
  YuvImage picture;  // the pixels of `area`
  // In the full frame: all of it, or the face's surroundings with even edges, so that chroma keeps its place; nothing
  // where the frame has no face.
  Rect area;
  Place face;  // in `area`; without a width: the frame has none, and stays as it is
  Image crop;  // [C, C]
  bool has_face() const { return face.width > 0; }
  bool full(int width, int height) const { return area.width == width && area.height == height; }
};

// Frames that are needed decode once and stay while the budget lasts; then the least recently used goes. A frame is
// kept whole only where somebody asked for it whole. Get and ReadFace: one thread at a time, since they use one
// decoder; Offer may be called by another meanwhile and never makes them wait for its decoding.
class FrameStore {
 public:
  using Handle = std::shared_ptr<const StoredFrame>;

  // `avatar` outlives the store. `label` is burnt into whole pictures; it touches no face's surroundings. Errors: those
  // of opening the avatar's templates.
  static Result<std::unique_ptr<FrameStore>> Open(const Avatar& avatar, int64_t budget_bytes,
                                                  std::optional<Label> label = {});

  // Template frame `index`; `whole`: the full picture. Errors: those of decoding.
  Result<Handle> Get(int64_t index, bool whole);
  // The same, with the network's pictures, which are not kept: for preparing a template. Errors: those of decoding.
  struct Face {
    Image roi, masked;
  };
  Status ReadFace(int64_t index, Face& out);
  // A frame that was decoded elsewhere, ahead of need; whole if anybody ever asked for a whole one. Kept if there is
  // room without putting another out; false: there is none.
  bool Offer(int64_t index, const TemplateFace& face);

  int64_t bytes() const;
  // The even-edged surroundings of a face.
  static Rect AreaOf(const Place& face, int width, int height);

 private:
  FrameStore(const Avatar& avatar, int64_t budget_bytes, std::optional<Label> label,
             std::unique_ptr<TemplateReader> reader)
      : avatar_(avatar), budget_bytes_(budget_bytes), label_(std::move(label)), reader_(std::move(reader)) {}

  struct Entry {
    Handle frame;
    int64_t bytes = 0;
    std::list<int64_t>::iterator use;
  };
  Handle Find(int64_t index, bool whole);
  Handle Keep(int64_t index, Handle frame);
  Handle Cut(int64_t index, bool whole, const TemplateFace& face) const;

  const Avatar& avatar_;
  const int64_t budget_bytes_;
  const std::optional<Label> label_;

  std::unique_ptr<TemplateReader> reader_;
  TemplateFace decoded_;

  mutable std::mutex mutex_;
  std::map<int64_t, Entry> entries_;  // guarded by mutex_
  std::list<int64_t> uses_;           // guarded by mutex_: least recent first
  int64_t bytes_ = 0;                 // guarded by mutex_
  int64_t frame_bytes_ = 0;           // guarded by mutex_: of the last one
  bool whole_wanted_ = false;         // guarded by mutex_
};

}  // namespace lips
