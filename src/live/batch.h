// Which frames are made next, of all sessions' frames that could be: the deadline scheduler's decision.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace lips {

// A session's next frame. Times are microseconds of the host's clock.
struct DueFrame {
  int64_t at_us = 0;            // may be made from then on
  int64_t deadline_us = 0;      // should be with the client by then
  const void* group = nullptr;  // frames of one group (an avatar's generator) can be made together
};

struct BatchLimits {
  int most = 1;              // frames together
  int most_of_one = 1;       // of them, of one session
  int64_t wait_us = 10'000;  // longest wait for company
  int64_t cost_us = 0;       // about what making a frame takes
};

// Sessions, numbered from 0. `NextOf(i)` is session i's next frame as of now, nothing when it has none in sight.
// `Take(i)` takes it, after which NextOf(i) is the one after it.
class FrameQueues {
 public:
  virtual ~FrameQueues() = default;
  virtual int sessions() const = 0;
  virtual std::optional<DueFrame> NextOf(int session) = 0;
  virtual void Take(int session) = 0;
  virtual BatchLimits LimitsOf(const void* group) = 0;
};

// Takes the frames to be made now, by earliest deadline: the group of the most urgent one, as many as fit together, a
// session's frames in their order (one session may give several). Fewer than fit wait for others that become possible
// within min(wait_us, slack of the most urgent one). Gives how many were taken, and if none, when to ask again; nothing
// when no frame is in sight.
struct Picked {
  int frames = 0;
  std::optional<int64_t> next_us;
};
Picked PickBatch(FrameQueues& queues, int64_t now_us);

}  // namespace lips
