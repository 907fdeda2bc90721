#include "live/batch.h"

#include <algorithm>

namespace lips {
namespace {

struct Next {
  DueFrame frame;
  int session;
  int taken = 0;  // of the session's frames
};

bool MoreUrgent(const Next& a, const Next& b) {
  if (a.frame.deadline_us != b.frame.deadline_us) return a.frame.deadline_us < b.frame.deadline_us;
  return a.session < b.session;
}

}  // namespace

Picked PickBatch(FrameQueues& queues, int64_t now_us) {
  std::vector<Next> due;
  std::vector<Next> later;
  for (int i = 0; i < queues.sessions(); ++i) {
    if (const auto next = queues.NextOf(i)) (next->at_us <= now_us ? due : later).push_back({*next, i});
  }
  std::optional<int64_t> soonest;
  for (const Next& next : later) soonest = std::min(soonest.value_or(next.frame.at_us), next.frame.at_us);
  if (due.empty()) return {0, soonest};

  const Next first = *std::ranges::min_element(due, MoreUrgent);
  const BatchLimits limits = queues.LimitsOf(first.frame.group);
  std::erase_if(due, [&](const Next& next) { return next.frame.group != first.frame.group; });
  if (static_cast<int>(due.size()) < limits.most) {
    // The oldest has waited since at_us already.
    const int64_t slack_us = first.frame.deadline_us - now_us - limits.cost_us;
    int64_t until_us = now_us + slack_us;
    for (const Next& next : due) until_us = std::min(until_us, next.frame.at_us + limits.wait_us);
    std::optional<int64_t> company;
    for (const Next& next : later) {
      if (next.frame.group != first.frame.group || next.frame.at_us > until_us) continue;
      company = std::min(company.value_or(next.frame.at_us), next.frame.at_us);
    }
    if (company && *company > now_us) return {0, *company};
  }
  Picked picked;
  while (picked.frames < limits.most && !due.empty()) {
    const auto next = std::ranges::min_element(due, MoreUrgent);
    queues.Take(next->session);
    ++picked.frames;
    ++next->taken;
    const auto after = queues.NextOf(next->session);
    if (after && after->at_us <= now_us && next->taken < limits.most_of_one) {
      next->frame = *after;
    } else {
      due.erase(next);
    }
  }
  return picked;
}

}  // namespace lips
