#include "engine/template_cache.h"

#include <algorithm>
#include <iterator>

namespace lips {

// Handles keep this alive, so that a template given back after the cache's end finds it closed and goes away.
class TemplateCache::Memory : public std::enable_shared_from_this<Memory> {
 public:
  // The handle gives the template back here when its last copy goes; `recycle`: for its memory to be used again.
  Handle Lend(std::unique_ptr<Generator::Template> face, bool recycle) {
    const size_t bytes = face->bytes();
    {
      const std::lock_guard lock(mutex_);
      bytes_ += bytes;
    }
    const auto give_back = [memory = shared_from_this(), bytes, recycle](Generator::Template* done) {
      memory->TakeBack(std::unique_ptr<Generator::Template>(done), bytes, recycle);
    };
    return {face.release(), give_back};
  }

  std::unique_ptr<Generator::Template> TakeSpare() {
    const std::lock_guard lock(mutex_);
    bytes_ -= spare_bytes_;
    spare_bytes_ = 0;
    return std::move(spare_);
  }

  void Close() {
    std::unique_ptr<Generator::Template> dropped;
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped = std::move(spare_);
  }

  size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  size_t used_bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_ - spare_bytes_;
  }

 private:
  void TakeBack(std::unique_ptr<Generator::Template> face, size_t bytes, bool recycle) {
    const std::lock_guard lock(mutex_);
    if (!recycle || closed_ || spare_ != nullptr) {
      bytes_ -= bytes;
      return;  // `face` goes once the lock is released
    }
    spare_ = std::move(face);
    spare_bytes_ = bytes;
  }

  mutable std::mutex mutex_;
  std::unique_ptr<Generator::Template> spare_;  // guarded by mutex_
  size_t spare_bytes_ = 0;                      // guarded by mutex_
  size_t bytes_ = 0;                            // guarded by mutex_: of every template that exists
  bool closed_ = false;                         // guarded by mutex_
};

TemplateCache::TemplateCache(size_t budget_bytes) : budget_bytes_(budget_bytes), memory_(std::make_shared<Memory>()) {}

TemplateCache::~TemplateCache() {
  entries_.clear();
  memory_->Close();
}

// A known need orders by time; unknown ones go out before those, the least recently used first.
int64_t TemplateCache::KeyOf(int64_t next_need) { return next_need == kUnknown ? kNever - 1 - uses_++ : next_need; }

void TemplateCache::Touch(Entries::iterator entry, int64_t next_need) {
  order_.erase({entry->second.key, entry->first});
  entry->second.key = KeyOf(next_need);
  order_.insert({entry->second.key, entry->first});
}

TemplateCache::Handle TemplateCache::Get(int64_t index, int64_t next_need) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(index);
  if (found == entries_.end()) return nullptr;
  ++stats_.hits;
  Touch(found, next_need);
  return found->second.face;
}

bool TemplateCache::Has(int64_t index) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(index);
}

std::unique_ptr<Generator::Template> TemplateCache::TakeSpare() { return memory_->TakeSpare(); }

// Puts out templates of later need than `key` until what exists fits the budget.
bool TemplateCache::MakeRoom(int64_t key) {
  auto candidate = order_.end();
  while (memory_->used_bytes() > budget_bytes_) {
    if (candidate == order_.begin()) return false;
    --candidate;
    if (candidate->first <= key) return false;
    const auto entry = entries_.find(candidate->second);
    if (entry->second.face.use_count() > 1) continue;  // in use: putting it out would free nothing
    kept_bytes_ -= entry->second.bytes;
    entries_.erase(entry);
    candidate = order_.erase(candidate);
  }
  return true;
}

// The template of the latest need that nobody uses, whatever the budget: its memory becomes the spare. False when there
// is none.
bool TemplateCache::PutOneOut() {
  const std::lock_guard lock(mutex_);
  for (auto candidate = order_.end(); candidate != order_.begin();) {
    --candidate;
    const auto entry = entries_.find(candidate->second);
    if (entry->second.face.use_count() > 1) continue;
    kept_bytes_ -= entry->second.bytes;
    entries_.erase(entry);
    order_.erase(candidate);
    return true;
  }
  return false;
}

TemplateCache::Handle TemplateCache::Keep(int64_t index, Handle handle, int64_t next_need, int64_t Stats::*count) {
  const size_t bytes = handle->bytes();
  const std::lock_guard lock(mutex_);
  ++(stats_.*count);
  template_bytes_ = bytes;
  if (const auto found = entries_.find(index); found != entries_.end()) {
    Touch(found, next_need);
    return found->second.face;
  }
  const int64_t key = KeyOf(next_need);
  if (key != kNever && bytes <= budget_bytes_ && MakeRoom(key)) Add(index, handle, key);
  return handle;
}

void TemplateCache::Add(int64_t index, Handle handle, int64_t key) {
  const size_t bytes = handle->bytes();
  entries_.emplace(index, Entry{std::move(handle), bytes, key});
  order_.insert({key, index});
  kept_bytes_ += bytes;
  stats_.peak_kept_bytes = std::max(stats_.peak_kept_bytes, kept_bytes_);
}

// Somebody may have prepared the frame, or taken the room, since it was asked.
void TemplateCache::KeepIfFree(int64_t index, Handle handle) {
  const std::lock_guard lock(mutex_);
  template_bytes_ = handle->bytes();
  if (entries_.contains(index) || memory_->used_bytes() > budget_bytes_) return;
  ++stats_.filled;
  Add(index, std::move(handle), KeyOf(kUnknown));
}

TemplateCache::Handle TemplateCache::Put(int64_t index, std::unique_ptr<Generator::Template> face, int64_t next_need) {
  return Keep(index, memory_->Lend(std::move(face), true), next_need, &Stats::misses);
}

TemplateCache::Handle TemplateCache::Adopt(int64_t index, std::unique_ptr<Generator::Template> face,
                                           int64_t next_need) {
  return Keep(index, memory_->Lend(std::move(face), false), next_need, &Stats::adopted);
}

Result<TemplateCache::Handle> TemplateCache::Prepare(Generator& generator, int64_t index, ConstImageView roi,
                                                     ConstImageView masked, int64_t next_need) {
  {
    const std::lock_guard lock(mutex_);
    ++waiting_;
  }
  Result<Handle> result = Handle();
  {
    const std::lock_guard one_at_a_time(preparing_);
    result.value() = Get(index, next_need);
    if (result.value() == nullptr) {
      auto face = generator.Prepare(roi, masked, TakeSpare());
      while (!face.ok() && face.error().code() == ErrorCode::kResourceLimit && PutOneOut()) {
        face = generator.Prepare(roi, masked, TakeSpare());
      }
      if (face.ok()) {
        result.value() = Put(index, std::move(face).value(), next_need);
      } else {
        result = std::move(face).TakeError();
      }
    }
  }
  const std::lock_guard lock(mutex_);
  if (--waiting_ == 0) idle_.notify_all();
  return result;
}

bool TemplateCache::RoomForOne() const {
  return budget_bytes_ > 0 && memory_->used_bytes() + template_bytes_ <= budget_bytes_;
}

bool TemplateCache::HasRoom() const {
  const std::lock_guard lock(mutex_);
  return RoomForOne();
}

bool TemplateCache::WaitUntilIdle(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return idle_.wait(lock, stop, [this] { return waiting_ == 0; });
}

Status TemplateCache::Fill(Generator& generator, int64_t index, ConstImageView roi, ConstImageView masked) {
  std::unique_lock one_at_a_time(preparing_, std::defer_lock);
  if (!generator.prepares_beside()) one_at_a_time.lock();
  if (Has(index) || !HasRoom()) return {};
  ASSIGN_OR_RETURN(auto face, generator.PrepareQuietly(roi, masked, TakeSpare()));
  KeepIfFree(index, memory_->Lend(std::move(face), true));
  return {};
}

TemplateCache::Stats TemplateCache::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.templates = static_cast<int64_t>(entries_.size());
  stats.bytes = memory_->bytes();
  return stats;
}

}  // namespace lips
