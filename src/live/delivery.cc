#include "live/delivery.h"

namespace lips {
namespace {

struct Hand {
  SessionSink& sink;
  void operator()(const ServerEvent& event) const { sink.Send(event); }
  void operator()(MediaMessage& message) const { sink.Send(std::move(message)); }
  void operator()(const Delivery::PauseInput& input) const { sink.PauseInput(input.pause); }
  void operator()(const Delivery::Closed& closed) const { sink.Closed(closed.code, closed.reason); }
};

}  // namespace

void Delivery::SetSink(std::shared_ptr<SessionSink> sink, bool finish) {
  const std::lock_guard lock(mutex_);
  if (!finish) waiting_.clear();
  sink_ = std::move(sink);
}

std::shared_ptr<SessionSink> Delivery::sink() const {
  const std::lock_guard lock(mutex_);
  return sink_;
}

void Delivery::Post(Item item) {
  const std::lock_guard lock(mutex_);
  if (sink_ != nullptr) waiting_.emplace_back(sink_, std::move(item));
}

void Delivery::DropMedia() {
  const std::lock_guard lock(mutex_);
  std::erase_if(waiting_, [](const auto& entry) {
    const auto* media = std::get_if<MediaMessage>(&entry.second);
    return media != nullptr && media->header.utterance != 0;
  });
}

void Delivery::Pump() {
  std::unique_lock lock(mutex_);
  if (pumping_) return;
  pumping_ = true;
  while (!waiting_.empty()) {
    auto [sink, item] = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::visit(Hand{*sink}, item);
    sink.reset();  // the last owner may destroy it, which is no business under a lock either
    lock.lock();
  }
  pumping_ = false;
}

}  // namespace lips
