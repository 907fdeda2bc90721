#include "live/frame_store.h"

#include <algorithm>
#include <utility>

#include "image/crop.h"

namespace lips {
namespace {

int64_t BytesOf(const StoredFrame& frame) {
  const int64_t side = frame.crop.width();
  return static_cast<int64_t>(frame.picture.bytes()) + 3 * side * side;
}

}  // namespace

Rect FrameStore::AreaOf(const Place& place, int width, int height) {
  const Rect face = RectAround(place);
  const int x = std::max(face.x, 0) / 2 * 2;
  const int y = std::max(face.y, 0) / 2 * 2;
  const int right = std::min((face.right() + 1) / 2 * 2, width);
  const int bottom = std::min((face.bottom() + 1) / 2 * 2, height);
  return {x, y, right - x, bottom - y};
}

Result<std::unique_ptr<FrameStore>> FrameStore::Open(const Avatar& avatar, int64_t budget_bytes,
                                                     std::optional<Label> label) {
  ASSIGN_OR_RETURN(auto reader, avatar.OpenTemplates());
  return std::unique_ptr<FrameStore>(new FrameStore(avatar, budget_bytes, std::move(label), std::move(reader)));
}

FrameStore::Handle FrameStore::Find(int64_t index, bool whole) {
  const std::lock_guard lock(mutex_);
  whole_wanted_ = whole_wanted_ || whole;
  const auto found = entries_.find(index);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  uses_.splice(uses_.end(), uses_, entry.use);
  if (whole && !entry.frame->full(avatar_.video().width, avatar_.video().height)) return nullptr;
  return entry.frame;
}

FrameStore::Handle FrameStore::Keep(int64_t index, Handle frame) {
  const int64_t bytes = BytesOf(*frame);
  const std::lock_guard lock(mutex_);
  frame_bytes_ = bytes;
  if (const auto old = entries_.find(index); old != entries_.end()) {
    bytes_ -= old->second.bytes;
    uses_.erase(old->second.use);
    entries_.erase(old);
  }
  if (bytes > budget_bytes_) return frame;
  while (bytes_ + bytes > budget_bytes_) {
    const auto oldest = entries_.find(uses_.front());
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
    uses_.pop_front();
  }
  uses_.push_back(index);
  entries_[index] = {frame, bytes, std::prev(uses_.end())};
  bytes_ += bytes;
  return frame;
}

FrameStore::Handle FrameStore::Cut(int64_t index, bool whole, const TemplateFace& face) const {
  auto frame = std::make_shared<StoredFrame>();
  const ConstYuvView from = face.frame.view();
  const Place& place = avatar_.places()[static_cast<size_t>(index)];
  frame->area = whole ? Rect{0, 0, from.width(), from.height()} : AreaOf(place, from.width(), from.height());
  frame->face = {place.x - frame->area.x, place.y - frame->area.y, place.width, place.height};
  frame->picture.Resize(frame->area.width, frame->area.height, from.format);
  CopyPixels(CropEven(from, frame->area), frame->picture.view());
  if (whole && label_) label_->Burn(frame->picture.view());
  if (frame->has_face()) frame->crop = face.inputs.crop.Clone();
  return frame;
}

Result<FrameStore::Handle> FrameStore::Get(int64_t index, bool whole) {
  if (Handle frame = Find(index, whole)) return frame;
  RETURN_IF_ERROR(reader_->Read(index, FaceParts::kFrameAndCrop, decoded_));
  return Keep(index, Cut(index, whole, decoded_));
}

Status FrameStore::ReadFace(int64_t index, Face& out) {
  RETURN_IF_ERROR(reader_->Read(index, FaceParts::kAll, decoded_));
  out.roi = decoded_.inputs.roi.Clone();
  out.masked = decoded_.inputs.masked.Clone();
  return {};
}

bool FrameStore::Offer(int64_t index, const TemplateFace& face) {
  bool whole = false;
  {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(index)) return true;
    if (bytes_ + frame_bytes_ > budget_bytes_ || budget_bytes_ == 0) return false;
    whole = whole_wanted_;
  }
  Keep(index, Cut(index, whole, face));
  return true;
}

int64_t FrameStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace lips
