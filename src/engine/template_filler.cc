#include "engine/template_filler.h"

#include <pthread.h>
#include <sched.h>

#include <utility>

#include "base/log.h"

namespace lips {
namespace {

// Refused where the system has no such policy, or a container forbids it: then the thread competes like any other.
bool SetPolicy(pthread_t thread, int policy) {
  const sched_param parameters = {};
  return ::pthread_setschedparam(thread, policy, &parameters) == 0;
}

}  // namespace

TemplateFiller::TemplateFiller(TemplateCache& cache, Generator& generator, std::vector<int64_t> order, FaceOf face_of)
    : cache_(cache), generator_(generator), order_(std::move(order)), face_of_(std::move(face_of)) {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    if (generator_.prepares_beside() && !SetPolicy(::pthread_self(), SCHED_IDLE)) {
      Log(LogLevel::kDebug, "no idle priority for filling templates");
    }
    outcome_ = Run(stop);
    if (!outcome_.ok()) {  // nobody depends on it: who needs the template meets the same error, or none
      Log(LogLevel::kWarning, "templates are not filled ahead", {{"why", outcome_.error().message()}});
    }
  });
}

TemplateFiller::~TemplateFiller() {
  thread_.request_stop();
  if (thread_.joinable()) SetPolicy(thread_.native_handle(), SCHED_OTHER);
}  // joins it, before the rest goes

Status TemplateFiller::Wait() {
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

Status TemplateFiller::Run(const std::stop_token& stop) {
  for (const int64_t index : order_) {
    if (cache_.Has(index)) continue;
    if (!cache_.WaitUntilIdle(stop) || stop.stop_requested() || !cache_.HasRoom()) return {};
    ASSIGN_OR_RETURN(const Face face, face_of_(index));
    if (stop.stop_requested()) return {};
    RETURN_IF_ERROR(cache_.Fill(generator_, index, face.roi, face.masked));
  }
  return {};
}

}  // namespace lips
