// Prepares templates ahead of need, in the time nobody else wants.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "engine/template_cache.h"
#include "image/view.h"

namespace lips {

// A thread that goes once through `order`, prepares what the cache lacks and ends when it is through or the cache is
// full; it puts nothing out. It begins a template only while nobody waits for one. Where the generator
// prepares_beside(), it runs at idle priority if the system has one: it may then stand still for seconds while others
// want the cores, and nobody waits for it. Other generators are shared with who waits, so there it competes like any
// thread. (A render, which needs every core for itself, does not use this: it fills its cache as it goes.)
//
// The destructor stops it at once: at most the template it is at is finished, no longer at idle priority where the
// system lets a thread leave that.
class TemplateFiller {
 public:
  struct Face {
    ConstImageView roi;
    ConstImageView masked;
  };
  // The network's pictures of a frame, valid until the next call. Called on the filler's thread.
  using FaceOf = std::function<Result<Face>(int64_t index)>;

  // `order`: template frames as they will be needed, soonest first. All three outlive the filler.
  TemplateFiller(TemplateCache& cache, Generator& generator, std::vector<int64_t> order, FaceOf face_of);
  TemplateFiller(const TemplateFiller&) = delete;
  TemplateFiller& operator=(const TemplateFiller&) = delete;
  ~TemplateFiller();

  // Blocks until the thread has ended by itself. The error is the one that ended it.
  Status Wait();

 private:
  Status Run(const std::stop_token& stop);

  TemplateCache& cache_;
  Generator& generator_;
  std::vector<int64_t> order_;
  FaceOf face_of_;
  Status outcome_;  // the thread's until it is joined
  std::jthread thread_;
};

}  // namespace lips
