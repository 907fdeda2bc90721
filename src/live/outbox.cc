#include "live/outbox.h"

#include <algorithm>
#include <utility>

namespace lips {

int64_t Outbox::SeenUs(int64_t now_us) {
  if (last_call_us_ >= 0) gaps_us_ += std::max<int64_t>(0, now_us - last_call_us_ - options_.gap_us);
  last_call_us_ = now_us;
  return now_us - gaps_us_;
}

// Video that may be left out: not the start of an MP4, without which nothing after it can be read.
const MediaMessage* Outbox::Droppable(const Waiting& waiting) {
  const auto* media = std::get_if<MediaMessage>(&waiting.item);
  return media != nullptr && media->is_video() && media->header.kind != MediaKind::kMp4Init ? media : nullptr;
}

void Outbox::Account(const Waiting& waiting, int sign) {
  if (const auto* media = std::get_if<MediaMessage>(&waiting.item)) {
    (media->is_video() ? video_bytes_ : audio_bytes_) += sign * static_cast<int64_t>(media->bytes());
  }
}

void Outbox::Push(const ServerEvent& event, int64_t now_us) {
  if (const auto* cleared = std::get_if<OutputClearedEvent>(&event)) Purge(cleared->utterance);
  items_.push_back({ToText(event), now_us, SeenUs(now_us)});
}

void Outbox::Push(MediaMessage message, int64_t now_us) {
  const MediaHeader& header = message.header;
  if (header.utterance != 0 && header.utterance <= cleared_utterance_) return;
  Waiting waiting{std::move(message), now_us, SeenUs(now_us)};
  if (const MediaMessage* video = Droppable(waiting); video != nullptr && IsCoded() && awaits_key_) {
    if ((video->header.flags & kMediaKey) == 0) {
      ++dropped_frames_;
      dropped_since_sent_ = true;
      last_drop_us_ = now_us;
      return;
    }
    awaits_key_ = false;
  }
  Account(waiting, 1);
  items_.push_back(std::move(waiting));
  Bound(now_us);
}

void Outbox::Purge(uint32_t utterance) {
  cleared_utterance_ = std::max(cleared_utterance_, utterance);
  bool coded_lost = false;
  std::erase_if(items_, [&](const Waiting& waiting) {
    const auto* media = std::get_if<MediaMessage>(&waiting.item);
    if (media == nullptr || media->header.kind == MediaKind::kMp4Init) return false;
    if (media->header.utterance == 0 || media->header.utterance > cleared_utterance_) return false;
    coded_lost = coded_lost || media->is_video();
    Account(waiting, -1);
    return true;
  });
  if (coded_lost && IsCoded()) {  // what follows was coded against pictures the client never gets
    awaits_key_ = true;
    wishes_.keyframe = true;
  }
}

void Outbox::Drop(std::deque<Waiting>::iterator waiting, int64_t now_us) {
  Account(*waiting, -1);
  items_.erase(waiting);
  ++dropped_frames_;
  dropped_since_sent_ = true;
  last_drop_us_ = now_us;
  if (slow_since_us_ < 0) slow_since_us_ = now_us;
}

void Outbox::Bound(int64_t now_us) {
  const int64_t seen_us = SeenUs(now_us);
  const auto oldest = [this] { return std::ranges::find_if(items_, [](const Waiting& w) { return Droppable(w); }); };
  for (auto first = oldest(); first != items_.end(); first = oldest()) {
    const bool too_many = video_bytes_ > options_.video_bytes;
    if (!too_many && seen_us - first->since_seen_us <= options_.video_us) return;
    if (!IsCoded()) {
      const auto newer = std::find_if(std::next(first), items_.end(), [](const Waiting& w) { return Droppable(w); });
      if (newer == items_.end()) return;  // the latest stays, however slow the client is
      Drop(first, now_us);
      continue;
    }
    for (; first != items_.end(); first = oldest()) Drop(first, now_us);
    awaits_key_ = true;
    wishes_.keyframe = true;
  }
}

std::optional<Outbox::Item> Outbox::Pop(int64_t now_us) {
  Bound(now_us);
  if (items_.empty()) return std::nullopt;
  Waiting waiting = std::move(items_.front());
  items_.pop_front();
  Account(waiting, -1);
  waited_us_ = std::max<int64_t>(0, now_us - waiting.since_us);
  if (auto* media = std::get_if<MediaMessage>(&waiting.item)) {
    const int64_t latency = media->header.server_latency_us + waited_us_;
    media->header.server_latency_us = static_cast<uint32_t>(std::min<int64_t>(latency, UINT32_MAX));
    if (media->is_video()) {
      ++sent_frames_;
      if (dropped_since_sent_) media->header.flags |= kMediaFramesDropped;
      dropped_since_sent_ = false;
    }
  }
  return std::move(waiting.item);
}

Outbox::Wishes Outbox::Check(int64_t now_us) {
  Bound(now_us);
  if (slow_since_us_ >= 0 && now_us - last_drop_us_ > options_.calm_us) {
    slow_since_us_ = -1;
    warned_ = false;
    if (halved_) wishes_.half_rate = false;
    halved_ = false;
  }
  const int64_t slow_us = slow_since_us_ < 0 ? 0 : now_us - slow_since_us_;
  if (slow_us > options_.warn_after_us && !warned_) {
    warned_ = true;
    halved_ = true;
    wishes_.half_rate = true;
    Push(WarningEvent{"slow_client", "frames were dropped for " + std::to_string(slow_us / 1'000'000) +
                                         " s because they are not read; sending half of them"},
         now_us);
  }
  if (slow_us > options_.close_after_us) wishes_.close_slow = true;
  return std::exchange(wishes_, Wishes());
}

}  // namespace lips
